//go:build unix

package workspace

import (
	"io/fs"
	"syscall"
)

// identity tells a file's names apart from those of others; several is whether it has more
// than one.
func identity(fi fs.FileInfo) (id uint64, several bool) {
	s, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || s.Nlink < 2 {
		return 0, false
	}
	return uint64(s.Ino), true
}
