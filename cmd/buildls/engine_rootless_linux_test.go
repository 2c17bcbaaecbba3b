package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// The server of an ordinary user builds with an embedded engine of that user's: steps
// run, are cached and canceled, and a kill -9 of the engine costs one build.
func TestBuildWithoutRoot(t *testing.T) {
	enginetest.Dir(t)
	who := enginetest.OrdinaryUser(t)
	home := who.Home(t)
	self := filepath.Join(home, "buildls")
	server := program(t, []string{"BUILDLS_ENGINE=embedded"})
	if out, err := exec.Command("install", "-m", "755", server.Path, self).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server.Path, server.Args[0] = self, self
	who.Run(server, home)
	state := filepath.Join(home, ".local", "share")
	t.Cleanup(func() {
		if pid := embeddedPid(state); pid != 0 {
			syscall.Kill(pid, syscall.SIGTERM)
			awaitDeath(pid)
		}
	})
	dir := filepath.Join(home, "project") // a home directory is nobody's context
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	// The configuration is where BuildKit looks for it without root.
	config := filepath.Join(home, ".config", "buildkit", "buildkitd.toml")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("[dns]\nnameservers = [\"192.0.2.53\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := editorOf(t, server, dir)
	uri := "file://" + dir + "/Dockerfile"
	text := base(t) + "RUN id -u && cat /etc/resolv.conf && mkdir -p /a/b && chown 1000:50 /a\nUSER 1000\nRUN id -u\n"
	e.Open(uri, "dockerfile", text)
	r := mustBuild(t, e, nil)
	if log := logOf(t, e, r); r.Engine != "embedded" || !contains(log, "0\n", "1000\n", "nameserver 192.0.2.53") {
		t.Errorf("%+v\n%s", r, log)
	}
	if r = mustBuild(t, e, nil); r.Steps[len(r.Steps)-1].Status != "cached" {
		t.Errorf("%+v", r.Steps)
	}
	e.Close(uri)

	sleep, token := started(t, e, dir)
	e.Notify("window/workDoneProgress/cancel", map[string]any{"token": token[1 : len(token)-1]})
	awaitNoSleep(t, sleep)
	e.Await("the progress's end", func() bool { return e.Ended(token) })
	e.Close(uri)

	sleep, token = started(t, e, dir)
	engine := embeddedPid(state)
	syscall.Kill(engine, syscall.SIGKILL)
	awaitNoSleep(t, sleep)
	e.Await("the progress's end", func() bool { return e.Ended(token) })
	if p := e.Progress(token); !contains(p[len(p)-1].Message, "Failed: ", "went away during the build") {
		t.Errorf("end %q", p[len(p)-1].Message)
	}
	e.Replace(uri, text)
	if r = mustBuild(t, e, nil); r.Steps[len(r.Steps)-1].Status != "cached" || embeddedPid(state) == engine {
		t.Errorf("after the crash: %+v", r.Steps)
	}

	endEngine(t, state)
	root := filepath.Join(state, "buildls", "engine")
	spoil(t, filepath.Join(root, "runc-*", "containerdmeta.db"), cut)
	mustBuild(t, e, nil)
	e.Await("word of it", func() bool { return len(e.All("window/showMessage")) == 2 }) // and of the engine that was killed
	// What was set aside has files of the user's other ids, which only an engine can remove.
	if !eventually(func() bool {
		left, _ := filepath.Glob(filepath.Join(root, "broken", "*", "runc-*", "snapshots"))
		return len(left) == 0
	}) {
		t.Error("what was set aside takes room")
	}
	e.Shutdown()
	prune := program(t, nil, "prune", "--all")
	prune.Path, prune.Args[0] = self, self
	who.Run(prune, home)
	if out, err := prune.CombinedOutput(); err != nil || !contains(string(out), "cache: freed ") || contains(string(out), "freed 0B") {
		t.Errorf("%v\n%s", err, out)
	}
}
