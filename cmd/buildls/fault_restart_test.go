package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
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
		if got := a.Editor.Codes(a.uri); got != "" {
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
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{at}, Capabilities: map[string]any{
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

// An engine that was ended and came back between two builds is dialled again: the next
// build knows nothing of it.
func TestEngineReturns(t *testing.T) {
	again := func(t *testing.T, s site, restart func()) {
		t.Helper()
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"RUN echo "+dir+"\n")
		mustBuild(t, e, nil)
		for range 2 {
			restart()
			mustBuild(t, e, nil)
		}
		e.Shutdown()
	}
	daemon := func(d *enginetest.Daemon) func() {
		return func() {
			d.Kill()
			d.Start(t)
		}
	}
	t.Run("buildkitd", func(t *testing.T) {
		d := enginetest.StartBuildkitd(t)
		again(t, buildkitdSite(d), daemon(d))
	})
	for _, version := range []string{"20.10", "28"} {
		t.Run("docker-"+version, func(t *testing.T) {
			d := enginetest.StartDocker(t, version)
			again(t, dockerSite(d, version), daemon(d))
		})
	}
	t.Run("embedded, killed", func(t *testing.T) {
		s, dir := ownEmbedded(t)
		again(t, s, func() {
			pid := embeddedPid(dir)
			engine := childOf(childOf(pid)) // which outlives the process that is known by a moment
			syscall.Kill(pid, syscall.SIGKILL)
			awaitDeath(engine)
		})
	})
	t.Run("embedded, idle", func(t *testing.T) { // though the server keeps a connection to it
		s, dir := ownEmbedded(t)
		s.env = append(s.env, "BUILDLS_ENGINE_IDLE=1s")
		again(t, s, func() { awaitDeath(embeddedPid(dir)) })
	})
}

// A connection that breaks while a step runs fails the build by name, ends the step, and
// leaves the next build alone.
func TestConnectionBreaks(t *testing.T) {
	for name, start := range map[string]func(*testing.T) (*enginetest.Daemon, string){
		"buildkitd": func(t *testing.T) (*enginetest.Daemon, string) { return enginetest.Buildkitd(t), "BUILDKIT_HOST" },
		"docker-28": func(t *testing.T) (*enginetest.Daemon, string) { return enginetest.Docker(t, "28"), "DOCKER_HOST" },
	} {
		t.Run(name, func(t *testing.T) {
			d, variable := start(t)
			wire := newWire(t, strings.TrimPrefix(d.Address, "unix://"))
			dir := workspace(t)
			e := edit(t, []string{variable + "=tcp://" + wire.Addr().String()}, dir)
			sleep, token := started(t, e, dir)
			wire.cut()
			e.Await("the progress's end", func() bool { return e.Ended(token) })
			p := e.Progress(token)
			if last := p[len(p)-1].Message; !contains(last, "Failed: ", "the connection to ", "broke") {
				t.Errorf("end %q", last)
			}
			awaitNoSleep(t, sleep)
			e.Replace("file://"+dir+"/Dockerfile", base(t)+"RUN echo whole\n")
			mustBuild(t, e, nil)
			e.Shutdown()
		})
	}
}
