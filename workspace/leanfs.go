package workspace

// Counting a context asks for less than sending it: no extended attributes, which cost a
// system call for each file. So a lean walk is that of fsutil.NewFS with cheaper metadata: mode,
// size and time, and what a link leads to.

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// MetadataOnly is the same context for callers that only ask what is in it: its metadata has
// modes and links, and of files sizes and times.
func (c *ContextFS) MetadataOnly() *ContextFS {
	lean := *c
	lean.disk = leanFS{c.root}
	return &lean
}

// leanFS is a directory. Files are opened by ContextFS.
type leanFS struct{ root string }

func (leanFS) Open(string) (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

// Walk is that of fsutil.NewFS.
func (l leanFS) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	seen := map[uint64]string{}
	return filepath.WalkDir(filepath.Join(l.root, target), func(path string, d fs.DirEntry, err error) error {
		if path == l.root {
			return skipGone(err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel := strings.TrimPrefix(path[len(l.root):], string(filepath.Separator))
		var entry fs.DirEntry
		if d != nil {
			entry = &leanEntry{DirEntry: d, full: path, path: rel, seen: seen}
		}
		return skipGone(fn(rel, entry, err))
	})
}

// skipGone passes over what is not there.
func skipGone(err error) error {
	if err != nil && isNotExist(err) {
		return filepath.SkipDir
	}
	return err
}

// leanEntry looks at its file when somebody asks.
type leanEntry struct {
	fs.DirEntry
	full, path string
	seen       map[uint64]string // the first path of each file that has several
}

// Info is a FileInfo whose Sys is a *types.Stat.
func (e *leanEntry) Info() (fs.FileInfo, error) {
	fi, err := e.DirEntry.Info()
	if err != nil {
		return nil, err
	}
	stat := &types.Stat{Path: e.path, Mode: uint32(fi.Mode() &^ fs.ModeSocket)}
	if !fi.IsDir() {
		stat.Size, stat.ModTime = fi.Size(), fi.ModTime().UnixNano()
		if stat.Linkname, err = e.link(fi); err != nil {
			return nil, err
		}
	}
	return &fsutil.StatInfo{Stat: stat}, nil
}

// link is what a symlink leads to, and of a file's second name the first.
func (e *leanEntry) link(fi fs.FileInfo) (string, error) {
	if fi.Mode()&fs.ModeSymlink != 0 {
		return os.Readlink(e.full)
	}
	id, several := identity(fi)
	if !several {
		return "", nil
	}
	first, ok := e.seen[id]
	if !ok {
		e.seen[id] = filepath.ToSlash(e.path)
	}
	return first, nil
}
