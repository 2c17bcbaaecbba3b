target "base" {
  args = { A = "a", B = "b" }
  tags = ["base:1"]
  context = "base"
  secret = ["id=x,src=x.txt"]
  output = ["type=docker"]
  ssh = ["default"]
  attest = ["type=sbom"]
  cache-from = ["user/x"]
}
target "app" {
  contexts = { base = "target:base" }
  args = merge(target.base.args, { C = "${target.base.args.A}!" })
  tags = [for t in target.base.tags: replace(t, "base", "app")]
  context = target.base.context
  secret = target.base.secret
  output = target.base.output
  ssh = target.base.ssh
  attest = target.base.attest
  cache-from = concat(target.base.cache-from, ["user/y"])
}
