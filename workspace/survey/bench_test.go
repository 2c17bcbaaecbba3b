package survey

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/workspace"
)

// many makes a context of n files in directories of a hundred, as deep as projects are.
func many(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprint("pkg", i/10000), fmt.Sprint("sub", i/1000%10), fmt.Sprint("dir", i/100%10))
		if i%100 == 0 {
			if err := os.MkdirAll(sub, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%d.go", i)), []byte("x"), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// BenchmarkLarge is a report on 100,000 files; the aim is less than a second.
func BenchmarkLarge(b *testing.B) {
	dir := many(b, 100_000)
	everything := []Path{{Path: "/", Wildcards: true}}
	for name, q := range map[string]Question{
		"all":        {Uses: [][]Path{everything}},
		"ignore":     {Ignore: []byte("**/*.log\n.git\n**/node_modules\ndir9*\n!**/keep\n"), Uses: [][]Path{everything}},
		"wildcards":  {Ignore: []byte("*.md\n"), Follow: []string{"pkg*/sub1"}, Uses: [][]Path{{{Path: "/pkg*/sub1", Wildcards: true}}}},
		"excluded":   {Ignore: []byte("*\n!**/*.md\n"), Uses: [][]Path{everything}},
		"many lines": {Uses: [][]Path{everything, everything, everything, everything, everything, everything, everything, everything, everything, everything}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, err := workspace.NewContextFS(dir, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Of(b.Context(), c.Lean(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
