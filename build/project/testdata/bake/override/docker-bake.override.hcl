variable "TAG" { default = "two" }
target "app" {
  args = { B = "2" }
  cache-from = ["user/b"]
  platforms = ["linux/arm64"]
}
target "extra" { inherits = ["app"] }
