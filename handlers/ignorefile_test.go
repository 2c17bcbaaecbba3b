package handlers_test

import (
	"os"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A line of an ignore file that no build can use is marked where it is, and said of the
// Dockerfile with its line; typing one harms nothing.
func TestIgnoreFault(t *testing.T) {
	dir := lsptest.Workspace(t, "bin/x", "x", "obj/y", "y", "obj/keep", "k", "a", "a")
	uri, ignore := "file://"+dir+"/Dockerfile", "file://"+dir+"/.dockerignore"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY . /\n")
	e.Open(ignore, "ignore", "")
	const text = "\ufeff# made by a template\r\nbin\\\r\n   \r\nobj/\r\n  # indented\r\n!obj/keep\r\n"
	for i := range text {
		e.Replace(ignore, text[:i])
	}
	e.Replace(ignore, text)
	e.Await("the mark in the ignore file", func() bool {
		d := e.Diagnostics(ignore)
		return len(d) == 1 && d[0].Range.Start.Line == 1 && d[0].Range.End.Line == 1 && d[0].Range.End.Character == 4 && strings.Contains(d[0].Message, "syntax error in pattern")
	})
	e.Await("the sentence in the Dockerfile", func() bool {
		d := e.Diagnostics(uri)
		return len(d) == 1 && contains(d[0].Message, "line 2 of the .dockerignore", `"bin\"`)
	})
	if err := e.Execute("buildls.context", map[string]any{"uri": uri}, nil); err == nil || !contains(err.Error(), "line 2 of the .dockerignore", `"bin\"`) {
		t.Errorf("%v", err)
	}
	e.Replace(ignore, strings.Replace(text, `bin\`, "bin/", 1))
	e.Await("nothing", func() bool { return e.Codes(uri) == "" && e.Codes(ignore) == "" })
	var found struct{ Files int }
	if err := e.Execute("buildls.context", map[string]any{"uri": uri}, &found); err != nil || found.Files != 4 {
		t.Errorf("%+v, %v", found, err)
	}
	if e.Hover(ignore, 0, 5) != nil || e.Hover(ignore, 4, 3) == nil {
		t.Error("a comment is one behind the byte order mark, and none if it is indented")
	}
	e.Open(uri+".dockerignore", "ignore", "[")
	e.Await("the name of the file that counts", func() bool {
		d := e.Diagnostics(uri)
		return len(d) == 1 && strings.Contains(d[0].Message, "line 1 of the Dockerfile.dockerignore")
	})
	e.Shutdown()
}

// A client that watches files is asked for ignore files, and their changes on the disk
// count at once.
func TestLintWatchedIgnoreFile(t *testing.T) {
	dir := lsptest.Workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	dynamic := map[string]any{"dynamicRegistration": true}
	e := dial(t, nil, lsptest.Options{Folders: []string{dir},
		Capabilities: map[string]any{"workspace": map[string]any{"didChangeWatchedFiles": dynamic}}})
	e.Await("the registration", func() bool {
		all := e.All("client/registerCapability")
		return len(all) == 1 && contains(string(all[0].Params), "didChangeWatchedFiles", "**/.dockerignore")
	})
	e.Open(uri, "dockerfile", "FROM scratch as x\nCOPY secret /\n")
	e.Await("what the file alone tells", func() bool { return e.Codes(uri) == "0:FromAsCasing" })
	if err := os.WriteFile(dir+"/.dockerignore", []byte("secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e.Notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": "file://" + dir + "/.dockerignore", "type": 1}}})
	e.Await("the ignored file", func() bool { return e.Codes(uri) == "0:FromAsCasing 1:CopyIgnoredFile" })
	e.Shutdown()
}
