//go:build !portable

package workspace

import (
	"cmp"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// canTrace: Linux tells all that a trace needs.
const canTrace = true

// noDir is for absolute paths.
const noDir = unix.AT_FDCWD

// lookAt is lstat of a name in the open directory dir.
func lookAt(dir int, name string) (seen, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return seen{}, err
		}
		break
	}
	s := seen{dev: st.Dev, links: uint64(st.Nlink), mode: typeOf(st.Mode), changed: time.Unix(st.Ctim.Unix())}
	st.Atim, st.Blocks = unix.Timespec{}, 0
	s.id = max(unsettled+1, maphash.Comparable(traceSeed, st))
	return s, nil
}

// typeOf is the type of a file as package fs has it.
func typeOf(mode uint32) fs.FileMode {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	case unix.S_IFIFO:
		return fs.ModeNamedPipe
	case unix.S_IFSOCK:
		return fs.ModeSocket
	case unix.S_IFBLK:
		return fs.ModeDevice
	case unix.S_IFCHR:
		return fs.ModeDevice | fs.ModeCharDevice
	}
	return 0
}

// trusted says whether path lies on a file system of this machine, whose times are those of
// its kernel. Those of others come from elsewhere, and late.
func trusted(path string) bool {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil {
		return false
	}
	switch int64(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC,
		unix.F2FS_SUPER_MAGIC, zfsMagic, bcachefsMagic:
		return true
	}
	return false
}

const (
	zfsMagic      = 0x2fc12fc1
	bcachefsMagic = 0xca451a4e
)

// compare says whether a directory has the same names in it, and notes what was looked at
// and is not the same, or has another buffer now. It is false if that can't be told.
func (n *comparison) compare(d *tracedDir, root string) bool {
	f, err := os.OpenFile(filepath.Join(root, d.path), unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil || len(entries) != len(d.ids) {
		return false
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	var h maphash.Hash
	h.SetSeed(traceSeed)
	for _, e := range entries {
		hashEntry(&h, e.Name(), e.Type())
	}
	if h.Sum64() != d.listing {
		return false
	}
	dir := int(f.Fd())
	for i, e := range entries {
		if d.ids[i] == 0 {
			continue
		}
		now, err := lookAt(dir, e.Name())
		if err != nil {
			return false
		}
		var path string // made for who needs it
		if len(n.buffers) > 0 {
			path = filepath.Join(d.path, e.Name())
		}
		if now.id == d.ids[i] && !n.buffers[path] {
			continue
		}
		if !n.note(d, i, filepath.Join(d.path, e.Name()), now) {
			return false
		}
	}
	return true
}
