package survey

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/workspace"
)

// TestList lists directories as a build finds them: what an exception may let in is there.
func TestList(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a/x.txt", "a/y.o", "out/keep", "out/z", "c.o"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ dir, ignore, want string }{
		{"", "", "a/ out/ b.txt c.o"},
		{"a", "**/*.o", "x.txt"},
		{"", "out\n*.o", "a/ b.txt"},
		{"", "out\n!out/keep\n*.o", "a/ out/ b.txt"},
		{"out", "out\n!out/keep", "keep"},
		{"none", "", ""},
		{"b.txt", "", ""},
	} {
		files, err := workspace.NewContextFS(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		list, err := List(t.Context(), files.MetadataOnly(), c.dir, "", 100, []byte(c.ignore))
		var got []string
		for _, f := range list {
			if f.Directory {
				f.Name += "/"
			}
			got = append(got, f.Name)
		}
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("%q without %q: %q, %v", c.dir, c.ignore, got, err)
		}
	}
}

// BenchmarkList lists a directory of ten thousand files, of which an ignore file leaves half.
func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	for i := range 10_000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.%d", i, i%2)), nil, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		files, err := workspace.NewContextFS(dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		list, err := List(b.Context(), files.MetadataOnly(), "", "", 1_000, []byte("*.1\nnode_modules\n.git\n"))
		if err != nil || len(list) != 1_000 {
			b.Fatal(len(list), err)
		}
	}
}
