package main

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A textEdit is the protocol's.
type textEdit struct {
	Range   lsptest.Range
	NewText string
}

// A codeAction is the protocol's.
type codeAction struct {
	Title, Kind string
	IsPreferred bool
	Edit        struct{ Changes map[string][]textEdit }
}

func actionsAt(t *testing.T, e *lsptest.Editor, uri string, line int, only ...string) []codeAction {
	t.Helper()
	at := map[string]any{"line": line, "character": 0}
	end := map[string]any{"line": line, "character": 1000}
	context := map[string]any{"diagnostics": []any{}}
	if only != nil {
		context["only"] = only
	}
	var actions []codeAction
	params := map[string]any{"textDocument": map[string]any{"uri": uri}, "range": map[string]any{"start": at, "end": end}, "context": context}
	if err := e.Call("textDocument/codeAction", params, &actions); err != nil {
		t.Fatal(err)
	}
	return actions
}

// apply edits the document as an editor applies an action, the last edit first.
func apply(e *lsptest.Editor, uri string, a codeAction) {
	edits := a.Edit.Changes[uri]
	for i := len(edits) - 1; i >= 0; i-- {
		r := edits[i].Range
		e.Delete(uri, r.Start.Line, r.Start.Character, r.End.Line, r.End.Character)
		e.Insert(uri, r.Start.Line, r.Start.Character, edits[i].NewText)
	}
}

// Quick fixes mend what they say they mend.
func TestQuickFixes(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch as base\nRUNN echo 日本語 😀\nENV a b\n")
	e.Await("three problems", func() bool { return e.Codes(uri) == "0:FromAsCasing 1:syntax 2:LegacyKeyValueFormat" })
	actions := actionsAt(t, e, uri, 1)
	if len(actions) == 0 || !actions[0].IsPreferred || actions[0].Kind != "quickfix" || !strings.Contains(actions[0].Title, "RUN") {
		t.Fatalf("%+v", actions)
	}
	apply(e, uri, actions[0])
	e.Await("the typo's end", func() bool { return e.Codes(uri) == "0:FromAsCasing 2:LegacyKeyValueFormat" })
	all := actionsAt(t, e, uri, 0, "source.fixAll")
	if len(all) != 1 || all[0].Kind != "source.fixAll.buildls" {
		t.Fatalf("%+v", all)
	}
	apply(e, uri, all[0])
	e.Await("nothing left", func() bool { return e.Codes(uri) == "" })
	if again := actionsAt(t, e, uri, 0, "source"); len(again) != 0 {
		t.Errorf("%+v", again)
	}
	e.Shutdown()
}
