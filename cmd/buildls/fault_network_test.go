package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A network that is cut in the middle of a build ends the build within half a minute, and
// the step on the other side; to cancel takes no time at all. When the network is back, so
// is the engine.
func TestNetworkCut(t *testing.T) {
	t.Parallel()
	engine := enginetest.StartBuildkitd(t, enginetest.Remote())
	dir := remoteWorkspace(t)
	a := newAuthor(t, []string{"BUILDLS_ENGINE=" + engine.Remote}, dir)
	const text = "FROM scratch\nCOPY bin /bin\n"
	a.build(text, nil)
	open := a.descriptors()

	sleep := newSleep()
	token := a.begin(text+"RUN trap '' TERM; "+sleep+"; true\n", nil)
	awaitSleep(t, sleep)
	engine.Cut(t)
	cut := time.Now()
	a.Notify("window/workDoneProgress/cancel", map[string]any{"token": token[1 : len(token)-1]})
	a.awaitEnd(token, "Canceled")
	if took := time.Since(cut); took > 10*time.Second {
		t.Errorf("a build whose engine is not reached was canceled after %v", took)
	}
	if r := buildNow(t, a.Editor, nil); r.Error == nil || !contains(r.Error.Message, "cannot use buildkitd at "+engine.Remote) ||
		!contains(r.Error.Message, "not reached") && !contains(r.Error.Message, "did not answer within") { // which, the kernel's neighbours decide
		t.Errorf("%+v", r.Error)
	}
	engine.Mend(t)
	awaitNoSleep(t, sleep)

	sleep = newSleep()
	token = a.begin(text+"RUN trap '' TERM; "+sleep+"; true\n", nil)
	awaitSleep(t, sleep)
	engine.Cut(t)
	cut = time.Now()
	a.awaitEnd(token, "Failed: ", engine.Remote+" is no longer reached")
	t.Logf("the build failed %v after the cut", time.Since(cut))
	awaitNoSleep(t, sleep) // though nobody can tell the engine
	engine.Mend(t)
	a.build(text+"RUN echo mended\n", nil)
	a.awaitDescriptors(open)
	a.leave()
}

// remoteWorkspace is a folder with a busybox, for an engine that reaches no registry.
func remoteWorkspace(t *testing.T) string {
	t.Helper()
	box := mustRead(t, enginetest.Busybox(t))
	dir := workspace(t, "Dockerfile", "FROM scratch\n", "bin/sh", box, "bin/sleep", box)
	for _, name := range []string{"sh", "sleep"} {
		if err := os.Chmod(filepath.Join(dir, "bin", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
