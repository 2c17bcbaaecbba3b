//go:build !portable

package embedded_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// An engine that was killed between a snapshot's directory and its entry leaves a directory
// that has the next snapshot's name.
func TestHalfMadeSnapshotIsCleared(t *testing.T) {
	p := newEngine(t)
	c := connect(t, p)
	if r := build(t.Context(), t, c, "RUN echo one\n", nil); r.err != nil {
		t.Fatal(r.err)
	}
	engine := openEngine(t, p)
	if err := unix.PidfdSendSignal(engine, unix.SIGTERM, nil, 0); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, engine, limit)
	made, _ := filepath.Glob(filepath.Join(p.Root, "runc-*", "snapshots", "snapshots", "*"))
	last := 0
	for _, dir := range made {
		id, _ := strconv.Atoi(filepath.Base(dir))
		last = max(last, id)
	}
	if last == 0 {
		t.Fatalf("no snapshots: %q", made)
	}
	for id := last + 1; id < last+10; id++ {
		if err := os.MkdirAll(filepath.Join(filepath.Dir(made[0]), strconv.Itoa(id), "fs"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if r := build(t.Context(), t, connect(t, p), "RUN echo two\n", nil); r.err != nil {
		t.Error(r.err)
	}
}
