package handlers_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
	"github.com/buildls/buildls/workspace"
)

// TestWorkspaceSymbols finds stages and builds in files that are open and in those that are not: a
// buffer goes before its file.
func TestWorkspaceSymbols(t *testing.T) {
	dir := lsptest.Workspace(t,
		"Dockerfile", "FROM scratch AS saved\n",
		"api/Dockerfile", "FROM scratch AS api-base\nFROM api-base AS api-release\n",
		"node_modules/x/Dockerfile", "FROM scratch AS api-hidden\n",
		".git/Dockerfile", "FROM scratch AS api-git\n",
		"compose.yaml", "services:\n  api:\n    build: api\n  db:\n    image: postgres\n")
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{Folders: []string{dir}})
	e.Open(string(workspace.FileURI(filepath.Join(dir, "Dockerfile"))), "dockerfile", "FROM scratch\n# typed\nFROM scratch AS api-typed\n")
	find := func(query string) (found []string) {
		var symbols []struct {
			Name, ContainerName string
			Location            struct {
				URI   string
				Range lsptest.Range
			}
		}
		if err := e.Call("workspace/symbol", map[string]any{"query": query}, &symbols); err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			if !strings.HasSuffix(s.Location.URI, s.ContainerName) {
				t.Errorf("%+v", s)
			}
			found = append(found, s.ContainerName+" "+s.Name+" "+s.Location.Range.String())
		}
		return found
	}
	want := []string{"compose.yaml api 1:2-1:5", "api/Dockerfile api-base 0:16-0:24", "Dockerfile api-typed 2:16-2:25", "api/Dockerfile api-release 1:17-1:28"}
	if got := find("API"); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := find("saved"); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if err := os.RemoveAll(filepath.Join(dir, "api")); err != nil { // what vanishes is not asked for at once
		t.Fatal(err)
	}
	if got := find("aprl"); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
