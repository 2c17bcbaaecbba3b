package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
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

var anyDuration = regexp.MustCompile(`\d+\.\d s`)

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

// What is no Dockerfile has no lens and no hint, and neither has what is not open.
func TestNoMarks(t *testing.T) {
	e := edit(t, nil, workspace(t))
	e.Open("untitled:notes", "plaintext", "FROM scratch\n")
	for _, uri := range []string{"untitled:notes", "untitled:closed"} {
		expectMarks(t, e, uri, "", "")
	}
	e.Shutdown()
}

// marking starts the server in an editor that shows lenses and hints, and refreshes them.
func marking(t *testing.T, env []string, dir string) *lsptest.Editor {
	t.Helper()
	return lsptest.New(t, program(t, env), refreshing(dir, "codeLens", "inlayHint"))
}

// refreshing is an editor that shows lenses and hints, and refreshes some of the two.
func refreshing(dir string, what ...string) lsptest.Options {
	refresh := map[string]any{}
	for _, w := range what {
		refresh[w] = map[string]any{"refreshSupport": true}
	}
	return lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"textDocument": map[string]any{"codeLens": map[string]any{}, "inlayHint": map[string]any{}},
		"workspace":    refresh}}
}

// refreshes are the server's wishes that lenses and hints be asked for again.
func refreshes(e *lsptest.Editor) []lsptest.Message {
	return slices.DeleteFunc(e.All(""), func(m lsptest.Message) bool { return !strings.HasSuffix(m.Method, "/refresh") })
}

// awaitMarks waits until the document shows these hints and lenses, asking for them when
// the server wishes.
func awaitMarks(t *testing.T, e *lsptest.Editor, uri string, hints, titles string) {
	t.Helper()
	asked := -1
	e.Await("hints "+hints+" and lenses "+titles, func() bool {
		n := len(refreshes(e))
		if n == asked {
			return false
		}
		asked = n
		gotHints, gotTitles := hintsOf(e, uri), titlesOf(e, uri)
		t.Logf("hints %s; lenses %s", gotHints, gotTitles)
		return like(hints, gotHints) && like(titles, gotTitles)
	})
}

// like matches a text against one in which # stands for a number.
func like(want, got string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "#", `\d+`) + "$").MatchString(got)
}

// While a build runs, its marks say what runs and for how long; then, what became of it.
func TestLiveMarks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		e := marking(t, s.env, dir)
		uri := "file://" + dir + "/Dockerfile"
		sleep := newSleep()
		e.Open(uri, "dockerfile", base(t)+"RUN echo "+dir+"\nRUN "+sleep+"; true\nRUN echo on\n")
		for _, argument := range []map[string]any{nil, {"noCache": true}} {
			if err := e.Execute("buildls.build", argument, nil); err != nil {
				t.Fatal(err)
			}
			awaitMarks(t, e, uri, "1 N s, 2 running # s", "0 ▷ Build · running # s")
			if b := buildsOf(t, e)[0]; b.Status != "running" || len(b.Steps) != 4 || b.Steps[1].Status != "done" || b.Steps[2].Status != "running" || b.Steps[3].Status != "waiting" {
				t.Errorf("the build while it runs: %+v", b)
			}
			e.Insert(uri, 1, 0, "# typed while it runs\n")
			awaitMarks(t, e, uri, "2 N s, 3 running # s", "0 ▷ Build · running # s")
			e.Delete(uri, 1, 0, 2, 0)
			endSleep(t, sleep)
			awaitMarks(t, e, uri, "1 N s, 2 N s, 3 N s", "0 ▷ Build · N s")
		}
		e.Replace(uri, base(t)+"RUN "+sleep+"\nRUN echo on\n")
		if err := e.Execute("buildls.build", nil, nil); err != nil {
			t.Fatal(err)
		}
		awaitMarks(t, e, uri, "1 running # s", "0 ▷ Build · running # s")
		if err := e.Execute("buildls.cancel", nil, nil); err != nil {
			t.Fatal(err)
		}
		awaitMarks(t, e, uri, "1 canceled, 2 skipped", "0 ▷ Build · canceled")
		e.Shutdown()
		checkPace(t, refreshes(e))
	})
}

