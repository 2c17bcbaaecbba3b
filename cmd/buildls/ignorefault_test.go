package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// A line of an ignore file that no build can use is marked where it is, and said of the
// Dockerfile with its line; typing one harms nothing.
func TestIgnoreFault(t *testing.T) {
	dir := workspace(t, "bin/x", "x", "obj/y", "y", "obj/keep", "k", "a", "a")
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
	e.Await("nothing", func() bool { return codes(e, uri) == "" && codes(e, ignore) == "" })
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

// A Dockerfile or an ignore file in UTF-16 is one error that says so, with nothing of its
// bytes; other bytes that are no UTF-8 are none.
func TestCheckEncodings(t *testing.T) {
	wide := func(text string, order binary.AppendByteOrder) string {
		var out []byte
		for _, c := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, c)
		}
		return string(out)
	}
	good := "FROM scratch\r\nCOPY sec /\r\n"
	for _, c := range []struct{ dockerfile, ignore, want string }{
		{wide("\ufeff"+good, binary.LittleEndian), "", "1:1: error: the file is in UTF-16"},
		{wide(good, binary.LittleEndian), "", "1:1: error: the file is in UTF-16"},
		{wide("\ufeff"+good, binary.BigEndian), "", "1:1: error: the file is in UTF-16"},
		{wide(good, binary.BigEndian) + "x", "", "1:1: error: the file is in UTF-16"},
		{good, wide("\ufeffsec\r\n", binary.LittleEndian), "1:1: error: line 1 of the .dockerignore: the file is in UTF-16"},
		{good, wide("sec\r\n", binary.BigEndian), "1:1: error: line 1 of the .dockerignore: the file is in UTF-16"},
		{good, "ok\na\x00b\n", "1:1: error: line 2 of the .dockerignore"},
		{good, "caf\xe9*\nx\ufeff*\n", ""},
		{"FROM scratch\nLABEL a=\"caf\xe9\" b=$NOPE\n", "", "2:18: warning"},
	} {
		dir := workspace(t, "Dockerfile", c.dockerfile)
		if c.ignore != "" {
			if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(c.ignore), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range []string{"text", "json"} {
			cmd := program(t, nil, "check", "--format", format, "Dockerfile")
			cmd.Dir = dir
			out, _ := cmd.CombinedOutput()
			if (cmd.ProcessState.ExitCode() == 1) != strings.Contains(c.want, "error") {
				t.Errorf("%q, %q: %v", c.dockerfile, c.ignore, cmd.ProcessState)
			}
			if strings.Contains(string(out), "\x00") || !utf8.Valid(out) || strings.Contains(string(out), "<input>") {
				t.Errorf("%q, %q: %q", c.dockerfile, c.ignore, out)
			}
			var list []any
			switch {
			case format == "text" && strings.Count(string(out), "Dockerfile:") != min(1, len(c.want)) || format == "text" && !strings.Contains(string(out), c.want):
				t.Errorf("%q, %q: %q", c.dockerfile, c.ignore, out)
			case format == "json" && (json.Unmarshal(out, &list) != nil || len(list) != min(1, len(c.want))):
				t.Errorf("%q, %q: %q", c.dockerfile, c.ignore, out)
			}
		}
	}
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
