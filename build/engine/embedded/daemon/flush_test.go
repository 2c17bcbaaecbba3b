//go:build linux && !portable

package daemon

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A marker is there from before something is used until the disk has it, and goes then.
func TestFlusher(t *testing.T) {
	root := t.TempDir()
	f := newFlusher(root)
	if isMarked(root) {
		t.Error("a marker, and nothing was written")
	}
	noted, done := f.begin()
	_, doneToo := f.begin()
	if err := noted(); err != nil || !isMarked(root) || isUnflushed(root) {
		t.Errorf("%v; marked: %t, of another boot: %t", err, isMarked(root), isUnflushed(root))
	}
	done()
	if !isMarked(root) {
		t.Error("the marker is gone, and one still writes")
	}
	doneToo()
	awaitFlushed(t, root)

	// One that was left behind is taken care of, unless the machine went down.
	noted, _ = newFlusher(root).begin()
	if err := noted(); err != nil {
		t.Fatal(err)
	}
	newFlusher(root)
	awaitFlushed(t, root)
	if err := os.Symlink("of another boot", filepath.Join(root, unflushedName)); err != nil || !isUnflushed(root) {
		t.Errorf("%v; not seen", err)
	}
}

func isMarked(root string) bool {
	_, err := os.Lstat(filepath.Join(root, unflushedName))
	return err == nil
}

func awaitFlushed(t *testing.T, root string) {
	t.Helper()
	for start := time.Now(); isMarked(root); time.Sleep(time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("never flushed")
		}
	}
}
