variable "TAG" { default = "latest" }
variable "BAKE_TEST_SET" { default = "no" }
variable "BAKE_TEST_NUMBER" { default = 1 }
variable "BAKE_TEST_BOOL" { default = false }
variable "BAKE_TEST_LIST" {
  type = list(string)
  default = ["a"]
}
variable "EMPTY" {}
variable "TYPED" {
  type = string
  default = null
}
variable "CHECKED" {
  default = "ok"
  validation {
    condition = CHECKED != ""
    error_message = "it is empty"
  }
}
REPO = "example.org/${TAG}"
target "app" {
  tags = ["${REPO}/app:${TAG}", "x:${BAKE_TEST_SET}"]
  args = {
    N = BAKE_TEST_NUMBER + 1
    B = BAKE_TEST_BOOL ? "yes" : "no"
    E = EMPTY
    T = TYPED
    CTX = BAKE_CMD_CONTEXT
    ON = equal(BAKE_LOCAL_PLATFORM, "") ? "" : "somewhere"
  }
  platforms = BAKE_TEST_LIST
}
