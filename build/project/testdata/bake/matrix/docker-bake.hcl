target "app" {
  name = "app-${tgt}-${replace(item.version, ".", "-")}"
  matrix = {
    tgt = ["lint", "test"]
    item = [{ version = "1.0", extra = "x" }, { version = "2.0", extra = "y" }]
  }
  target = tgt
  args = { VERSION = item.version, EXTRA = item.extra }
}
target "one" {
  name = "only"
  matrix = { x = ["1"] }
  args = { X = x }
}
target "child" { inherits = ["app-lint-1-0"] }
