package handlers_test

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// What is wrong is said so that it can be mended.
func TestContextReportMistakes(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\nCOPY . /\n")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	for _, c := range []struct {
		text     string
		argument map[string]any
		want     []string
	}{
		{"FROM scratch\n", map[string]any{"target": "gone"}, []string{`"gone"`, "Dockerfile"}},
		{"FROM scratch\n", map[string]any{"context": "gone"}, []string{dir + "/gone", "does not exist"}},
		{"FROM scratch\n", map[string]any{"context": "https://me:hunter2@host/a.git"}, []string{"https://host/a.git is fetched by the engine"}},
		{"FROM scratch\n", map[string]any{"contexts": "."}, []string{`"contexts"`, "context, target"}},
		{"FROM scratch\nCOPY\n", nil, []string{"COPY requires at least two arguments"}},
		{"# syntax=example.com/own\nFROM scratch\n", nil, []string{"example.com/own"}},
		{"FROM scratch\n" + strings.Repeat("ENV A=$A$A$A$A$A$A$A$A$A$Ax\n", 30), nil, []string{"variables expanded"}},
	} {
		e.Open(uri, "dockerfile", c.text)
		err := e.Execute("buildls.context", c.argument, nil)
		if lsptest.Code(err) != -32602 || !contains(err.Error(), c.want...) {
			t.Errorf("%q, %v: %v", c.text, c.argument, err)
		}
		e.Close(uri)
	}
	e.Open("file://"+dir+"/.dockerignore", "ignore", "fine\n!\n")
	if err := e.Execute("buildls.context", map[string]any{"uri": uri}, nil); lsptest.Code(err) != -32602 || !contains(err.Error(), "line 2", ".dockerignore") {
		t.Errorf("%v", err)
	}
	e.Shutdown()
}
