variable "VERSION" {
  default = "v0.0.0"
}

# The folder of a release, which has the programs.
variable "RELEASE" {
  default = "out/release"
}

# Where debian:trixie-slim comes from, as in `oci-layout:///tmp/debian`.
variable "BASE" {
  default = "docker-image://debian:trixie-slim"
}

target "image" {
  contexts  = { release = RELEASE, "debian:trixie-slim" = BASE }
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["buildls/buildls:${trimprefix(VERSION, "v")}", "buildls/buildls:latest"]
  labels = {
    "org.opencontainers.image.title"       = "buildls"
    "org.opencontainers.image.description" = "Language server that builds container images"
    "org.opencontainers.image.source"      = "https://github.com/buildls/buildls"
    "org.opencontainers.image.licenses"    = "Apache-2.0"
    "org.opencontainers.image.version"     = trimprefix(VERSION, "v")
  }
  attest = ["type=provenance,mode=max"]
  output = ["type=oci,dest=${RELEASE}/buildls-image.tar,rewrite-timestamp=true"]
}
