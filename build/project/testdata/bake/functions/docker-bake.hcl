function "tag" {
  params = [name]
  variadic_params = rest
  result = ["reg/${name}:${join("-", rest)}"]
}
function "twice" {
  params = [x]
  result = "${x}${x}"
}
function "four" {
  params = [x]
  result = twice(twice(x))
}
target "app" {
  tags = tag("app", "1", "2")
  args = {
    A = four("ab")
    B = upper(replace("a.b.c", ".", "-"))
    C = try(nope.missing, "fallback")
    D = join(",", [for n in range(1, 4): format("%03d", n) if n != 2])
    E = jsonencode({a = [1, true, null]})
    F = base64encode(sha256("x"))
    G = regex_replace("v1.2.3", "^v", "")
    H = index(split("/", "a/b/c"), 1)
    I = sanitize("a.b/c")
    J = cidrhost("10.0.0.0/8", 5)
    K = length(setproduct(["a", "b"], ["c", "d"]))
    L = strlen("äöü")
    M = coalesce("", "second")
    N = lookup({a = "x"}, "a", "y")
    O = trimspace("  t ")
    P = formatlist("%s!", ["a", "b"])[1]
  }
}
