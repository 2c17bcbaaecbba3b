//go:build linux && !portable

package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	bolt "go.etcd.io/bbolt"
	boltErrors "go.etcd.io/bbolt/errors"

	"github.com/buildls/buildls/build/engine/embedded"
)

// A database of the engine may be broken, by a disk or a machine that failed. BuildKit then
// ends with an error, a panic or a fault, and would do so at every start. So when an engine
// has failed, its supervisor has every database read; those that cannot be are set aside,
// and the engine begins anew. What they hold is a cache: its loss costs time and no work.
//
// A start that goes well pays nothing for this.

const (
	mendedKey  = "BUILDLS_ENGINE_MENDED" // set in an engine that was mended, which is not mended again
	checkLimit = 30 * time.Second        // to read one database
)

// databases are those of the engine below root: its own, and those of a worker, which mean
// nothing without each other.
func databases(root string) (own, workers []string) {
	for _, name := range []string{"cache.db", "history.db"} {
		own = append(own, filepath.Join(root, name))
	}
	for _, name := range []string{"containerdmeta.db", "metadata_v2.db", "snapshots/metadata.db"} {
		found, _ := filepath.Glob(filepath.Join(root, workerPrefix+"*", name))
		workers = append(workers, found...)
	}
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	return slices.DeleteFunc(own, func(p string) bool { return !exists(p) }), workers
}

// checkDatabase is the life of a process that reads a database: whatever is wrong with it,
// that process does not survive it.
func checkDatabase(path string) error {
	if isCut(path) {
		return errors.New("it was cut short")
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if errors.Is(err, boltErrors.ErrTimeout) || errors.Is(err, os.ErrPermission) {
		return nil // it cannot be said
	}
	if err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			return err
		}
		return nil
	})
}

// hasCut says whether a database was cut short, which costs next to nothing to see. BuildKit
// would take one that is empty for new, and the rest of its state for what that holds; and
// the end of a longer one, when a build first needs it, for memory that is there.
func (o *options) hasCut() bool {
	own, workers := databases(o.root)
	return slices.ContainsFunc(append(own, workers...), isCut)
}

// isCut compares the size of a database with what it says is in use.
func isCut(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return err == nil
	}
	used, ok := usedOf(file)
	return ok && info.Size() < used
}

// brokenOf are those of some databases that are broken.
func (o *options) brokenOf(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !o.isBroken(path) })
}

// isBroken has a database read by a process of its own.
func (o *options) isBroken(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/proc/self/exe", "engine", string(checking), strconv.Itoa(o.pid), path).CombinedOutput()
	if err == nil || ctx.Err() != nil {
		return false
	}
	first, _, _ := strings.Cut(string(out), "\n")
	logrus.Errorf("the database %s is broken: %v: %s", path, err, first)
	return true
}

// setAsideBroken sets aside what is broken of a root whose engine has failed, and says whether to
// begin anew. Another engine that has begun meanwhile is left alone.
func (o *options) setAsideBroken() bool {
	if os.Getenv(mendedKey) != "" {
		return false
	}
	lock, err := takeLock(filepath.Join(o.root, embedded.LockName))
	if err != nil {
		return false
	}
	defer lock.release()
	if lock.announce(o.pid, o.socket) != nil { // so that others wait for us
		return false
	}
	own, workers := databases(o.root)
	aside := o.brokenOf(own)
	found := slices.Concat(aside, o.brokenOf(workers))
	if len(found) == 0 {
		return false
	}
	if len(found) > len(aside) { // what the cache knows is in no worker any more
		aside = o.everything()
	}
	names := slices.Clone(found)
	for i, path := range names {
		names[i], _ = filepath.Rel(o.root, path)
	}
	if err := o.setAside(aside, wereBroken(names)); err != nil {
		logrus.WithError(err).Error("could not set aside what is broken")
		return false
	}
	return true
}

// discardUnsynced sets aside all that the engine has if the machine went down before it was on the
// disk (see flush.go).
func (o *options) discardUnsynced() error {
	lock, err := takeLock(filepath.Join(o.root, embedded.LockName))
	if err != nil {
		return nil // another engine has begun, which did
	}
	defer lock.release()
	if !isUnflushed(o.root) {
		return nil
	}
	if err := lock.announce(o.pid, o.socket); err != nil { // so that others wait for us
		return err
	}
	if err := o.setAside(o.everything(), "build cache was not yet on the disk when the machine went down, and was"); err != nil {
		return fmt.Errorf("setting aside what the disk may not have: %w", err)
	}
	return os.Remove(filepath.Join(o.root, unflushedName))
}

// everything is what the engine knows and what its workers have.
func (o *options) everything() []string {
	own, _ := databases(o.root)
	dirs, _ := filepath.Glob(filepath.Join(o.root, workerPrefix+"*"))
	return append(own, dirs...)
}

// setAside moves files and directories of root out of the engine's way, and leaves word.
func (o *options) setAside(paths []string, what string) error {
	dir := filepath.Join(o.root, embedded.BrokenName, time.Now().UTC().Format("20060102T150405.000000000"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Rename(path, filepath.Join(dir, filepath.Base(path))); err != nil {
			return err
		}
	}
	note := fmt.Sprintf("the embedded engine's %s moved to %s: the build cache begins anew", what, dir)
	logrus.Warn(note)
	return embedded.Paths{Root: o.root}.LeaveNote(note)
}

// wereBroken says what is set aside, for an author.
func wereBroken(databases []string) string {
	return fmt.Sprintf("database %s was broken, as after a crash of the machine or a full disk, and was", strings.Join(databases, ", "))
}

// again has the supervisor's process begin anew: it stays the one that its starter knows.
func (o *options) again() error {
	if err := os.Setenv(mendedKey, "1"); err != nil {
		return err
	}
	return syscall.Exec("/proc/self/exe", o.argv(supervisor), os.Environ())
}

// forgetBroken removes what was set aside but for the newest databases, which tell somebody
// who looks into it what happened. It is called by the engine proper: without root, nobody
// else may remove what its steps made.
func forgetBroken(root string) {
	all, _ := os.ReadDir(filepath.Join(root, embedded.BrokenName))
	for i, dir := range all {
		path := filepath.Join(root, embedded.BrokenName, dir.Name())
		if i < len(all)-1 {
			os.RemoveAll(path)
			continue
		}
		inner, _ := filepath.Glob(filepath.Join(path, workerPrefix+"*", "*"))
		for _, p := range inner {
			if !strings.HasSuffix(p, ".db") {
				os.RemoveAll(p)
			}
		}
	}
}

// collectBackups finds databases that BuildKit itself has set aside as broken, and says so.
func (o *options) collectBackups() {
	found, _ := filepath.Glob(filepath.Join(o.root, "*.bak"))
	if len(found) == 0 {
		return
	}
	names := slices.Clone(found)
	for i, path := range names {
		name, _, _ := strings.Cut(filepath.Base(path), ".db.")
		names[i] = name + ".db"
	}
	if err := o.setAside(found, wereBroken(names)); err != nil {
		logrus.WithError(err).Warn("could not set aside what is broken")
	}
}
