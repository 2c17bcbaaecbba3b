package handlers_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A pulled is the answer to textDocument/diagnostic.
type pulled struct {
	Kind, ResultID string
	Items          []lsptest.Diagnostic
}

// pull asks for what is wrong with a document, with the id of the last answer.
func pull(t *testing.T, e *lsptest.Editor, uri, previous string) (p pulled) {
	t.Helper()
	params := map[string]any{"textDocument": map[string]any{"uri": uri}}
	if previous != "" {
		params["previousResultId"] = previous
	}
	if err := e.Call("textDocument/diagnostic", params, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// offersPull says whether a client is told that it can ask for diagnostics.
func offersPull(t *testing.T, e *lsptest.Editor) bool {
	t.Helper()
	var answer struct {
		Capabilities struct {
			DiagnosticProvider *struct{ InterFileDependencies, WorkspaceDiagnostics bool }
		}
	}
	if err := json.Unmarshal(e.Server, &answer); err != nil {
		t.Fatal(err)
	}
	p := answer.Capabilities.DiagnosticProvider
	if p != nil && (!p.InterFileDependencies || p.WorkspaceDiagnostics) {
		t.Errorf("%+v", p)
	}
	return p != nil
}

// A client that only pulls is told to, gets nothing unasked, and is asked to pull again when
// something else than its text has changed.
func TestPull(t *testing.T) {
	dir := lsptest.Workspace(t)
	uri, ignore := "file://"+dir+"/Dockerfile", "file://"+dir+"/.dockerignore"
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"textDocument": map[string]any{"diagnostic": map[string]any{}},
		"workspace":    map[string]any{"configuration": true, "diagnostics": map[string]any{"refreshSupport": true}},
	}})
	if !offersPull(t, e) {
		t.Error("it is not told that it can pull")
	}
	e.Open(uri, "dockerfile", "FROM scratch\nCOPPY a /\n")
	first := pull(t, e, uri, "")
	if first.Kind != "full" || first.ResultID == "" || len(first.Items) != 1 || first.Items[0].Range.Start.Line != 1 {
		t.Fatalf("%+v", first)
	}
	if again := pull(t, e, uri, first.ResultID); again.Kind != "unchanged" || again.ResultID != first.ResultID || again.Items != nil {
		t.Errorf("%+v", again)
	}
	e.Insert(uri, 0, 0, "\n")
	moved := pull(t, e, uri, first.ResultID)
	if moved.Kind != "full" || len(moved.Items) != 1 || moved.Items[0].Range.Start.Line != 2 {
		t.Errorf("%+v", moved)
	}
	e.Replace(uri, "FROM scratch\nCOPY a /\n")
	none := pull(t, e, uri, moved.ResultID)
	if none.Kind != "full" || none.Items == nil || len(none.Items) != 0 {
		t.Errorf("%+v", none)
	}
	e.Open(ignore, "ignore", "a\n")
	e.Await("a wish to pull again", func() bool { return e.Count("workspace/diagnostic/refresh") > 0 })
	if ignored := pull(t, e, uri, none.ResultID); len(ignored.Items) != 1 || ignored.Items[0].Code != "CopyIgnoredFile" {
		t.Errorf("%+v", ignored)
	}
	e.Shutdown()
	if n := e.Count("textDocument/publishDiagnostics"); n > 0 {
		t.Errorf("%d publications", n)
	}
}

// A client that takes what is published is not told that it can pull: it would show all twice. If it
// asks all the same, it gets what is published.
func TestPullBoth(t *testing.T) {
	for _, can := range []string{`{"diagnostic": {}, "publishDiagnostics": {}}`, `{"publishDiagnostics": {}}`, `{}`} {
		t.Run(can, func(t *testing.T) {
			var capabilities any
			if err := json.Unmarshal([]byte(can), &capabilities); err != nil {
				t.Fatal(err)
			}
			dir := lsptest.Workspace(t)
			uri := "file://" + dir + "/Dockerfile"
			e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{"textDocument": capabilities}})
			if offersPull(t, e) {
				t.Error("it is told that it can pull")
			}
			e.Open(uri, "dockerfile", "FROM scratch\nCOPPY a /\n")
			e.Await("a mark", func() bool { return len(e.Diagnostics(uri)) == 1 })
			if got := pull(t, e, uri, ""); fmt.Sprint(got.Items) != fmt.Sprint(e.Diagnostics(uri)) {
				t.Errorf("%+v, and published is %+v", got, e.Diagnostics(uri))
			}
			e.Insert(uri, 0, 0, "\n")
			e.Await("the mark where it is now", func() bool { return e.Diagnostics(uri)[0].Range.Start.Line == 2 })
			e.Shutdown()
		})
	}
}

// About what is not open, or is none of its files, the server has nothing to say.
func TestPullOfOthers(t *testing.T) {
	dir := lsptest.Workspace(t, "Dockerfile", "FROM scratch\nCOPPY a /\n")
	e := edit(t, nil, dir)
	e.Open("file://"+dir+"/main.go", "go", "package main\n")
	for _, uri := range []string{"file://" + dir + "/main.go", "file://" + dir + "/Dockerfile"} {
		if p := pull(t, e, uri, ""); p.Kind != "full" || p.Items == nil || len(p.Items) != 0 {
			t.Errorf("%s: %+v", uri, p)
		}
	}
	e.Shutdown()
}
