//go:build linux && !portable

package treecopy

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// A filler copies a tree into a directory. It does what the copier of fsutil/copy does, with
// fewer calls, and each directory for itself.
type filler struct {
	*Options
	ctx   context.Context
	group *errgroup.Group
	whole bool

	mu    sync.Mutex
	links map[uint64]string // of source inodes with several names, the first that was made
}

// fill copies what is in the directory from into the empty directory to, and then, unless it
// is whole, the metadata of from itself.
func (o *Options) fill(ctx context.Context, from, to string, whole bool) error {
	if err := checkEmpty(to); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0)) // they wait for the file system, too
	f := &filler{Options: o, ctx: ctx, group: group, whole: whole, links: map[uint64]string{}}
	group.Go(func() error { return f.dir(from, to, true) })
	return group.Wait()
}

// checkEmpty refuses a directory with something in it, or that hands something on to what is
// created in it, such as an access control list.
func checkEmpty(dir string) error {
	fi, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return unusual("%s is no directory", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	names, err := attributes(func(b []byte) (int, error) { return unix.Llistxattr(dir, b) })
	for _, name := range names {
		if !isOverlays(name) && name != "security.selinux" { // which each file is given for itself
			return unusual("%s has the attribute %s", dir, name)
		}
	}
	if len(entries) > 0 {
		return unusual("%s is not empty", dir)
	}
	return err
}

// dir copies a directory. What is in its directories is copied beside it where there is room.
func (f *filler) dir(from, to string, top bool) error {
	subdirs, err := f.list(from, to, top)
	if err != nil {
		return err
	}
	for _, name := range subdirs {
		from, to := filepath.Join(from, name), filepath.Join(to, name)
		if f.group.TryGo(func() error { return f.dir(from, to, false) }) {
			continue
		}
		if err := f.dir(from, to, false); err != nil {
			return err
		}
	}
	return nil
}

// list copies what is in a directory, its directories empty, and then its metadata.
func (f *filler) list(from, to string, top bool) (subdirs []string, err error) {
	src, err := os.OpenFile(from, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer dst.Close()
	names, err := src.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	in := pair{int(src.Fd()), int(dst.Fd()), from, to}
	for _, name := range names {
		if err := f.ctx.Err(); err != nil {
			return nil, err
		}
		isDir, err := f.entry(in, name)
		if err != nil {
			return nil, &fs.PathError{Op: "copy", Path: filepath.Join(from, name), Err: err}
		}
		if isDir {
			subdirs = append(subdirs, name)
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(in.src, &st); err != nil {
		return nil, err
	}
	if !f.whole || !top {
		if err := f.describe(in.src, in.dst, &st); err != nil {
			return nil, err
		}
	}
	return subdirs, f.setTimes(in.dst, ".", &st)
}

// A pair is a directory and its copy, both open.
type pair struct {
	src, dst int
	from, to string
}

func (f *filler) entry(in pair, name string) (isDir bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstatat(in.src, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return false, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return true, unix.Mkdirat(in.dst, name, 0o700)
	case unix.S_IFREG:
		if st.Nlink > 1 {
			return false, f.linked(in, name, &st)
		}
		return false, f.file(in, name, &st)
	case unix.S_IFLNK:
		return false, f.symlink(in, name, &st)
	}
	return false, unusual("no file, directory or link")
}

// linked copies a file with several names. Where others of them may be copied elsewhere, by
// fsutil, it is not known whether to link them.
func (f *filler) linked(in pair, name string, st *unix.Stat_t) error {
	if !f.whole {
		return unusual("it has %d names", st.Nlink)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if first, ok := f.links[st.Ino]; ok {
		return unix.Linkat(unix.AT_FDCWD, first, in.dst, name, 0)
	}
	f.links[st.Ino] = filepath.Join(in.to, name)
	return f.file(in, name, st)
}

func (f *filler) file(in pair, name string, st *unix.Stat_t) error {
	src, err := unix.Openat(in.src, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(src)
	dst, err := unix.Openat(in.dst, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, f.modeOf(st)&0o777)
	if err != nil {
		return err
	}
	defer unix.Close(dst)
	if err := f.content(src, dst, st.Size); err != nil {
		return err
	}
	if err := f.describe(src, dst, st); err != nil {
		return err
	}
	return f.setTimes(in.dst, name, st)
}

// bufferSize is what is read of a file at once.
const bufferSize = 128 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// content copies what is in a file. Of larger ones the file systems may share it.
func (f *filler) content(src, dst int, size int64) error {
	for size > bufferSize {
		n, err := unix.CopyFileRange(src, nil, dst, nil, int(min(size, 1<<30)), 0)
		if err != nil || n == 0 {
			break // they can't: the rest is read
		}
		size -= int64(n)
		if err := f.ctx.Err(); err != nil {
			return err
		}
	}
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for {
		n, err := ignoringEINTR(func() (int, error) { return unix.Read(src, buf[:]) })
		if err != nil {
			return err
		}
		for rest := buf[:n]; len(rest) > 0; {
			n, err := ignoringEINTR(func() (int, error) { return unix.Write(dst, rest) })
			if err != nil {
				return err
			}
			rest = rest[n:]
		}
		if n < bufferSize {
			return f.ctx.Err()
		}
	}
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

func (f *filler) symlink(in pair, name string, st *unix.Stat_t) error {
	from, to := filepath.Join(in.from, name), filepath.Join(in.to, name)
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if err := unix.Symlinkat(target, in.dst, name); err != nil {
		return err
	}
	uid, gid := f.ownerOf(st)
	if err := unix.Fchownat(in.dst, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	err = copyAttributes(
		func(b []byte) (int, error) { return unix.Llistxattr(from, b) },
		func(name string, b []byte) (int, error) { return unix.Lgetxattr(from, name, b) },
		func(name string, b []byte) error { return unix.Lsetxattr(to, name, b, 0) },
	)
	if err != nil {
		return err
	}
	return f.setTimes(in.dst, name, st)
}

// describe gives an open file or directory the owner, the mode and the attributes that it is
// to have. Owner before mode: a change of the owner takes the set-id bits away.
func (f *filler) describe(src, dst int, st *unix.Stat_t) error {
	var now unix.Stat_t
	if err := unix.Fstat(dst, &now); err != nil {
		return err
	}
	uid, gid := f.ownerOf(st)
	chown := now.Uid != uint32(uid) || now.Gid != uint32(gid)
	if chown {
		if err := unix.Fchown(dst, uid, gid); err != nil {
			return err
		}
	}
	if mode := f.modeOf(st); chown || now.Mode&0o7777 != mode {
		if err := unix.Fchmod(dst, mode); err != nil {
			return err
		}
	}
	return copyAttributes(
		func(b []byte) (int, error) { return unix.Flistxattr(src, b) },
		func(name string, b []byte) (int, error) { return unix.Fgetxattr(src, name, b) },
		func(name string, b []byte) error { return unix.Fsetxattr(dst, name, b, 0) },
	)
}

func (o *Options) ownerOf(st *unix.Stat_t) (uid, gid int) {
	if o.Owner != nil {
		return o.Owner.UID, o.Owner.GID
	}
	return int(st.Uid), int(st.Gid)
}

func (o *Options) modeOf(st *unix.Stat_t) uint32 {
	if o.Mode != nil {
		return uint32(*o.Mode) & 0o7777
	}
	return st.Mode & 0o7777
}

func (o *Options) setTimes(dir int, name string, st *unix.Stat_t) error {
	times := []unix.Timespec{st.Atim, st.Mtim}
	if o.Time != nil {
		t, err := unix.TimeToTimespec(*o.Time)
		if err != nil {
			return err
		}
		times = []unix.Timespec{t, t}
	}
	return unix.UtimesNanoAt(dir, name, times, unix.AT_SYMLINK_NOFOLLOW)
}

func copyAttributes(list func([]byte) (int, error), get func(string, []byte) (int, error), set func(string, []byte) error) error {
	names, err := attributes(list)
	if err != nil || len(names) == 0 {
		return err
	}
	value := make([]byte, 64<<10) // XATTR_SIZE_MAX
	for _, name := range names {
		if isOverlays(name) {
			return unusual("it has the attribute %s", name)
		}
		n, err := get(name, value)
		if err != nil {
			return unusual("the attribute %s: %v", name, err)
		}
		if err := set(name, value[:n]); err != nil {
			return unusual("the attribute %s: %v", name, err)
		}
	}
	return nil
}

// attributes are the names of a file's extended attributes.
func attributes(list func([]byte) (int, error)) ([]string, error) {
	var few [256]byte
	names := few[:]
	n, err := list(names)
	if err == unix.ERANGE {
		names = make([]byte, 64<<10) // XATTR_LIST_MAX
		n, err = list(names)
	}
	switch {
	case err == unix.ENOTSUP:
		return nil, nil
	case err != nil || n == 0:
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00"), nil
}

// isOverlays says whether overlayfs keeps notes of its own in an attribute.
func isOverlays(name string) bool {
	return strings.HasPrefix(name, "trusted.overlay.") || strings.HasPrefix(name, "user.overlay.")
}
