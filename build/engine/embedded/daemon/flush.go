//go:build linux && !portable

package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// Nobody waits for the disk to have what a copy has made. Were the machine to fail before it
// does, the cache would hold files without their content, and hand them to later builds. So
// there is a marker in root meanwhile, with the id of the machine's boot; an engine that finds
// one of another boot has no use for what is in root.

const unflushedName = "unflushed"

// A flusher has a disk written behind the builds' backs.
type flusher struct {
	root string

	mu           sync.Mutex
	begun, ended int          // writes
	marked       func() error // nil: there is no marker
	flushing     bool
}

// newFlusher goes on with what an engine that has ended was about to flush.
func newFlusher(root string) *flusher {
	f := &flusher{root: root}
	if _, err := os.Lstat(f.marker()); err == nil {
		_, done := f.begin()
		done()
	}
	return f
}

func (f *flusher) marker() string { return filepath.Join(f.root, unflushedName) }

// begin is called before something is written. What is written is to be used only when noted,
// which waits for the disk to have the marker, has returned no error. done ends it.
func (f *flusher) begin() (noted func() error, done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun++
	if f.marked == nil {
		f.marked = sync.OnceValue(f.mark)
		go f.marked() // ends when the disk has it
	}
	return f.marked, f.end
}

func (f *flusher) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended++
	if f.begun == f.ended && !f.flushing {
		f.flushing = true
		go f.flush() // ends when the disk has everything, or with the process: the next goes on
	}
}

// flush has the disk written until nothing was begun meanwhile.
func (f *flusher) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.flushing = false }()
	for f.begun == f.ended {
		begun, marked := f.begun, f.marked
		f.mu.Unlock()
		err := errors.Join(marked(), syncFS(f.root)) // the marker is not to come after its removal
		f.mu.Lock()
		if err != nil {
			logrus.WithError(err).Warn("the build cache may not be on the disk")
			f.marked = nil // it is tried again
			return
		}
		if f.begun == begun {
			f.marked = nil
			if err := os.Remove(f.marker()); err != nil && !errors.Is(err, fs.ErrNotExist) {
				logrus.WithError(err).Warn("the build cache is on the disk, and cannot be marked so")
			}
			return
		}
	}
}

func syncFS(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Syncfs(int(dir.Fd()))
}

// mark makes the marker: a link, because what a link says is on the disk with its name.
func (f *flusher) mark() error {
	boot, err := bootID()
	if err != nil {
		return err
	}
	if err := os.Symlink(boot, f.marker()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(f.root)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// bootID is another one each time that the machine starts (see random(4)).
func bootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id)), err
}

// isUnflushed says whether the machine went down with a marker in root.
func isUnflushed(root string) bool {
	then, err := os.Readlink(filepath.Join(root, unflushedName))
	if err != nil {
		return false
	}
	now, err := bootID()
	return err == nil && then != now
}
