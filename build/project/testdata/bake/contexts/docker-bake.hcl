target "git" { context = "https://example.org/repo.git#main:sub" }
target "cwd" {
  context = "cwd://here"
  dockerfile = "cwd://there/Dockerfile"
}
target "named" {
  contexts = {
    a = "../elsewhere"
    b = "docker-image://busybox"
    c = "oci-layout://layout"
    d = "cwd://x"
    e = "https://example.org/x.git"
  }
}
