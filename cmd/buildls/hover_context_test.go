package main

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// markdown are the capabilities of a client that shows Markdown.
var markdown = map[string]any{"textDocument": map[string]any{"hover": map[string]any{"contentFormat": []string{"markdown", "plaintext"}}}}

// contextFiles are a workspace's files with something of everything.
var contextFiles = []string{".dockerignore", "# none of these\nnode_modules\n*.log\n!keep.log\n", "node_modules/x.js", "x", "a.log", "x", "b.log", "x", "keep.log", "1",
	"src/main.go", strings.Repeat("x", 2000), "src/.env", "A=1\n", "src/odd `name`", strings.Repeat("x", 300)}

func TestHoverContext(t *testing.T) {
	dir := workspace(t, contextFiles...)
	uri, ignore := "file://"+dir+"/Dockerfile", "file://"+dir+"/.dockerignore"
	text := "FROM scratch\n  COPY . \\\n  /\nCOPY src gone /\nCOPY a.log /\nRUN --mount=target=/src true\nENV a=b\nRUNN\n"
	for _, c := range []struct {
		name         string
		capabilities map[string]any
		all, some    string
	}{
		{"markdown", markdown,
			"6 files, 2.4 kB from the context\n\n- the largest: `src/main.go` 2.0 kB, `` src/odd `name` `` 300 B, `Dockerfile` 99 B\n- ⚠ looks like a secret: `src/.env`\n" +
				"- [\\.dockerignore:2](" + ignore + "#L2), `node_modules`, keeps out 1 directory: `node_modules/`\n- [\\.dockerignore:3](" + ignore + "#L3), `*.log`, keeps out 2 files: `a.log`, `b.log`",
			"3 files, 2.3 kB from the context\n\n- the largest: `src/main.go` 2.0 kB, `` src/odd `name` `` 300 B, `src/.env` 4 B\n- nothing matches `gone`\n- ⚠ looks like a secret: `src/.env`"},
		{"plain text", nil,
			"", "3 files, 2.3 kB from the context\n- the largest: src/main.go 2.0 kB, src/odd `name` 300 B, src/.env 4 B\n- nothing matches gone\n- ⚠ looks like a secret: src/.env"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEditor(t, program(t, nil), lsptest.Options{Folders: []string{dir}, Capabilities: c.capabilities, Init: withoutWords})
			e.Open(uri, "dockerfile", text)
			h := e.Hover(uri, 3, 6)
			if h == nil || h.Contents.Value != c.some || h.Range.String() != "3:0-3:15" {
				t.Errorf("%+v", h)
			}
			if all := e.Hover(uri, 2, 0); c.all != "" && (all == nil || all.Contents.Value != c.all || all.Range.String() != "1:2-2:3") {
				t.Errorf("%+v", all)
			}
			if h := e.Hover(uri, 4, 6); h == nil || !contains(h.Contents.Value, "no files", "nothing matches", "a.log", ".dockerignore:3") {
				t.Errorf("what is excluded: %+v", h)
			}
			if h := e.Hover(uri, 5, 0); h == nil || !contains(h.Contents.Value, "6 files") {
				t.Errorf("a mount: %+v", h)
			}
			for _, line := range []int{0, 6, 7, 100} {
				if h := e.Hover(uri, line, 0); h != nil {
					t.Errorf("line %d: %+v", line, h)
				}
			}
			e.Shutdown()
		})
	}
}

func TestHoverIgnore(t *testing.T) {
	dir := workspace(t, append([]string{"Dockerfile", "FROM scratch\n"}, contextFiles...)...)
	ignore := "file://" + dir + "/.dockerignore"
	e := edit(t, nil, dir)
	e.Open(ignore, "ignore", "# none of these\nnode_modules\n*.log\n!keep.log\ngone\nsrc/m*\n")
	for line, want := range []string{"", "Keeps out of " + dir + " 1 directory: node_modules/", "Keeps out of " + dir + " 2 files: a.log, b.log", "", "Keeps nothing out of " + dir, "1 file: src/main.go"} {
		if h := e.Hover(ignore, line, 0); (h == nil) != (want == "") || h != nil && !contains(h.Contents.Value, want) {
			t.Errorf("line %d: %+v", line, h)
		}
	}
	e.Shutdown()
}
