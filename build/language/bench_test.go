package language

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// BenchmarkNames reads the names of BuildKit's own Dockerfile, of 49 stages.
func BenchmarkNames(b *testing.B) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "Dockerfile"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		NamesOf(dockerfile.Parse(text))
	}
}
