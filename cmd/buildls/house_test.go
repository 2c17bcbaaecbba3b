package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport are the arrows between the rooms of the house: lsp, workspace and build do
// not know each other and meet in handlers; nothing imports cmd.
var mayImport = map[string][]string{
	"cmd":       {"handlers", "lsp", "workspace", "build"},
	"handlers":  {"lsp", "workspace", "build"},
	"lsp":       {},
	"workspace": {},
	"build":     {},
}

// mayNotLink are libraries that a room must not know.
var mayNotLink = map[string][]string{
	"lsp":       {"github.com/moby/", "github.com/docker/", "github.com/containerd/", "github.com/tonistiigi/"},
	"workspace": {"go.lsp.dev/", "github.com/sourcegraph/", "github.com/docker/"},
	"build":     {"go.lsp.dev/", "github.com/sourcegraph/"},
}

func TestHouse(t *testing.T) {
	const module = "github.com/buildls/buildls/"
	root := "../.."
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		room, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		allowed, known := mayImport[room]
		if strings.HasPrefix(filepath.ToSlash(rel), "cmd/demo/") { // an editor: it uses the contract alone
			allowed = nil
		}
		if !known {
			t.Errorf("%s: the house has no room %q for Go", rel, room)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if rest, ours := strings.CutPrefix(imported, module); ours {
				if to, _, _ := strings.Cut(rest, "/"); to != room && !slices.Contains(allowed, to) {
					t.Errorf("%s imports %s: %s may import only %v", rel, imported, room, allowed)
				}
			}
			for _, banned := range mayNotLink[room] {
				if strings.HasPrefix(imported, banned) {
					t.Errorf("%s imports %s, which is none of %s's business", rel, imported, room)
				}
			}
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Fatalf("read %d files: %v", files, err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains([]string{"cmd", "lsp", "handlers", "build", "workspace", "editors", "bin", "out"}, e.Name()) {
			t.Errorf("a top-level folder %s", e.Name())
		}
	}
}
