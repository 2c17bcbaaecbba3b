//go:build unix

package workspace

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tonistiigi/fsutil"
)

// Pipes are sent as pipes and sockets as empty files, as BuildKit does without
// buffers; none is opened, and none is an error.
func TestPipesAndSockets(t *testing.T) {
	dir := tree(t, map[string]string{"f": "1"})
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644))
	t.Chdir(dir) // names of sockets are short
	l, err := net.Listen("unix", "sock")
	must(t, err)
	defer l.Close()
	c := open(t, dir, map[string]string{"pipe": "text", "sock": "text"})
	equal(t, "overlaid", overlaid(dir, c), []string(nil))
	e := newEngine(t)
	e.build(t, c, fsutil.FilterOpt{})
	equal(t, "sent", e.holds(t), map[string]string{"f": "1", "sock": ""})
}

func TestFileThatBecomesAPipe(t *testing.T) {
	dir := tree(t, map[string]string{"f": "1"})
	c := open(t, dir, nil)
	var r recorder
	c.OnError = r.onError
	must(t, os.Remove(filepath.Join(dir, "f")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "f"), 0o644))
	if _, err := c.Open("f"); err == nil {
		t.Error("a pipe was opened")
	}
	equal(t, "reported", r.paths, []string{filepath.Join(dir, "f")})
	// Also when it becomes one in the last moment.
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	if _, err := c.openRegular(root, "f"); err == nil {
		t.Error("a pipe was opened")
	}
}

// A Dockerfile that is no file is refused, and never waited for.
func TestReadWithinNoFile(t *testing.T) {
	dir := tree(t, map[string]string{"folder/x": "", "link": "->pipe", "loop": "->loop", "large": ""})
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644))
	must(t, os.Truncate(filepath.Join(dir, "large"), 3<<30))
	for name, want := range map[string]error{"folder": ErrDirectory, "pipe": errNoFile, "link": errNoFile, "gone": fs.ErrNotExist, "loop": errLoop, "large": errTooLarge} {
		if _, err := ReadWithin(filepath.Join(dir, name)); !errors.Is(err, want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
