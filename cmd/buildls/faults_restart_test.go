package main

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// An engine that is restarted in order, between builds and in the middle of one, is used
// again; the build that it broke off says so, and no line is at fault.
func TestEngineRestarted(t *testing.T) {
	onEachVictim(t, func(t *testing.T, v victim) {
		a := newAuthor(t, v.env, workspace(t, "Dockerfile", "FROM scratch\n"))
		a.build(base(t)+"RUN echo before\n", nil)
		open := a.descriptors()
		v.stop()()
		v.start()
		a.build(base(t)+"RUN echo between\n", nil)

		sleep := newSleep()
		token := a.begin(base(t)+"RUN "+sleep+" || echo went on\n", nil)
		awaitSleep(t, sleep)
		gone := v.stop()
		switch v.name {
		case "embedded": // Docker leaves the step running
			awaitNoSleep(t, sleep)
		case "buildkitd": // waits for the step, and takes no calls that the build makes then
			endSleep(t, sleep)
		}
		a.awaitEnd(token, "Failed: ", "went away during the build")
		a.Await("one message", func() bool { return len(a.messages()) == 1 })
		gone()
		if got := codes(a.Editor, a.uri); got != "" {
			t.Errorf("no line is at fault, but there is %s", got)
		}
		v.start()
		a.build(base(t)+"RUN echo after\n", nil)
		a.awaitDescriptors(open)
		a.leave()
	})
}

// A server that is killed leaves nothing: the step that it had run ends, what a failed step
// left for shells is let go, and then the engine idles out.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	s.env = append(s.env, "BUILDLS_ENGINE_IDLE=2s")
	at := workspace(t, "Dockerfile", "FROM scratch\n")
	uri := "file://" + at + "/Dockerfile"
	e := lsptest.New(t, program(t, s.env), lsptest.Options{Folders: []string{at}, Capabilities: map[string]any{
		"window": map[string]any{"workDoneProgress": true}, "experimental": map[string]any{"buildls": map[string]any{"shell": true}}}})
	e.Open(uri, "dockerfile", base(t)+"RUN exit 3\n")
	if r := buildNow(t, e, nil); r.Error == nil || r.Error.ExitCode == nil {
		t.Fatalf("%+v", r)
	}
	other := uri + ".other"
	sleep := newSleep()
	e.Open(other, "dockerfile", base(t)+"RUN trap '' TERM; "+sleep+"; true\n")
	if err := e.Execute("buildls.build", map[string]any{"uri": other}, nil); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	engine := embeddedPid(dir)
	syscall.Kill(e.Pid(), syscall.SIGKILL)
	e.Exit()
	awaitNoSleep(t, sleep)
	awaitDeath(engine)
	if embeddedPid(dir) != 0 {
		t.Error("the engine outlives the server that nobody uses")
	}
	sockets, _ := filepath.Glob(filepath.Join(dir, "buildls", "*.sock"))
	bundles, _ := filepath.Glob(filepath.Join(dir, "buildls", "engine", "runc-*", "executor", "*", "*"))
	temporary, _ := filepath.Glob(filepath.Join(dir, "buildls", "engine", "tmp", "*"))
	locks, _ := filepath.Glob(filepath.Join(dir, "buildls", "engine", "*.lock"))
	for _, left := range [][]string{sockets, bundles, temporary, locks} {
		if len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
	next := newAuthor(t, s.env, at)
	next.build(base(t)+"RUN echo after\n", nil)
	next.leave()
}
