package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// What goes along as the Dockerfile's own ignore file is what the engine would have found in the
// context, or nothing.
func TestIgnoreGoesAlong(t *testing.T) {
	const own = "Dockerfile.dockerignore"
	for name, c := range map[string]struct {
		make func(ignore string) error
		want string // empty: the engine looks by itself
	}{
		"none":        {func(string) error { return nil }, "\n#\n"},
		"a file":      {func(ignore string) error { return os.WriteFile(ignore, []byte("a\n!b"), 0o600) }, "a\n!b\n#\n"},
		"a link":      {func(ignore string) error { return os.Symlink("Dockerfile", ignore) }, ""},
		"a directory": {func(ignore string) error { return os.MkdirAll(filepath.Join(ignore, "a"), 0o700) }, ""},
		"too large":   {func(ignore string) error { return os.WriteFile(ignore, make([]byte, 2<<20), 0o600) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.make(filepath.Join(dir, ".dockerignore")); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(filepath.Join(dir, ".dockerignore")); err != nil && name == "a link" {
				t.Skip("SKIPPED, Wine says that it made a symbolic link, and did not")
			}
			files, err := workspace.NewContextFS(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			along := map[string][]byte{}
			addIgnoreFile("Dockerfile", along, build.Context{Kind: build.LocalContext, Dir: dir, FS: files})
			if got := string(along[own]); got != c.want {
				t.Errorf("%.60q, want %q", got, c.want)
			}
		})
	}
	has := map[string][]byte{own: []byte("its own")}
	addIgnoreFile("Dockerfile", has, build.Context{})
	if string(has[own]) != "its own" {
		t.Errorf("%q", has[own])
	}
}

// A directory called as a Dockerfile's own ignore file is none: as to BuildKit, the context's
// counts.
func TestOwnIgnoreIsDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "Dockerfile.dockerignore"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "Dockerfile")
	p := Setup{Snapshot: workspace.New().Snapshot(), Doc: &workspace.Document{Path: path, Text: workspace.NewText("FROM scratch\n")},
		Spec: build.Spec{Context: build.Context{Kind: build.LocalContext, Dir: dir}}}
	if ignore, err := p.IgnoreFile(); err != nil || string(ignore.Text) != "a\n" {
		t.Errorf("%q, %v", ignore.Text, err)
	}
}
