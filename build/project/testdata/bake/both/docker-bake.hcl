target "app" {
  tags = ["hcl"]
  args = { H = "1" }
}
