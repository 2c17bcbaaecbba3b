group "default" { targets = ["a", "more"] }
group "more" { targets = ["b", "c", "a"] }
target "_common" {
  args = { A = "common", B = "common" }
  labels = { from = "common" }
  tags = ["common"]
  platforms = ["linux/amd64"]
  secret = ["id=s,src=s.txt"]
  cache-from = ["user/common"]
  no-cache-filter = ["x"]
  annotations = ["a=1"]
  contexts = { base = "docker-image://alpine", gone = "docker-image://gone" }
}
target "_other" {
  args = { B = "other" }
  context = "other"
}
target "a" {
  inherits = ["_common", "_other"]
  args = { C = "a" }
  tags = []
}
target "b" {
  inherits = ["a"]
  contexts = { gone = "", a = "target:a" }
  secret = ["id=t,src=t.txt"]
  cache-from = ["user/b"]
}
target "c" { inherits = ["b", "loop"] }
target "loop" {
  inherits = ["loop", "c"]
  pull = true
}
