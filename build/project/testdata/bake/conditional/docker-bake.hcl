variable "PUSH" { default = true }
variable "CI" { default = "" }
target "app" {
  output = PUSH ? ["type=registry"] : ["type=docker"]
  cache-to = CI != "" ? ["type=inline"] : []
  tags = compact([PUSH ? "app:latest" : "", "app:x", CI == "yes" ? "ci" : ""])
  labels = { for k, v in { a = 1, b = 2 } : "l.${k}" => v }
}
