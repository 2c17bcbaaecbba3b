package main

import (
	"os"
	"strings"
	"testing"
)

// A build that fails by an ignore file says by which line of which file.
func TestIgnoreFaultFailsBuild(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, ".dockerignore", "# x\r\nbin\\\r\n", "Dockerfile", "")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", "FROM scratch\nCOPY . /\n")
		r := buildNow(t, e, map[string]any{"uri": uri})
		if r.Error == nil || !contains(r.Error.Message, "line 2 of the .dockerignore", `"bin\"`) || r.Error.URI != "file://"+dir+"/.dockerignore" ||
			r.Error.Range == nil || r.Error.Range.Start.Line != 1 {
			t.Errorf("%+v", r.Error)
		}
		e.Open("file://"+dir+"/.dockerignore", "ignore", "a\n"+strings.Repeat("b", 70_000)+"\n")
		r = buildNow(t, e, map[string]any{"uri": uri})
		if r.Error == nil || !contains(r.Error.Message, "line 2 of the .dockerignore", "longer than the 64 KiB") || r.Error.Range == nil || r.Error.Range.Start.Line != 1 {
			t.Errorf("a long line: %+v", r.Error)
		}
		e.Shutdown()
	})
}

// A Dockerfile in UTF-16 builds from its buffer, and the result says what a terminal would
// do; an ignore file in UTF-16 is refused before the build.
func TestBufferOfWideFile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		const wide = "\xff\xfeF\x00R\x00O\x00M\x00"
		dir := workspace(t, "Dockerfile", wide, "a", "a")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", "FROM scratch\nCOPY a /\n")
		r := buildNow(t, e, map[string]any{"uri": uri})
		said := ""
		for _, w := range r.Warnings {
			if w.Code == "not-utf-8" {
				said += w.Message
			}
		}
		if r.Status != "succeeded" || !contains(said, "is in UTF-16: its buffer was built", "terminal fails") {
			t.Errorf("%+v", r)
		}
		if err := os.WriteFile(dir+"/.dockerignore", []byte(wide), 0o644); err != nil {
			t.Fatal(err)
		}
		r = buildNow(t, e, map[string]any{"uri": uri})
		if r.Status != "failed" || !contains(r.Error.Message, ".dockerignore", "UTF-16") {
			t.Errorf("%+v", r)
		}
		e.Shutdown()
	})
}

// Buffers of ignore files count, also when they exclude a folder with an unsaved buffer.
func TestIgnoreBuffers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", "", "a.txt", "a", "sub/b.txt", "b", "sub/deep/c.txt", "c")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"WORKDIR /ctx\nCOPY . .\nRUN find . -type f | sort | xargs echo found:\n")
		e.Open("file://"+dir+"/sub/deep/c.txt", "plaintext", "unsaved")
		found := func() string {
			_, after, _ := strings.Cut(logOf(t, e, mustBuild(t, e, map[string]any{"uri": uri})), "found: ")
			line, _, _ := strings.Cut(after, "\n")
			return line
		}
		if got := found(); got != "./Dockerfile ./a.txt ./sub/b.txt ./sub/deep/c.txt" {
			t.Errorf("without ignore file: %s", got)
		}
		e.Open("file://"+dir+"/.dockerignore", "ignore", "sub\n.dockerignore\n")
		if got := found(); got != "./Dockerfile ./a.txt" {
			t.Errorf("with .dockerignore: %s", got)
		}
		e.Open("file://"+dir+"/Dockerfile.dockerignore", "ignore", "sub/deep\n*ignore\n")
		if got := found(); got != "./Dockerfile ./a.txt ./sub/b.txt" {
			t.Errorf("with Dockerfile.dockerignore: %s", got)
		}
		e.Shutdown()
	})
}

// The .dockerignore that counts is the buffer, and its edits concern every Dockerfile.
func TestLintIgnoreFile(t *testing.T) {
	dir := workspace(t, ".dockerignore", "secret\n")
	uri, ignore := "file://"+dir+"/Dockerfile", "file://"+dir+"/.dockerignore"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY secret /\n")
	e.Await("the ignored file", func() bool { return e.Codes(uri) == "1:CopyIgnoredFile" })
	e.Open(ignore, "ignore", "secret\n")
	e.Replace(ignore, "other\n")
	e.Await("no longer ignored", func() bool { return e.Codes(uri) == "" })
	e.Close(ignore)
	e.Await("the disk counts again", func() bool { return e.Codes(uri) == "1:CopyIgnoredFile" })
	e.Open("file://"+dir+"/Dockerfile.dockerignore", "ignore", "")
	e.Await("the Dockerfile's own goes first", func() bool { return e.Codes(uri) == "" })
	e.Shutdown()
}