// checkPace checks that there are at most four refreshes in a second.
func checkPace(t *testing.T, all []lsptest.Message) {
	t.Helper()
	for i := range len(all) - 4 {
		if d := all[i+4].At.Sub(all[i].At); d < 900*time.Millisecond { // they arrive a little sooner or later
			t.Errorf("five refreshes in %v", d)
		}
	}
	if len(all) == 0 {
		t.Error("no refresh")
	}
}

// A build that another overtakes, which comes to nothing, is not shown as if it ran.
func TestMarksOfOvertaken(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	e := marking(t, s.env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", base(t)+"RUN "+newSleep()+"\n")
	if err := e.Execute("buildls.build", nil, nil); err != nil {
		t.Fatal(err)
	}
	awaitMarks(t, e, uri, "1 running # s", "0 ▷ Build · running # s")
	if r := buildNow(t, e, map[string]any{"engine": "unix:///nowhere"}); r.Status != "failed" {
		t.Errorf("%+v", r)
	}
	awaitMarks(t, e, uri, "1 canceled", "0 ▷ Build · failed")
	e.Shutdown()
}

// A client that does not refresh hints, as Helix and Emacs, is shown none while a build
// runs: they would stay.
func TestMarksWithoutRefresh(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := lsptest.New(t, program(t, s.env), refreshing(dir))
	sleep := newSleep()
	e.Open(uri, "dockerfile", base(t)+"RUN "+sleep+"; true\n")
	if err := e.Execute("buildls.build", nil, nil); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	if got := hintsOf(e, uri); got != "" {
		t.Errorf("hints while it runs: %s", got)
	}
	endSleep(t, sleep)
	e.Await("marks", func() bool { return like("1 N s", hintsOf(e, uri)) })
	e.Shutdown()
}

// A client is asked to refresh what it can, and that alone, and nothing after shutdown.
func TestRefresh(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	text := base(t) + strings.Repeat("RUN cat /proc/sys/kernel/random/uuid\n", 12)

	none := lsptest.New(t, program(t, s.env), refreshing(dir))
	none.Open(uri, "dockerfile", text)
	mustBuild(t, none, map[string]any{"noCache": true})
	none.Shutdown()
	if n := len(refreshes(none)); n != 0 {
		t.Errorf("%d refreshes to a client that knows none", n)
	}

	hints := lsptest.New(t, program(t, s.env), refreshing(dir, "inlayHint"))
	hints.Open(uri, "dockerfile", text)
	mustBuild(t, hints, map[string]any{"noCache": true})
	awaitMarks(t, hints, uri, strings.TrimPrefix(repeated(", %d N s", 1, 12), ", "), "0 ▷ Build · N s")
	hints.Shutdown()
	checkPace(t, refreshes(hints))
	if hints.Count("workspace/codeLens/refresh") > 0 {
		t.Error("lenses were to be refreshed by a client that cannot")
	}

	options := refreshing(dir, "codeLens", "inlayHint")
	options.Busy = true
	busy := lsptest.New(t, program(t, s.env), options)
	sleep := newSleep()
	busy.Open(uri, "dockerfile", base(t)+"RUN "+sleep+"\n")
	if err := busy.Execute("buildls.build", nil, nil); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	busy.Await("a refresh", func() bool { return len(refreshes(busy)) > 0 })
	if err := busy.Call("shutdown", nil, nil); err != nil {
		t.Error(err)
	}
	before := len(busy.All(""))
	busy.Notify("exit", nil)
	if code := busy.Exit(); code != 0 || len(busy.All("")) != before {
		t.Errorf("exit code %d, and after shutdown came %+v", code, busy.All("")[before:])
	}
	awaitNoSleep(t, sleep)
}

// repeated is a form for each number from first to last.
func repeated(form string, first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
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
