package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// While a build runs, its marks say what runs and for how long; then, what became of it.
func TestLiveMarks(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
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
	e := newEditor(t, program(t, s.env), refreshing(dir))
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

	none := newEditor(t, program(t, s.env), refreshing(dir))
	none.Open(uri, "dockerfile", text)
	mustBuild(t, none, map[string]any{"noCache": true})
	none.Shutdown()
	if n := len(refreshes(none)); n != 0 {
		t.Errorf("%d refreshes to a client that knows none", n)
	}

	hints := newEditor(t, program(t, s.env), refreshing(dir, "inlayHint"))
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
	busy := newEditor(t, program(t, s.env), options)
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

// marking starts the server in an editor that shows lenses and hints, and refreshes them.
func marking(t *testing.T, env []string, dir string) *lsptest.Editor {
	t.Helper()
	return newEditor(t, program(t, env), refreshing(dir, "codeLens", "inlayHint"))
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

// repeated is a form for each number from first to last.
func repeated(form string, first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
}
