package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A place that cannot be written to costs a build nothing but a word in the log.
func TestNoHistory(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t))
	full := fullDisk(t)
	for _, state := range []string{"/dev/null", "/proc", full} {
		env := append(slices.Clone(s.env), "XDG_STATE_HOME="+state)
		log := filepath.Join(t.TempDir(), "log")
		e := newEditor(t, program(t, env, "--log-file", log), lsptest.Options{Folders: []string{dir}})
		for range 2 {
			r := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile"})
			if list := buildsOf(t, e); list[0].ID != r.ID {
				t.Errorf("%s: %+v", state, list)
			}
		}
		e.Shutdown()
		written, err := os.ReadFile(log)
		if err != nil || !strings.Contains(string(written), "is not kept: ") {
			t.Errorf("%s: %v: %s", state, err, written)
		}
		out, err := program(t, env, "build", "--progress", "plain", dir).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "warning: build ") || !strings.Contains(string(out), "built in") {
			t.Errorf("%s: %v: %s", state, err, out)
		}
	}
	if left, _ := filepath.Glob(full + "/buildls/builds/*"); len(left) != 0 {
		t.Errorf("left on the full disk: %v", left)
	}
}

// fullDisk is a file system with room for directories, and no byte more.
func fullDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4096,mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
