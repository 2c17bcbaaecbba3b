//go:build linux && !portable

package daemon

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

var errLocked = errors.New("another engine holds the lock")

// lock makes its holder the only engine of a root.
type lock struct {
	file *os.File
	path string
}

// takeLock takes the lock or returns errLocked at once. The kernel releases it when the
// process dies, however it dies.
func takeLock(path string) (*lock, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("opening the engine's lock: %w", err)
		}
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			file.Close()
			return nil, errLocked
		}
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		// The engine before us removes its lock as it goes. If it did so after our
		// open, what we locked is no file that another engine would find.
		if !isFileAt(file, path) {
			file.Close()
			continue
		}
		return &lock{file: file, path: path}, nil
	}
}

func isFileAt(file *os.File, path string) bool {
	ours, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(ours, named)
}

// announce writes who holds the lock and where it listens, for clients that look for
// the socket elsewhere. pid is the supervisor's.
func (l *lock) announce(pid int, socket string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt(fmt.Appendf(nil, "%d\n%s\n", pid, socket), 0)
	return err
}

// release removes the file while it is still locked, so that nobody's lock but ours is
// removed.
func (l *lock) release() {
	os.Remove(l.path)
	l.file.Close()
}
