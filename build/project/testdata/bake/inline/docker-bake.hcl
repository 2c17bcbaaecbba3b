variable "BASE" { default = "busybox" }
target "literal" {
  dockerfile-inline = <<EOT
FROM scratch
COPY . /
EOT
}
target "indented" {
  dockerfile-inline = <<-EOT
    FROM ${BASE}
    ARG X
    RUN echo $${X} %%{y}
  EOT
  dockerfile = "ignored"
}
target "string" { dockerfile-inline = "FROM scratch\nCOPY a /\n" }
