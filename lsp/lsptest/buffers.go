package lsptest

// Open opens a document that need not be on disk.
func (e *Editor) Open(uri, language, text string) {
	e.t.Helper()
	e.versions[uri] = 1
	e.Notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": language, "version": 1, "text": text}})
}

// Replace changes the whole text of an open document.
func (e *Editor) Replace(uri, text string) {
	e.t.Helper()
	e.change(uri, map[string]any{"text": text})
}

// Insert types text at a 0-based line and UTF-16 character.
func (e *Editor) Insert(uri string, line, character int, text string) {
	e.t.Helper()
	e.Change(uri, line, character, line, character, text)
}

// Delete removes text between two 0-based lines and UTF-16 characters.
func (e *Editor) Delete(uri string, line, character, endLine, endCharacter int) {
	e.t.Helper()
	e.Change(uri, line, character, endLine, endCharacter, "")
}

// Change puts text in the place of what is between two 0-based lines and UTF-16
// characters.
func (e *Editor) Change(uri string, line, character, endLine, endCharacter int, text string) {
	e.t.Helper()
	e.change(uri, map[string]any{"text": text, "range": map[string]any{
		"start": map[string]any{"line": line, "character": character}, "end": map[string]any{"line": endLine, "character": endCharacter}}})
}

func (e *Editor) change(uri string, changes ...any) {
	e.versions[uri]++
	e.Notify("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": uri, "version": e.versions[uri]}, "contentChanges": changes})
}

// Close closes a document.
func (e *Editor) Close(uri string) {
	e.t.Helper()
	e.Notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": uri}})
}
