package handlers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
	"github.com/buildls/buildls/workspace"
)

// TestComposeEditConcerns edits a compose file: each Dockerfile that it builds otherwise then is
// checked again, also one that an edit built otherwise and the next one as before, and no other.
func TestComposeEditConcerns(t *testing.T) {
	dir := t.TempDir()
	open := func(e *lsptest.Editor, name, language, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		uri := string(workspace.FileURI(path))
		e.Open(uri, language, text)
		return uri
	}
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{Folders: []string{dir}})
	const needs = "ARG BASE\nFROM $BASE\n" // an error without the argument
	const compose = "services:\n  a: {build: {context: a, args: {BASE: scratch}}}\n  b: {build: {context: b, args: {BASE: scratch}}}\n"
	file := open(e, "compose.yaml", "yaml", compose)
	a, b := open(e, "a/Dockerfile", "dockerfile", needs), open(e, "b/Dockerfile", "dockerfile", needs)
	shows := func(what, uri string, wrong bool) {
		t.Helper()
		e.Await(what, func() bool { return len(e.Diagnostics(uri)) > 0 == wrong })
	}
	edit := func(text string) {
		e.Replace(file, text)
	}
	shows("a is right", a, false)
	shows("b is right", b, false)
	edit("services:\n  a: {build: {context: a}}\n  b: {build: {context: b, args: {BASE: scratch}}}\n")
	shows("a lacks its argument", a, true)
	if n := len(e.Published(b)); n > 0 {
		t.Errorf("b was published %d times", n)
	}
	edit("services: {")
	shows("nothing says how to build b", b, true)
	edit(compose)
	shows("b is as before", b, false)
	shows("a has its argument again", a, false)
	edit("services:\n  a: {build: {context: b}}\n")
	shows("b lacks its argument", b, true)
	shows("a is not built any more", a, true)
}
