package workspace

// Walking is a merge of two sorted lists: what fsutil finds on disk, and the
// buffers that stand in, with the directories above them. Both are in the order
// of fsutil.ComparePath, on which the receiver insists.
//
// The merge runs inside the walk of the disk. Before each entry of the disk it
// shows the buffers that come before it; an entry that has a buffer is shown
// with the buffer's size and time. There is one more thing to keep track of: a
// callback may answer SkipDir (BuildKit's filters do so for an excluded
// directory), and then nothing below that directory may be shown, be it from
// disk or from a buffer.

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// node is a buffer that stands in for a file, or a directory above one, which
// need not be on disk.
type node struct {
	path    string // relative to the context
	overlay Overlay
	isDir   bool // overlay is then that of some file below
}

// nodesOf are overlays, by relative path, and the directories above them, in
// the order of a walk.
func nodesOf(overlays map[string]Overlay) []node {
	nodes := map[string]node{}
	for path, o := range overlays {
		nodes[path] = node{path: path, overlay: o}
		for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
			nodes[dir] = node{path: dir, overlay: o, isDir: true}
		}
	}
	return slices.SortedFunc(maps.Values(nodes), func(a, b node) int {
		return fsutil.ComparePath(a.path, b.path)
	})
}

// Walk calls fn for what is below target ("" or "/": for all), as the FS of
// fsutil.NewFS does: in order, without the root itself, and without a word if
// target doesn't exist and fn returns the error that it is called with. The
// disk being what it is, a file that vanishes while it is listed is left out.
func (c *ContextFS) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	sep := string(filepath.Separator)
	// Cleaned below the root, so that no ".." leads out of it.
	target = strings.TrimPrefix(filepath.Join(sep, target), sep)
	if err := c.checkRoot(); err != nil {
		return err
	}
	w := &walk{context: c, ctx: ctx, fn: fn, pending: c.below(target), relinked: map[string]string{}, trace: c.trace.begin(target)}
	err := w.run(target)
	w.trace.end(err, !w.stopped)
	return err
}

