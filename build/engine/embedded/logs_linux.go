//go:build !portable

package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// BrokenName is the directory in the root with the databases that an engine has set aside.
const BrokenName = "broken"

// LogSize is the size of the log and of what engines have set aside as broken, in bytes.
func (p Paths) LogSize() (bytes int64) {
	if info, err := os.Stat(p.Log); err == nil {
		bytes = info.Size()
	}
	filepath.WalkDir(filepath.Join(p.Root, BrokenName), func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it is an engine's, or gone
		}
		if info, err := e.Info(); err == nil && e.Type().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

// DiskSize is what all that the engine has takes on the disk, in bytes: its cache for the most part.
// It is less than that where files are not for this user's eyes, or if ctx ends before all is
// counted; then whole is false. An engine that runs knows better.
func (p Paths) DiskSize(ctx context.Context) (bytes int64, whole bool) {
	whole = true
	linked := map[[2]uint64]bool{} // files of several names, by device and inode
	filepath.WalkDir(p.Root, func(_ string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			whole = false
			return fs.SkipAll
		}
		if err != nil {
			whole = whole && errors.Is(err, fs.ErrNotExist)
			return nil
		}
		if info, err := e.Info(); err == nil {
			stat, ok := info.Sys().(*syscall.Stat_t)
			if !ok {
				return nil
			}
			if file := [2]uint64{uint64(stat.Dev), stat.Ino}; stat.Nlink > 1 && !e.IsDir() {
				if linked[file] {
					return nil
				}
				linked[file] = true
			}
			bytes += stat.Blocks * 512
		}
		return nil
	})
	return bytes, whole
}

// ClearLogs empties the log, to which a running engine goes on to write, and removes what engines
// have set aside as broken. It says how many bytes that frees. With dry it removes nothing.
func (p Paths) ClearLogs(dry bool) (bytes int64, err error) {
	bytes = p.LogSize()
	if dry {
		return bytes, nil
	}
	if err := os.Truncate(p.Log, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return bytes, os.RemoveAll(filepath.Join(p.Root, BrokenName))
}
