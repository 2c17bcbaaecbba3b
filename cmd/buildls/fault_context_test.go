package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A sending is a context on its way to an engine: it has begun, and most of its files have
// not been opened.
type sending struct {
	*testing.T
	e         *lsptest.Editor
	wire      *wire
	dir, uri  string
	files     []string
	bytes     int
	out, temp string
}

// What happens to files while they are sent fails the build by the name of one of them, or
// each is in the image as it was at one moment. Nothing hangs, nothing is left, and the next
// build is whole.
func TestContextChangesAsItIsSent(t *testing.T) {
	t.Parallel()
	all := []string{"rewritten", "rewritten in place", "removed", "directory", "fifo", "symlink", "unreadable"}
	for _, c := range []struct {
		name, variable string
		engine         func(t testing.TB) *enginetest.Daemon
		faults         []string
	}{
		{"buildkitd", "BUILDKIT_HOST", func(t testing.TB) *enginetest.Daemon { return enginetest.Buildkitd(t) }, all},
		{"docker-20.10", "DOCKER_HOST", func(t testing.TB) *enginetest.Daemon { return enginetest.Docker(t, "20.10") }, []string{"rewritten"}},
		{"docker-28", "DOCKER_HOST", func(t testing.TB) *enginetest.Daemon { return enginetest.Docker(t, "28") }, []string{"fifo"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSending(t, strings.TrimPrefix(c.engine(t).Address, "unix://"), c.variable)
			held := watched{t: t, pid: s.e.Pid()}
			before := 0 // descriptors, after the first
			for _, fault := range c.faults {
				t.Run(fault, func(t *testing.T) {
					s.T = t
					s.suffers(fault)
				})
				if before == 0 {
					before, _ = held.descriptors()
				}
			}
			s.T = t
			if !eventually(func() bool { n, _ := held.descriptors(); return n <= before }) {
				_, which := held.descriptors()
				t.Errorf("descriptors, of which there were %d:\n%s", before, which)
			}
			s.e.Shutdown()
			if left, err := os.ReadDir(s.temp); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// newSending starts a server of an ordinary user, who cannot read all, on an engine.
func newSending(t *testing.T, socket, variable string) *sending {
	who := enginetest.OrdinaryUser(t)
	home := who.Home(t)
	near := filepath.Join(home, "engine.sock")
	s := &sending{T: t, wire: newWireAt(t, socket, "unix", near), temp: filepath.Join(home, "tmp")}
	server := program(t, []string{variable + "=unix://" + near})
	self := filepath.Join(home, "buildls")
	if out, err := exec.Command("install", "-m", "755", server.Path, self).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server.Path, server.Args[0] = self, self
	who.Run(server, home)
	server.Env = append(server.Env, "TMPDIR="+s.temp, "DOCKER_CONFIG="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"))
	if err := errors.Join(os.Mkdir(s.temp, 0o777), os.Chmod(s.temp, 0o777), os.Chmod(near, 0o777)); err != nil {
		t.Fatal(err)
	}
	s.dir = filepath.Join(home, "ctx")
	s.e = editorOf(t, server, s.dir)
	return s
}

// suffers builds with a fault, and then without.
func (s *sending) suffers(fault string) {
	s.make(fault)
	goal := map[string]any{"uri": s.uri, "outputs": []any{map[string]any{"type": "local", "dest": s.out}}}
	h := s.wire.hold(1 << 20)
	goal["wait"] = true
	answer := s.e.Send("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{goal}})
	select {
	case <-h.full:
	case <-time.After(time.Minute):
		s.Fatal("the context is not sent")
	}
	for _, path := range s.files {
		if err := happens(fault, path); err != nil {
			s.Fatal(err)
		}
	}
	close(h.released)
	var r result
	if err := answer(&r); err != nil {
		s.Fatal(err)
	}
	switch {
	case r.Status == "succeeded" && fault == "rewritten":
		s.whole()
	case r.Status == "failed" && fault != "rewritten" && strings.Contains(r.Error.Message, "cannot send "+s.dir+"/file") && r.Error.Range != nil && r.Error.Range.Start.Line == 1:
		s.Log(r.Error.Message)
		if _, err := os.Stat(s.out); err == nil {
			s.Error("something was exported")
		}
	default:
		s.Errorf("%s: %+v", r.Status, r.Error)
	}
	s.make(fault)
	mustBuild(s.T, s.e, goal)
	s.whole()
	s.e.Close(s.uri)
}

// make makes the context, of files that are the letter a.
func (s *sending) make(fault string) {
	s.uri, s.out = "file://"+s.dir+"/Dockerfile", filepath.Join(s.dir, "out")
	os.RemoveAll(s.dir)
	if err := os.Mkdir(s.dir, 0o777); err != nil {
		s.Fatal(err)
	}
	os.Chmod(s.dir, 0o777) // whatever the mask
	n := 24
	s.files, s.bytes = nil, 256<<10
	if fault == "rewritten in place" { // these are not read whole before they are sent
		n, s.bytes = 4, 4<<20
	}
	for i := range n {
		s.files = append(s.files, filepath.Join(s.dir, fmt.Sprintf("file%02d", i)))
		if err := os.WriteFile(s.files[i], bytes.Repeat([]byte("a"), s.bytes), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	s.e.Open(s.uri, "dockerfile", "FROM scratch\nCOPY file* /\n")
}

// happens does to a file what may be done to one.
func happens(fault, path string) error {
	switch fault {
	case "rewritten":
		return os.WriteFile(path, bytes.Repeat([]byte("b"), 200<<10), 0o644)
	case "rewritten in place":
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write(bytes.Repeat([]byte("b"), 4<<20))
		return err
	case "unreadable":
		return os.Chmod(path, 0)
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	switch fault {
	case "directory":
		return os.Mkdir(path, 0o755)
	case "fifo":
		return syscall.Mkfifo(path, 0o644)
	case "symlink":
		return os.Symlink("/etc/passwd", path)
	}
	return nil
}

// whole checks that each file in the image is one that there was: an empty one was there, too, for the
// moment between the two calls that rewrite it.
func (s *sending) whole() {
	s.Helper()
	kinds := map[string]int{}
	for _, path := range s.files {
		text, err := os.ReadFile(filepath.Join(s.out, filepath.Base(path)))
		if err != nil {
			s.Error(err)
			continue
		}
		a, b := bytes.Count(text, []byte("a")), bytes.Count(text, []byte("b"))
		if len(text) > 0 && a != s.bytes && b != 200<<10 || a+b != len(text) || a > 0 && b > 0 {
			s.Errorf("%s has %d bytes, of which %d are a and %d are b", path, len(text), a, b)
		}
		kinds[string(text[:min(1, len(text))])]++
	}
	s.Logf("%v", kinds)
}
