package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// manyFiles makes a context of n files, a hundred in each directory, as deep as projects are.
func manyFiles(b *testing.B, n int) string {
	b.Helper()
	dir := workspace(b)
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

// BenchmarkContext is buildls.context on 100,000 files, through the wire, against a `find`
// that asks for their sizes. The aim is less than a second.
func BenchmarkContext(b *testing.B) {
	dir := manyFiles(b, 100_000)
	uri := "file://" + dir + "/Dockerfile"
	for _, c := range []struct{ name, ignore, text string }{
		{"all", "", "FROM scratch\nCOPY . /\n"},
		{"ignored", "**/*.log\n.git\n**/node_modules\npkg9/*\n!**/keep\n", "FROM scratch\nCOPY . /\n"},
		{"wildcards", "*.md\n", "FROM scratch\nCOPY pkg*/sub1 /\nCOPY pkg3 /3\n"},
		{"nothing left", "*\n!**/*.md\n", "FROM scratch\nCOPY . /\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{Folders: []string{dir}})
			e.Open(uri, "dockerfile", c.text)
			e.Open("file://"+dir+"/.dockerignore", "ignore", c.ignore)
			pairs(b, func() {
				if err := e.Execute("buildls.context", map[string]any{"uri": uri}, nil); err != nil {
					b.Fatal(err)
				}
			}, func() {
				if err := exec.Command("find", dir, "-type", "f", "-printf", "%s").Run(); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkTypingBesideLargeContext is from a change to the publication of what is wrong
// while the context's 100,000 files are counted for a hover, against the same while nothing
// else is done.
func BenchmarkTypingBesideLargeContext(b *testing.B) {
	dir := manyFiles(b, 100_000)
	typedIn := func(dir string, besides func(e *lsptest.Editor, uri string)) func() {
		uri := "file://" + dir + "/Dockerfile"
		e := lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{Folders: []string{dir}})
		e.Open(uri, "dockerfile", "FROM scratch\nCOPY . /\nENV last value\n")
		published := 1
		e.Await("the first publication", func() bool { return e.Count("textDocument/publishDiagnostics") == published })
		return func() {
			besides(e, uri)
			e.Change(uri, 2, 0, 3, 0, fmt.Sprintf("%s%d value\n", []string{"ENV last", "MAINTAINER me"}[published%2], published))
			published++
			e.Await("the publication", func() bool { return e.Count("textDocument/publishDiagnostics") == published })
		}
	}
	hovered := typedIn(dir, func(e *lsptest.Editor, uri string) {
		at := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": 1, "character": 0}}
		go e.Call("textDocument/hover", at, nil) // nobody waits for it: the change ends it
	})
	pairs(b, hovered, typedIn(workspace(b), func(*lsptest.Editor, string) {}))
}
