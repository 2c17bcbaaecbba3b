package handlers_test

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// Whatever comes in what haste, the last text is what is published last.
func TestLintInHaste(t *testing.T) {
	dir := lsptest.Workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\n")
	for i := range 300 {
		e.Replace(uri, "FROM scratch\n"+strings.Repeat("\n", i%7)+"RUNN\n")
	}
	last := "FROM scratch\n\n\n\n\nBUNN\n"
	e.Replace(uri, last)
	e.Await("the last mistake", func() bool {
		d := e.Diagnostics(uri)
		return len(d) == 1 && d[0].Range.Start.Line == 5 && strings.Contains(d[0].Message, "BUNN")
	})
	e.Shutdown()
}

func TestLintOther(t *testing.T) {
	dir := lsptest.Workspace(t)
	e := edit(t, nil, dir)
	e.Open("file://"+dir+"/main.go", "go", "RUNN\n") // not a Dockerfile
	uri := "file://" + dir + "/x.Dockerfile"
	e.Open(uri, "plaintext", "# syntax=example.com/own\nFRUM\n")
	e.Await("the hint", func() bool { return e.Codes(uri) == "0:syntax" })
	if d := e.Diagnostics(uri)[0]; d.Severity != 4 || !strings.Contains(d.Message, "example.com/own") {
		t.Errorf("%+v", d)
	}
	var answer struct{ Diagnostics []lsptest.Diagnostic }
	if err := e.Execute("buildls.check", map[string]any{"uri": uri}, &answer); err != nil || len(answer.Diagnostics) != 1 {
		t.Errorf("%+v, %v", answer, err)
	}
	if n := len(e.Published("file://" + dir + "/main.go")); n != 0 {
		t.Errorf("published %d times for a Go file", n)
	}
	e.Close(uri)
	e.Await("nothing", func() bool { return e.Codes(uri) == "" && len(e.Published(uri)) == 2 })
	e.Shutdown()
}
