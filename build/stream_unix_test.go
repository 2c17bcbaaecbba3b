//go:build unix

package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestGivenUp holds that a build which waits for who writes to a pipe can be given up, and that
// what is written afterwards is for the next one.
func TestGivenUp(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CheckSSH([]SSH{{ID: "k", Paths: []string{fifo}}}); err != nil {
		t.Error(err) // it is read by the build
	}
	for _, req := range []*Request{{Spec: Spec{Secrets: []Secret{{ID: "s", File: fifo, stream: newStream()}}}}, {Spec: Spec{SSH: []SSH{{ID: "k", Paths: []string{fifo}}}}}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Millisecond, func() { cancel(errors.New("enough")) })
		if _, _, err := req.Session(ctx, nil); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Error(err)
		}
		w, err := os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			w.Close() // lets go of who reads a key
		}
		if len(req.Secrets) > 0 && err == nil {
			t.Error("somebody reads the secret of a build that was given up")
		}
	}
	s := Secret{ID: "s", File: fifo}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(10 * time.Millisecond)
		os.WriteFile(fifo, []byte("hunter2"), 0)
	}()
	if value, err := s.read(t.Context()); string(value) != "hunter2" {
		t.Errorf("%q, %v", value, err)
	}
}

// TestStreamSecret holds that a secret from a pipe is read by the build alone, once, and kept.
func TestStreamSecret(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := Secret{ID: "s", File: fmt.Sprintf("/dev/fd/%d", r.Fd())}
	if err := s.Check(); err != nil { // nobody has written
		t.Fatal(err)
	}
	req := &Request{Spec: Spec{Secrets: []Secret{s}}}
	canceled, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(10*time.Millisecond, func() { cancel(errors.New("enough")) })
	if _, _, err := req.Session(canceled, nil); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("a build that is canceled while it waits for a secret: %v", err)
	}
	w.WriteString("hunter2")
	w.Close()
	for range 2 { // the build, and one who looks at a step later
		if value, err := s.read(t.Context()); string(value) != "hunter2" {
			t.Errorf("%q, %v", value, err)
		}
	}
	if _, hidden, err := req.Session(t.Context(), nil); err != nil || hidden.HideText("a hunter2") != "a ***" {
		t.Errorf("%v", err)
	}
}

// TestEndless holds that of a file without an end a build reads no more than it takes.
func TestEndless(t *testing.T) {
	s := Secret{ID: "s", File: "/dev/zero"}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 512000 bytes") {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "index.json")); err != nil {
		t.Fatal(err)
	}
	if err := CheckCache(Cache{Type: "local", Attrs: map[string]string{"src": dir}}, false); err == nil || !strings.Contains(err.Error(), "index.json is no file") {
		t.Error(err)
	}
	if _, err := digestIn(dir, "latest"); err == nil || !strings.Contains(err.Error(), "index.json is no file") {
		t.Error(err)
	}
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "index.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := digestIn(empty, "latest"); err == nil || !strings.Contains(err.Error(), "holds no image") {
		t.Error(err)
	}
}
