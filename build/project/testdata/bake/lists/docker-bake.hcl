target "app" {
  secret = ["id=a,src=a.txt", { id = "b", env = "B" }, "type=env,id=c,src=C", "id=a,source=other.txt"]
  ssh = ["default", { id = "key", paths = ["one", "two"] }, "other=three,four"]
  attest = ["type=provenance,mode=max", { type = "sbom", generator = "me/scanner" }, "type=provenance,disabled=true"]
  output = ["type=registry", "out", { type = "image", push = "true" }, "type=local,dest=out"]
  cache-from = ["user/app:cache", "user/a,user/b", { type = "local", src = "cache" }, "type=gha,scope=x"]
  cache-to = ["type=local,dest=cache", { type = "inline" }]
  annotations = ["org.example=1", "index,manifest:org.other=2", "org.example=1"]
}
