package workspace

import "testing"

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		uri      URI
		language string
		want     Kind
	}{
		{"file:///x/Dockerfile", "", Dockerfile},
		{"file:///x/DOCKERFILE", "plaintext", Dockerfile},
		{"file:///x/Containerfile", "", Dockerfile},
		{"file:///x/Dockerfile.dev", "", Dockerfile},
		{"file:///x/Dockerfile.go", "", Dockerfile},
		{"file:///x/Dockerfile.txt", "", Dockerfile},
		{"file:///x/Dockerfile.rego", "", Other},
		{"file:///x/containerfile.REGO", "dockerfile", Other},
		{"file:///x/app.Dockerfile.rego", "dockerfile", Other},
		{"file:///x/Dockerfile.md", "markdown", Other},
		{"file:///x/Dockerfile.orig", "", Other},
		{"file:///x/Dockerfile.dev.bak", "", Other},
		{"file:///x/Dockerfile.tmpl", "", Other},
		{"file:///x/Dockerfile.tmpl", "dockerfile", Dockerfile},
		{"file:///x/in.Dockerfile", "", Dockerfile},
		{"file:///x/containerfile.dev", "", Dockerfile},
		{"file:///x/app.Dockerfile", "", Dockerfile},
		{"file:///x/app.CONTAINERFILE", "", Dockerfile},
		{"file:///x/app%20two.dockerfile", "", Dockerfile},
		{"file:///x/build", "dockerfile", Dockerfile},
		{"file:///x/build", "Containerfile", Dockerfile},
		{"untitled:Untitled-1", "dockerfile", Dockerfile},
		{"untitled:Dockerfile", "", Dockerfile},
		{"file://", "dockerfile", Dockerfile},
		{"file://", "", Other},
		{"", "", Other},
		{"file:///x/MyDockerfile", "", Other},
		{"file:///x/Dockerfile/main.go", "go", Other},
		{"file:///x/.dockerignore", "", Ignore},
		{"file:///x/.dockerignore", "ignore", Ignore},
		{"file:///x/Dockerfile.dockerignore", "dockerfile", Ignore}, // as VS Code says
		{"file:///x/app.Dockerfile.dockerignore", "", Ignore},
		{"file:///x/.gitignore", "ignore", Other},
		{"file:///x/compose.yaml", "yaml", Compose},
		{"file:///x/compose.yml", "", Compose},
		{"file:///x/Compose.prod.yaml", "", Compose},
		{"file:///x/docker-compose.yml", "", Compose},
		{"file:///x/docker-compose.override.yml", "", Compose},
		{"file:///x/stack.yml", "dockercompose", Compose},
		{"file:///x/compose.yxml", "", Other},
		{"file:///x/compose.json", "", Other},
		{"file:///x/docker-bake.hcl", "hcl", Bake},
		{"file:///x/docker-bake.override.json", "", Bake},
		{"file:///x/x.hcl", "dockerbake", Bake},
		{"file:///x/main.hcl", "hcl", Other},
	} {
		if got := KindOf(c.uri, c.language); got != c.want {
			t.Errorf("KindOf(%q, %q) = %v, want %v", c.uri, c.language, got, c.want)
		}
	}
}
