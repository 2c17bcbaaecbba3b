package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport are the arrows between the rooms of the house: a package may import what stands at
// the longest of these names that its own begins with, and all that lies below those; of a room
// in which it lies itself, that room alone. lsp, workspace and build do not know each other and
// meet in handlers; nothing imports cmd; what a Dockerfile says, and lint, need no engine. What
// explains and inspects a build stands on the solve, which does not know it. openToAll is no row's.
var mayImport = map[string][]string{
	"build":                  {"build/attach", "build/dockerfile", "build/engine", "build/escape", "build/logs", "build/pairs", "build/redact", "build/sent"},
	"build/attach":           {},
	"build/debug":            {"build", "build/attach", "build/dockerfile", "build/inspect", "build/redact"},
	"build/dockerfile":       {},
	"build/engine":           {"build/redact"},
	"build/escape":           {},
	"build/explain":          {"build", "build/dockerfile", "build/redact", "build/sent"},
	"build/format":           {"build/dockerfile", "build/lint/pragma", "build/shell"},
	"build/inspect":          {"build", "build/attach", "build/dockerfile", "build/engine", "build/redact"},
	"build/language":         {"build/dockerfile", "build/shell"},
	"build/lazyregexp":       {},
	"build/lint":             {"build/dockerfile", "build/lint/locate", "build/lint/practice", "build/lint/pragma", "build/redact", "build/shell"},
	"build/lint/fix":         {"build/dockerfile", "build/lint/locate", "build/lint/pragma", "build/shell"},
	"build/lint/hadolint":    {"build/dockerfile", "build/lint/practice"},
	"build/lint/locate":      {"build/dockerfile"},
	"build/lint/practice":    {"build/dockerfile", "build/lint/pragma", "build/shell"},
	"build/lint/pragma":      {"build/dockerfile"},
	"build/lint/shellcheck":  {"build/dockerfile", "build/lint/pragma", "build/shell"},
	"build/logs":             {"build/redact"},
	"build/pairs":            {},
	"build/project":          {"build/pairs"},
	"build/redact":           {},
	"build/registry":         {},
	"build/sent":             {},
	"build/shell":            {"build/dockerfile"},
	"cmd":                    {"handlers", "lsp", "workspace", "build"},
	"cmd/demo":               {}, // an editor: it uses the contract alone
	"handlers":               {"handlers/dap", "handlers/history", "handlers/plan", "lsp", "workspace", "build"},
	"handlers/dap":           {"lsp", "build"},
	"handlers/history":       {},
	"handlers/plan":          {"workspace", "build"},
	"lsp":                    {},
	"workspace":              {},
	"workspace/editorconfig": {},
	"workspace/survey":       {"workspace"},
}

// openToAll is what any room may import, but for those that stand alone: a Dockerfile's own, lsp
// and workspace.
const openToAll = "build/lazyregexp"

// rooms are the names in mayImport that a package's begins with, the longest first.
func rooms(name string) (list []string) {
	for ; name != "."; name = path.Dir(name) {
		if _, known := mayImport[name]; known {
			list = append(list, name)
		}
	}
	return list
}

// opens says whether one of the rooms in which a package lies, the longest first, may be imported
// from a room.
func opens(room string, to []string) bool {
	if to[0] == openToAll {
		return !slices.Contains([]string{"build/dockerfile", "lsp", "workspace", "cmd/demo"}, room)
	}
	return slices.ContainsFunc(to, func(name string) bool {
		return slices.Contains(mayImport[room], name) && (name == to[0] || !strings.HasPrefix(room, name+"/"))
	})
}

// mayNotLink are libraries that a room must not know.
var mayNotLink = map[string][]string{
	"lsp":       {"github.com/moby/", "github.com/docker/", "github.com/containerd/", "github.com/tonistiigi/"},
	"workspace": {"go.lsp.dev/", "github.com/sourcegraph/", "github.com/docker/"},
	"build":     {"go.lsp.dev/", "github.com/sourcegraph/"},

	"handlers/plan": {"go.lsp.dev/", "github.com/sourcegraph/"},
}

// isTestHelp says whether a test imports what only tests do. Where a problem is and what mends it
// is tested on problems that a check finds.
func isTestHelp(file, imported string) bool {
	return strings.HasSuffix(file, "_test.go") && slices.Contains([]string{"build/engine/enginetest", "lsp/lsptest", "build/lint", "build/lint/linttest", "build/lint/practice"}, imported)
}

func TestHouse(t *testing.T) {
	const module = "github.com/buildls/buildls/"
	root := "../.."
	files := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		files++
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		within := rooms(path.Dir(filepath.ToSlash(rel)))
		if len(within) == 0 {
			t.Errorf("%s: the house has no room for it", rel)
			return nil
		}
		room := within[0]
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if rest, ours := strings.CutPrefix(imported, module); ours && !isTestHelp(file, rest) {
				to := rooms(rest)
				if len(to) > 0 && to[0] != room && !opens(room, to) {
					t.Errorf("%s imports %s: %s may import only %v", rel, imported, room, mayImport[room])
				}
			}
			for _, name := range within {
				for _, banned := range mayNotLink[name] {
					if strings.HasPrefix(imported, banned) {
						t.Errorf("%s imports %s, which is none of %s's business", rel, imported, name)
					}
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
