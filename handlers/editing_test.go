package handlers_test

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/lsp/lsptest"
)

// TestEditingOff asks a server whose author has another one for the text: it says nothing of words
// and names, and goes on to underline mistakes.
func TestEditingOff(t *testing.T) {
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{Init: map[string]any{"editing": "off"}})
	const uri = "file:///w/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch AS a\nRUNN x\n")
	at := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": 0, "character": 2}}
	for _, method := range []string{"hover", "completion", "definition", "documentSymbol", "semanticTokens/full"} {
		var answer any
		if err := e.Call("textDocument/"+method, at, &answer); err != nil || answer != nil {
			t.Errorf("%s: %v, %v", method, answer, err)
		}
	}
	e.Await("the mistake", func() bool { return len(e.Diagnostics(uri)) == 1 })
}

// TestLongText asks about a text that is larger than what is read here: there is no answer, and the
// next text has one.
func TestLongText(t *testing.T) {
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{})
	const uri = "file:///w/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch AS a\n"+strings.Repeat("# x\n", dockerfile.MaxBytes/4))
	ask := func() (symbols []any) {
		if err := e.Call("textDocument/documentSymbol", map[string]any{"textDocument": map[string]any{"uri": uri}}, &symbols); err != nil {
			t.Fatal(err)
		}
		return symbols
	}
	if got := ask(); len(got) > 0 {
		t.Errorf("%d symbols", len(got))
	}
	e.Replace(uri, "FROM scratch AS a\n")
	if got := ask(); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestOnType types behind an escape, in an editor that indents with spaces.
func TestOnType(t *testing.T) {
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{})
	const uri = "file:///w/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch\nRUN a \\\n")
	var edits []textEdit
	err := e.Call("textDocument/onTypeFormatting", map[string]any{
		"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": 2, "character": 0},
		"ch": "\n", "options": map[string]any{"tabSize": 3, "insertSpaces": true},
	}, &edits)
	if err != nil || len(edits) != 1 || edits[0].Range.String() != "2:0-2:0" || edits[0].NewText != "   " {
		t.Errorf("%+v, %v", edits, err)
	}
}
