target "app" {
  dockerfile = "app.Dockerfile"
  context = "src"
  args = { A = "1", NOTHING = null, DOLLAR = "$${x}" }
  labels = { "org.example" = "yes", gone = null }
  tags = ["app:dev", "app:dev", ""]
  target = "final"
  platforms = ["linux/amd64", "linux/arm64", "linux/amd64"]
  pull = true
  no-cache = false
  no-cache-filter = ["a", "b", "a"]
  network = "host"
  shm-size = "128m"
  ulimits = ["nofile=1024:2048"]
  entitlements = ["security.insecure", "network.host"]
  extra-hosts = { db = "10.0.0.1", gone = null }
  description = "The app"
}
target "bare" {}
