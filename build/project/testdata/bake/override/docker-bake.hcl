variable "TAG" { default = "one" }
target "app" {
  tags = ["app:${TAG}"]
  args = { A = "1", B = "1" }
  cache-from = ["user/a"]
}
