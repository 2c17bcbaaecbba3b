//go:build !portable

package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
