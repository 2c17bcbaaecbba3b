package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/lsp/lsptest"
)

// hintsOf are the inlay hints of a document, as "line label, line label", durations as "N s".
// What it says of the first line's FROM is left out: engines take an image that is known
// for cached or look it up, as they like.
func hintsOf(e *lsptest.Editor, uri string) string {
	var list []string
	for _, h := range e.Hints(uri, 1, 1000) {
		list = append(list, fmt.Sprintf("%d %s", h.Position.Line, anyDuration.ReplaceAllString(h.Label, "N s")))
	}
	return strings.Join(list, ", ")
}

var anyDuration = lazyregexp.New(`\d+\.\d s`)

// titlesOf are the titles of a document's lenses that build, likewise.
func titlesOf(e *lsptest.Editor, uri string) string {
	var list []string
	for _, l := range e.Lenses(uri) {
		if l.Command.Command == "buildls.build" {
			list = append(list, fmt.Sprintf("%d %s", l.Range.Start.Line, anyDuration.ReplaceAllString(l.Command.Title, "N s")))
		}
	}
	return strings.Join(list, ", ")
}

// runLens runs the command of a lens, as a client does, and waits for the build's end.
func runLens(t *testing.T, e *lsptest.Editor, l lsptest.Lens) result {
	t.Helper()
	if l.Command.Command != "buildls.build" || len(l.Command.Arguments) != 1 {
		t.Fatalf("%+v", l)
	}
	return buildNow(t, e, l.Command.Arguments[0])
}

// expectMarks compares the hints and the lenses of a document.
func expectMarks(t *testing.T, e *lsptest.Editor, uri, hints, titles string) {
	t.Helper()
	if got := hintsOf(e, uri); got != hints {
		t.Errorf("hints  %s\nwanted %s", got, hints)
	}
	if got := titlesOf(e, uri); got != titles {
		t.Errorf("lenses %s\nwanted %s", got, titles)
	}
}

// Each stage has a lens that builds it; what became of the build stands in it and behind
// the instructions.
func TestMarks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		e := edit(t, s.env, dir)
		uri := "file://" + dir + "/Dockerfile"
		from := strings.TrimSpace(base(t))
		e.Open(uri, "dockerfile", from+" AS One\nENV A=b\nRUN echo "+dir+"\nRUN \\\n  exit 7 \nRUN echo on\n"+from+"\nRUN echo nameless\nFROM one AS two\nRUN echo\n")
		expectMarks(t, e, uri, "", "0 ▷ Build, 8 ▷ Build")

		lenses := e.Lenses(uri)
		if r := runLens(t, e, lenses[0]); r.Status != "failed" || r.Target != "one" {
			t.Errorf("%+v", r)
		}
		failed := "2 N s, 4 ✗ exit 7, 5 skipped"
		expectMarks(t, e, uri, failed, "0 ▷ Build · failed, 8 ▷ Build")
		if h := e.Hints(uri, 3, 4); len(h) != 1 || !h[0].PaddingLeft || h[0].Position.Character != len("  exit 7 ") {
			t.Errorf("hints of two lines: %+v", h)
		}

		e.Delete(uri, 4, 7, 4, 8)
		e.Insert(uri, 4, 7, "0")
		mustBuild(t, e, nil)
		expectMarks(t, e, uri, "2 cached, 4 N s, 5 N s, 9 N s", "0 ▷ Build · N s, 8 ▷ Build · N s")
		if r := runLens(t, e, lenses[1]); r.Status != "succeeded" || r.Target != "two" {
			t.Errorf("%+v", r)
		}
		expectMarks(t, e, uri, "2 cached, 4 cached, 5 cached, 9 cached", "0 ▷ Build · cached, 8 ▷ Build · cached")

		e.Close(uri)
		e.Open(uri, "dockerfile", from+"\nRUN echo "+dir+"\n")
		expectMarks(t, e, uri, "", "0 ▷ Build")
		e.Shutdown()
	})
}

// A carriage return alone ends a line for the editor, and is a blank to BuildKit: what is said of
// a build stands where the editor shows the words, and moves along with them.
func TestMarksBesideCarriageReturns(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := edit(t, s.env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", strings.TrimSpace(base(t))+"\r\r\n# a\rb\nENV A=1\rB=2\nRUN echo "+dir+"\r\r\n\rRUN \u2028 exit 3\n")
	r := buildNow(t, e, nil)
	if r.Error == nil || r.Error.Range == nil || r.Error.Range.Start.Line != 9 || len(r.Steps) != 3 || r.Steps[1].Range.Start.Line != 6 || r.Steps[1].Range.End.Line != 6 {
		t.Fatalf("%+v %+v", r.Error, r.Steps)
	}
	expectMarks(t, e, uri, "6 N s, 9 ✗ exit 3", "0 ▷ Build · failed")
	if h := e.Hover(uri, 5, 0); h == nil || !strings.Contains(h.Contents.Value, "from ENV in line 5") {
		t.Errorf("hover over B: %+v", h)
	}
	marked := func(at string) func() bool {
		return func() bool { d := e.Diagnostics(uri); return len(d) == 1 && d[0].Range.String() == at }
	}
	e.Await("the mark", marked("9:0-9:12"))
	e.Insert(uri, 2, 0, "# c\r")
	e.Await("the mark a line lower", marked("10:0-10:12"))
	expectMarks(t, e, uri, "7 N s, 10 ✗ exit 3", "0 ▷ Build · failed")
	e.Shutdown()
}

// A heredoc's mark stands behind the words of its instruction, not behind its text.
func TestMarksOfHeredocs(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := edit(t, s.env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", base(t)+"RUN <<EOF\necho "+dir+"\nEOF\nCOPY --chmod=755 \\\n  <<-a <<b /\n\tx\n\ta\ny\nb\nRUN echo on\n")
	mustBuild(t, e, nil)
	if got := hintsOf(e, uri); got != "1 N s, 5 N s, 10 N s" {
		t.Error(got)
	}
	e.Shutdown()
}

// An instruction that several platforms run has one mark.
func TestMarksOfPlatforms(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "a.txt", "a "+t.Name())
	e := edit(t, s.env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", "FROM "+enginetest.Registry(t)+"/multi AS base-amd64\nCOPY a.txt /amd\nFROM "+enginetest.Registry(t)+"/multi AS base-arm64\nCOPY a.txt /arm\n"+
		"FROM base-$TARGETARCH AS all\nCOPY a.txt /all\nCOPY a.txt /$TARGETARCH\n")
	platforms := map[string]any{"platforms": []string{"linux/amd64", "linux/arm64"}}
	mustBuild(t, e, platforms)
	platforms["noCache"] = true // from here on the engine has the images, whatever was built before
	mustBuild(t, e, platforms)
	expectMarks(t, e, uri, "1 N s, 2 cached, 3 N s, 5 N s, 6 N s", "0 ▷ Build · N s, 2 ▷ Build · N s, 4 ▷ Build · N s")
	e.Change(uri, 3, 12, 3, 16, "/ARM")
	expectMarks(t, e, uri, "1 N s, 2 cached, 5 would rebuild, 6 would rebuild", "0 ▷ Build · N s, 2 ▷ Build · N s, 4 ▷ Build · N s")
	e.Shutdown()
}
