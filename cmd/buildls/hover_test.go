package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
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
			e := lsptest.New(t, program(t, nil), lsptest.Options{Folders: []string{dir}, Capabilities: c.capabilities})
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

// contextTitles are the titles of the lenses that tell of the context.
func contextTitles(e *lsptest.Editor, uri string) string {
	var titles []string
	for _, l := range e.Lenses(uri) {
		if l.Command.Command == "buildls.context" {
			titles = append(titles, l.Range.String()+" "+l.Command.Title)
		}
	}
	return strings.Join(titles, "; ")
}

// Lenses follow the buffers and, by and by, the disk.
func TestContextLenses(t *testing.T) {
	dir := workspace(t, "src/a", "1", "src/b", "22", "c", "333")
	uri := "file://" + dir + "/Dockerfile"
	refresh := map[string]any{"refreshSupport": true}
	e := lsptest.New(t, program(t, nil), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"textDocument": map[string]any{"codeLens": map[string]any{}}, "workspace": map[string]any{"codeLens": refresh}}})
	e.Open(uri, "dockerfile", "FROM scratch AS one\nCOPY src /\nFROM scratch\nADD gone \\\n  c /\nRUN --mount=target=/x true\n")
	shows := func(want string) {
		t.Helper()
		seen := -1
		e.Await(want, func() bool {
			if n := e.Count("workspace/codeLens/refresh"); n == seen { // asked again only when told to
				return false
			} else {
				seen = n
			}
			return contextTitles(e, uri) == want
		})
	}
	shows("1:0-1:10 2 files, 3 B; 3:0-3:10 1 file, 3 B · nothing matches gone")
	e.Insert(uri, 0, 0, "# moved\n")
	if got := contextTitles(e, uri); got != "2:0-2:10 2 files, 3 B; 4:0-4:10 1 file, 3 B · nothing matches gone" {
		t.Errorf("a line lower: %s", got)
	}
	e.Open("file://"+dir+"/src/a", "plaintext", "4444")
	shows("2:0-2:10 2 files, 6 B; 4:0-4:10 1 file, 3 B · nothing matches gone")
	if err := os.WriteFile(filepath.Join(dir, "gone"), []byte("55555"), 0o644); err != nil {
		t.Fatal(err)
	}
	e.Notify("textDocument/didSave", map[string]any{"textDocument": map[string]any{"uri": uri}})
	shows("2:0-2:10 2 files, 6 B; 4:0-4:10 2 files, 8 B")
	e.Insert(uri, 1, 0, "RUNN\n") // what is at fault takes no lens away
	if got := contextTitles(e, uri); !contains(got, "2 files, 6 B") {
		t.Errorf("with a mistake: %s", got)
	}
	e.Shutdown()
}

// A client that cannot be told to ask again has them with the first answer.
func TestContextLensesWithoutRefresh(t *testing.T) {
	dir := workspace(t, "a", "1")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY a /\n")
	e.Await("the lens", func() bool { return contextTitles(e, uri) == "1:0-1:8 1 file, 1 B" })
	e.Shutdown()
}

// Whatever is typed and asked in what haste, each question is answered, and the last of
// the last text.
func TestContextInHaste(t *testing.T) {
	dir := workspace(t, "a", "1", "b", "22")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY a /\n")
	var asked sync.WaitGroup
	for i := range 100 {
		e.Replace(uri, "FROM scratch\n"+strings.Repeat("\n", i%5)+"COPY "+[]string{"a", "b", ". "}[i%3]+" /\n")
		asked.Go(func() { e.Hover(uri, 1, 0) })
		asked.Go(func() { e.Lenses(uri) })
	}
	e.Replace(uri, "FROM scratch\nCOPY a b /\n")
	asked.Wait()
	if h := e.Hover(uri, 1, 0); h == nil || !contains(h.Contents.Value, "2 files, 3 B") {
		t.Errorf("%+v", h)
	}
	e.Await("the lens", func() bool { return contextTitles(e, uri) == "1:0-1:10 2 files, 3 B" })
	e.Shutdown()
}

// A Dockerfile of which no step is left to run is built, too: hovers tell its variables, and
// where nothing expands a variable they tell none.
func TestHoverWithoutSteps(t *testing.T) {
	const text = "FROM scratch\nARG v=1\nLABEL d=$v e='$v'\nCMD [\"$v\"]\n"
	dir := workspace(t, "Dockerfile", text)
	e := edit(t, embeddedSite(t).env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", text)
	mustBuild(t, e, nil)
	if h := e.Hover(uri, 2, 9); h == nil || !contains(h.Contents.Value, "v=1", "ARG in line 2") {
		t.Errorf("hover: %+v", h)
	}
	for _, at := range [][2]int{{2, 14}, {3, 7}} {
		if h := e.Hover(uri, at[0], at[1]); h != nil && h.Range.Start.Character > 0 {
			t.Errorf("hover where nothing is expanded: %+v", h)
		}
	}
	e.Shutdown()
}
