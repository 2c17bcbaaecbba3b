package workspace

// ContextFS is a directory as it would be if every buffer were saved, in the
// form that BuildKit reads a build context (fsutil.FS). Walking is in
// contextwalk.go, what stands in for what in overlay.go.
//
// BuildKit decides by metadata what to transfer: a file whose size, time (to
// the nanosecond), mode and owner are those of the last build is not sent again.
// So a buffer equal to its file shows the file's metadata unchanged, and one
// that differs has a time of its own.
//
// When a file can't be opened, fsutil sends an empty one and says nothing. Who
// builds sets OnError and gives up the build when it is called.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/tonistiigi/fsutil"
)

// ContextFS is a directory with unsaved buffers laid over it. It implements
// fsutil.FS and is safe for concurrent use. It shows the buffers as they were
// when it was made, and the disk as it is.
type ContextFS struct {
	// OnError, if set before the first use, is told of every file that could
	// not be opened or read after it was listed, by absolute path. It may be
	// called concurrently. The error is also returned to the caller.
	OnError func(path string, err error)

	root     string // absolute, symlinks resolved
	disk     fsutil.FS
	overlays map[string]Overlay // those that stand in, by relative path
	nodes    []node             // the same and their directories, in order
	notUTF8  []string
	calm     settlePolicy
	trace    *Trace // nil if nobody wants one
}

var _ fsutil.FS = (*ContextFS)(nil)

// NewContextFS opens the directory root with overlays laid over. Overlays of
// files outside of it, and of what is no regular file on disk, are ignored. If
// two are of the same file, the one modified last counts.
func NewContextFS(root string, overlays []Overlay) (*ContextFS, error) {
	root, err := filepath.Abs(root)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		return nil, fmt.Errorf("open context: %w", err)
	}
	disk, err := fsutil.NewFS(root)
	if err != nil {
		return nil, fmt.Errorf("open context: %w", err)
	}
	c := &ContextFS{root: root, disk: disk, overlays: map[string]Overlay{}, calm: usualSettlePolicy}
	c.lay(overlays)
	c.nodes = nodesOf(c.overlays)
	return c, nil
}

// lay decides which overlays stand in. All spellings of a file (its own path,
// and links to it) are weighed before one is compared with the disk, so that an
// old buffer can't come back because the new one is saved.
func (c *ContextFS) lay(overlays []Overlay) {
	overlays = slices.Clone(overlays)
	slices.SortStableFunc(overlays, func(a, b Overlay) int { return b.Modified.Compare(a.Modified) })
	seen, root := map[string]bool{}, PlaceOf(c.root)
	for _, o := range overlays {
		rel, o, v := judge(root, o)
		if v == ignored || seen[rel] {
			continue
		}
		seen[rel] = true
		switch v {
		case standsIn:
			c.overlays[rel] = o
		case notUTF8:
			c.notUTF8 = append(c.notUTF8, o.Path)
		}
	}
	sort.Strings(c.notUTF8)
}

// Root is the directory, absolute and with symlinks resolved.
func (c *ContextFS) Root() string { return c.root }

// Overlaid are the buffers that stand in for files because they differ from
// the disk: their Overlay.Path, sorted.
func (c *ContextFS) Overlaid() []string {
	var paths []string
	for o := range maps.Values(c.overlays) {
		paths = append(paths, o.Path)
	}
	sort.Strings(paths)
	return paths
}

// NotUTF8 are the buffers (Overlay.Path, sorted) that do not stand in because
// their file is in another encoding than UTF-8. Whether they are saved can't be
// told; the file counts, and the author may want to know.
func (c *ContextFS) NotUTF8() []string { return slices.Clone(c.notUTF8) }

// Open reads a file that Walk showed, by the path it had there. Only regular
// files are read, none outside of the directory, and none blocks. A socket is
// an empty file, as it is to BuildKit.
func (c *ContextFS) Open(name string) (io.ReadCloser, error) {
	name = filepath.Clean(filepath.FromSlash(name))
	if o, ok := c.overlays[name]; ok {
		return io.NopCloser(bytes.NewReader(o.Data)), nil
	}
	f, err := c.openDisk(name)
	if err != nil {
		c.report(name, err)
		return nil, err
	}
	return f, nil
}

func (c *ContextFS) openDisk(name string) (io.ReadCloser, error) {
	// Through an os.Root, because a symlink that took the file's place since
	// it was listed must not lead out of the context.
	root, err := os.OpenRoot(c.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	fi, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if fi.Mode().Type() == fs.ModeSocket {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if !fi.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	return c.openRegular(root, name)
}

var errNotRegular = errors.New("it is no longer a regular file")

func (c *ContextFS) openRegular(root *os.Root, name string) (io.ReadCloser, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	// Once more, for what may have happened in between.
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	var steady io.ReadCloser
	if err == nil {
		steady, err = c.readStable(f, name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return steady, nil
}

func (c *ContextFS) report(name string, err error) {
	if c.OnError != nil {
		c.OnError(filepath.Join(c.root, name), err)
	}
}
