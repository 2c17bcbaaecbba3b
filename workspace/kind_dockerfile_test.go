package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDockerfileAt says which file is meant, by what is on the disk and what is open.
func TestDockerfileAt(t *testing.T) {
	for _, c := range []struct{ disk, open, meant, want string }{
		{"", "", "Dockerfile", "Dockerfile"},
		{"Dockerfile", "", "Dockerfile", "Dockerfile"},
		{"dockerfile", "", "Dockerfile", "dockerfile"},
		{"Dockerfile dockerfile", "", "Dockerfile", "Dockerfile"},
		{"DOCKERFILE", "", "Dockerfile", "Dockerfile"},
		{"dockerfile", "", "Dockerfile.web", "Dockerfile.web"},
		{"sub/dockerfile dockerfile", "", "sub/Dockerfile", "sub/dockerfile"},
		{"Dockerfile", "", "dockerfile", "dockerfile"},
		{"", "dockerfile", "Dockerfile", "dockerfile"},
		{"Dockerfile", "dockerfile", "Dockerfile", "Dockerfile"},
		{"dockerfile", "Dockerfile", "Dockerfile", "Dockerfile"},
		{"dockerfile", "dockerfile", "Dockerfile", "dockerfile"},
	} {
		dir := t.TempDir()
		for _, name := range strings.Fields(c.disk) {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if entries, _ := os.ReadDir(dir); strings.Contains(c.disk, "Dockerfile dockerfile") && len(entries) < 2 {
			continue // a disk on which they are one
		}
		ws := New()
		for _, name := range strings.Fields(c.open) {
			if _, _, err := ws.Apply(Open{URI: FileURI(filepath.Join(dir, name))}); err != nil {
				t.Fatal(err)
			}
		}
		if got := ws.Snapshot().DockerfileAt(filepath.Join(dir, c.meant)); got != filepath.Join(dir, c.want) {
			t.Errorf("disk %q, open %q: %s means %s", c.disk, c.open, c.meant, got)
		}
	}
}
