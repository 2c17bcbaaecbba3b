package main

import (
	"cmp"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// An editor that does not read, for BUILDLS_BLOCKED (10s if it is not set), while a step
// pours out output and the author types, costs the server next to nothing: the build is
// held, and when the editor reads again it is shown what is wrong with the newest text.
func TestBlockedEditor(t *testing.T) {
	t.Parallel()
	lasts, err := time.ParseDuration(cmp.Or(os.Getenv("BUILDLS_BLOCKED"), "10s"))
	if err != nil {
		t.Fatal(err)
	}
	const lines = 2_000_000
	s, _ := ownEmbedded(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	server := program(t, append(s.env, "BUILDKIT_STEP_LOG_MAX_SIZE=-1", "BUILDKIT_STEP_LOG_MAX_SPEED=-1"))
	watch := watch(t, server)
	e := lsptest.New(t, quiet(server), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	w := watch(e)
	e.Open(uri, "dockerfile", base(t)+"RUN echo first\nMAINTAINER me\n")
	mustBuild(t, e, nil)
	before, _ := w.goroutines()
	typed := 0
	typing := func() (mb int) {
		typed++
		e.Change(uri, 2, 0, 3, 0, fmt.Sprintf("MAINTAINER me%d\n", typed))
		return resident(t, e.Pid())
	}
	mb := 0
	for range 1000 {
		mb = max(mb, typing())
		e.AwaitPublished(uri)
	}

	e.Replace(uri, base(t)+fmt.Sprintf("RUN seq 1 %d\nMAINTAINER me\n", lines))
	done := e.Send("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{map[string]any{"uri": uri, "wait": true}}})
	e.Await("output", func() bool { return e.Count("buildls/log") > 10 })
	e.Freeze()
	most := mb
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		most = max(most, typing())
	}
	during, where := w.goroutines()
	e.Thaw()
	if during > before+40 {
		t.Errorf("%d goroutines while the editor did not read, before %d\n%s", during, before, where)
	}
	if most > mb+40 {
		t.Errorf("%d MB while the editor did not read, before %d", most, mb)
	}
	var r result
	if err := done(&r); err != nil || r.Status != "succeeded" {
		t.Fatalf("%v: %+v", err, r)
	}
	t.Logf("not read for %v, %d times typed: %d MB, before %d; %d goroutines, before %d; the build took %d ms", lasts, typed, most, mb, during, before, r.DurationMs)
	e.AwaitPublished(uri)
	if got := codes(e, uri); got != "2:MaintainerDeprecated" {
		t.Error(got)
	}
	w.returns(before, 1000)
	e.Shutdown()
}
