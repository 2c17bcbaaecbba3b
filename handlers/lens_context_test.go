package handlers_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

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
	dir := lsptest.Workspace(t, "src/a", "1", "src/b", "22", "c", "333")
	uri := "file://" + dir + "/Dockerfile"
	refresh := map[string]any{"refreshSupport": true}
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
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
	dir := lsptest.Workspace(t, "a", "1")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY a /\n")
	e.Await("the lens", func() bool { return contextTitles(e, uri) == "1:0-1:8 1 file, 1 B" })
	e.Shutdown()
}

// Whatever is typed and asked in what haste, each question is answered, and the last of
// the last text.
func TestContextLensesInHaste(t *testing.T) {
	dir := lsptest.Workspace(t, "a", "1", "b", "22")
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
