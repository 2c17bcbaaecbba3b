package lsptest

// Execute runs a command and decodes its answer into result.
func (e *Editor) Execute(command string, argument map[string]any, result any) error {
	return e.Call("workspace/executeCommand", map[string]any{"command": command, "arguments": []any{argument}}, result)
}

// Lenses asks for the lenses of a document.
func (e *Editor) Lenses(uri string) []Lens {
	e.t.Helper()
	var lenses []Lens
	if err := e.Call("textDocument/codeLens", map[string]any{"textDocument": map[string]any{"uri": uri}}, &lenses); err != nil {
		e.t.Error(err)
	}
	return lenses
}

// Hints asks for the inlay hints of a document's 0-based lines from first to last.
func (e *Editor) Hints(uri string, first, last int) []Hint {
	e.t.Helper()
	var hints []Hint
	lines := map[string]any{"start": map[string]any{"line": first, "character": 0}, "end": map[string]any{"line": last + 1, "character": 0}}
	if err := e.Call("textDocument/inlayHint", map[string]any{"textDocument": map[string]any{"uri": uri}, "range": lines}, &hints); err != nil {
		e.t.Error(err)
	}
	return hints
}

// A Hover is the answer to textDocument/hover.
type Hover struct {
	Contents struct{ Kind, Value string } `json:"contents"`
	Range    *Range                       `json:"range"`
}

// Hover asks what there is to say of a 0-based line and UTF-16 character; nil if nothing.
func (e *Editor) Hover(uri string, line, character int) *Hover {
	e.t.Helper()
	var h *Hover
	at := map[string]any{"line": line, "character": character}
	if err := e.Call("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": at}, &h); err != nil {
		e.t.Error(err)
	}
	return h
}
