target "base" {
  tags = ["a"]
  target = "t"
  args = { A = "1" }
  platforms = ["linux/amd64"]
  pull = true
}
target "child" {
  inherits = ["base"]
  tags = null
  target = null
  args = null
  platforms = null
  pull = null
}
target "empties" {
  inherits = ["base"]
  tags = []
  platforms = []
  target = ""
  dockerfile = ""
}
