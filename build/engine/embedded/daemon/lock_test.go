//go:build linux && !portable

package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestLockHasOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := takeLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeLock(path); !errors.Is(err, errLocked) {
		t.Errorf("a second lock: %v, want errLocked", err)
	}
	first.release()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the released lock is still there: %v", err)
	}
	again, err := takeLock(path)
	if err != nil {
		t.Fatal(err)
	}
	again.release()
}

// The file is removed while others open it: no two of them may come to hold files of
// the same name.
func TestLockWhoseFileGoesAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var holders, taken atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 500 {
				l, err := takeLock(path)
				if errors.Is(err, errLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				holders.Add(-1)
				l.release()
			}
		})
	}
	group.Wait()
	if taken.Load() == 0 {
		t.Error("nobody took the lock")
	}
}
