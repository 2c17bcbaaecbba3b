package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// profilesIn is the folder in which a server that is this test binary leaves profiles of
// itself, each time that it is asked for them by SIGUSR1.
const profilesIn = "BUILDLS_TEST_PROFILES"

// tellProfiles is called by the server before all else. Its goroutine is there for as long
// as the process, and counted with all others.
func tellProfiles() {
	dir := os.Getenv(profilesIn)
	if dir == "" {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			writeProfile(dir, "heap", 0)
			writeProfile(dir, "goroutine", 1) // the last: it is waited for
		}
	}()
}

// writeProfile leaves a profile, whole or not at all.
func writeProfile(dir, name string, debug int) {
	var b bytes.Buffer
	pprof.Lookup(name).WriteTo(&b, debug)
	path := filepath.Join(dir, fmt.Sprintf("%d.%s", os.Getpid(), name))
	os.WriteFile(path+".new", b.Bytes(), 0o600)
	os.Rename(path+".new", path)
}

// A watched server tells how much it holds.
type watched struct {
	t   testing.TB
	pid int
	dir string
}

// watch has a server, that is not started yet, tell how much it holds.
func watch(t testing.TB, server *exec.Cmd) func(*lsptest.Editor) *watched {
	dir := t.TempDir()
	server.Env = append(server.Env, profilesIn+"="+dir)
	return func(e *lsptest.Editor) *watched { return &watched{t, e.Pid(), dir} }
}

// goroutines is how many there are, and where they are.
func (w *watched) goroutines() (n int, where string) {
	w.t.Helper()
	path := filepath.Join(w.dir, fmt.Sprintf("%d.goroutine", w.pid))
	os.Remove(path)
	if err := syscall.Kill(w.pid, syscall.SIGUSR1); err != nil {
		w.t.Fatal(err)
	}
	var text []byte
	if !eventually(func() bool { text, _ = os.ReadFile(path); return len(text) > 0 }) {
		w.t.Fatal("the server does not tell of its goroutines")
	}
	if _, err := fmt.Sscanf(string(text), "goroutine profile: total %d", &n); err != nil {
		w.t.Fatalf("%v: %.100s", err, text)
	}
	return n, string(text)
}

// descriptors is how many files, sockets and pipes are open, and which.
func (w *watched) descriptors() (n int, which string) {
	w.t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", w.pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range entries {
		to, _ := os.Readlink(filepath.Join(dir, e.Name()))
		fmt.Fprintf(&all, "%s %s\n", e.Name(), to)
	}
	return len(entries), all.String()
}

// returns waits until the server holds no more than so many goroutines and descriptors.
func (w *watched) returns(goroutines, descriptors int) {
	w.t.Helper()
	var where, which string
	var g, d int
	if !eventually(func() bool {
		g, where = w.goroutines()
		d, which = w.descriptors()
		return g <= goroutines && d <= descriptors
	}) {
		w.t.Errorf("%d goroutines, before %d; %d descriptors, before %d\n%s\n%s", g, goroutines, d, descriptors, where, which)
	}
}