func (w *walk) run(target string) error {
	if err := w.context.disk.Walk(w.ctx, target, w.visit); err != nil {
		return err
	}
	if w.stopped {
		return nil
	}
	err := w.flush(func(node) bool { return true })
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

// checkRoot fails if the directory can't be read, about which fsutil says
// nothing: it would walk an empty one.
func (c *ContextFS) checkRoot() error {
	f, err := os.Open(c.root)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Readdirnames(1); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// below are the nodes at target and below it.
func (c *ContextFS) below(target string) []node {
	if target == "" {
		return c.nodes
	}
	var nodes []node
	for _, n := range c.nodes {
		if n.path == target || hasDirPrefix(n.path, target) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// walk is one call of Walk.
type walk struct {
	context  *ContextFS
	ctx      context.Context
	fn       fs.WalkDirFunc
	pending  []node            // not yet shown, in order
	skipped  string            // the directory that was skipped last; "." is the root, "" none
	stopped  bool              // by SkipAll
	relinked map[string]string // see diskEntry.relink
	trace    *tracing
}

// visit is called for every entry of the disk, and what is traced of it is noted.
func (w *walk) visit(path string, entry fs.DirEntry, walkErr error) error {
	look := w.trace.visit(path, entry, walkErr)
	err := w.show(path, entry, look, walkErr)
	switch {
	case entry == nil:
	case err == nil && entry.IsDir():
		w.trace.enter(path)
	case err != nil && !entry.IsDir(): // the rest of its directory is not seen
		w.trace.markUnsure()
	}
	return err
}

func (w *walk) show(path string, entry fs.DirEntry, look *tracedLook, walkErr error) error {
	if entry == nil { // target is not on disk, but it may be a buffer
		if len(w.pending) > 0 && isNotExist(walkErr) {
			return nil
		}
		return w.after(path, false, w.fn(path, nil, walkErr))
	}
	err := w.flush(func(n node) bool { return fsutil.ComparePath(n.path, path) < 0 })
	if err != nil {
		return err
	}
	if w.isSkipped(path) {
		return fs.SkipDir
	}
	shown := &diskEntry{DirEntry: entry, path: path, walk: w, look: look, overlay: w.take(path, entry)}
	err = w.fn(path, shown, walkErr)
	if shown.vanished && !entry.IsDir() && (isNotExist(err) || errors.Is(err, fs.SkipDir)) {
		// fsutil's filters make SkipDir of a missing file, which would leave
		// out everything that comes after it in its directory.
		return nil
	}
	return w.after(path, entry.IsDir(), err)
}

// take removes what is pending for an entry of the disk. What is there by now
// wins over a buffer unless both are files: a buffer does not hide a directory,
// and none is shown below a file.
func (w *walk) take(path string, entry fs.DirEntry) *Overlay {
	if len(w.pending) == 0 || w.pending[0].path != path {
		return nil
	}
	n := w.pending[0]
	w.pending = w.pending[1:]
	if n.isDir && !entry.IsDir() {
		w.drop(path)
	}
	if n.isDir || !entry.Type().IsRegular() {
		return nil
	}
	return &n.overlay
}

// drop forgets what is pending below dir.
func (w *walk) drop(dir string) {
	for len(w.pending) > 0 && hasDirPrefix(w.pending[0].path, dir) {
		w.pending = w.pending[1:]
	}
}

// flush shows what is pending for as long as it is due.
func (w *walk) flush(due func(node) bool) error {
	for len(w.pending) > 0 && due(w.pending[0]) {
		n := w.pending[0]
		w.pending = w.pending[1:]
		if w.isSkipped(n.path) {
			continue
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		err := w.after(n.path, n.isDir, w.fn(n.path, &fsutil.DirEntryInfo{Stat: n.stat()}, nil))
		if err != nil && !errors.Is(err, fs.SkipDir) {
			return err
		}
	}
	return nil
}

// after notes what the callback answered for an entry.
func (w *walk) after(path string, isDir bool, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.SkipAll) {
		w.stopped = true
		return fs.SkipAll
	}
	if isNotExist(err) || errors.Is(err, fs.SkipDir) { // the same to fsutil
		w.skipped = path
		if !isDir { // the rest of its directory, as fs.WalkDirFunc has it
			w.skipped = filepath.Dir(path)
		}
		return fs.SkipDir
	}
	return err
}

func (w *walk) isSkipped(path string) bool {
	return w.skipped == "." || w.skipped != "" && hasDirPrefix(path, w.skipped)
}

// stat describes a node that is not on disk.
func (n node) stat() *types.Stat {
	s := &types.Stat{Path: n.path, ModTime: n.overlay.Modified.UnixNano()}
	if n.isDir {
		s.Mode = uint32(fs.ModeDir | 0o755)
	} else {
		s.Mode, s.Size = newFileMode, int64(len(n.overlay.Data))
	}
	return s
}

// diskEntry is an entry of the disk as the context shows it. Looking at the
// file is put off until somebody asks, as fsutil does: most files of a large
// context are excluded.
type diskEntry struct {
	fs.DirEntry
	path     string
	walk     *walk
	look     *tracedLook
	overlay  *Overlay // nil if the file is shown as it is
	vanished bool     // it was gone when somebody asked
}

// Info is a FileInfo whose Sys is a *types.Stat, the caller's own.
func (d *diskEntry) Info() (fs.FileInfo, error) {
	d.look.look()
	fi, err := d.DirEntry.Info()
	if err != nil {
		d.vanished = isNotExist(err)
		return nil, err
	}
	stat, ok := fi.Sys().(*types.Stat)
	if !ok {
		return nil, &fs.PathError{Op: "stat", Path: d.path, Err: syscall.EBADMSG}
	}
	if d.overlay != nil {
		stat.Size = int64(len(d.overlay.Data))
		stat.ModTime = d.overlay.Modified.UnixNano()
		stat.Linkname = ""
		return fi, nil
	}
	return fi, d.relink(stat)
}

// relink mends a hard link to a file that a buffer stands in for. The buffer
// replaces the name it has, not the other names; so the next of them takes over
// as what the rest are links to.
func (d *diskEntry) relink(stat *types.Stat) error {
	if !fs.FileMode(stat.Mode).IsRegular() || stat.Linkname == "" {
		return nil
	}
	if _, ok := d.walk.context.overlays[filepath.FromSlash(stat.Linkname)]; !ok {
		return nil
	}
	heir, ok := d.walk.relinked[stat.Linkname]
	if ok && heir != d.path {
		stat.Linkname = heir
		return nil
	}
	fi, err := os.Lstat(filepath.Join(d.walk.context.root, d.path))
	if err != nil {
		d.vanished = isNotExist(err)
		return err
	}
	d.walk.relinked[stat.Linkname] = d.path
	stat.Size, stat.Linkname = fi.Size(), ""
	return nil
}

// isNotExist is what fsutil takes for a file that is not there.
func isNotExist(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
