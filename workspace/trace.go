package workspace

// A build that is repeated shows the engine a context in which mostly nothing has changed. A
// trace finds that out, which is cheaper than a walk: it compares hashes, on all cores, and
// filters, copies and sends nothing. No file has to be watched.
//
// For each directory that was listed, a trace has a hash of the names. For each file whose
// metadata was read, it has a hash of all that lstat says, the time of the last change (ctime)
// included, which nobody can set. That is about ten bytes a file. The check is a readdir or an
// lstat for each. What a walk shows depends on nothing else: the same names and hashes mean the
// same walk. TestTraceRandom compares traces with walks over 10,000 random operations on files.
//
// Where that is not sure, a trace does not hold, and the context is walked and sent as ever. This
// is so for a file system of another machine (see trusted in trace_linux.go), and for a walk that
// did not come to its end. A file that was written in the last 100 ms counts as changed.
//
// What is written through a mapping of memory changes no time until the kernel next writes
// it to the disk. BuildKit's own comparison does not see it before either.

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Trace is what the walks of a context looked at. It is safe for concurrent use.
type Trace struct {
	context *ContextFS // as it was then

	mu     sync.Mutex
	dirs   []*tracedDir    // that were listed
	alone  []*tracedFile   // that were looked at without the directory they are in
	looks  int             // how many files
	devs   map[uint64]bool // file systems that can be trusted
	walked bool
	unsure bool // it can't be told whether it holds
}

// tracedDir is a directory and what is in it, in the order of names.
type tracedDir struct {
	path    string   // in the context; "" is its root
	listing uint64   // a hash of names and types
	ids     []uint64 // of what was looked at; 0 else
}

// tracedFile is a file, or that there is none.
type tracedFile struct {
	path   string
	absent bool
	mode   fs.FileMode // its type
	id     uint64      // 0 if it was not looked at
}

var traceSeed = maphash.MakeSeed()

// Trace begins a trace of all walks from now on. Call it before the context is used.
func (c *ContextFS) Trace() *Trace {
	c.trace = &Trace{context: c, unsure: !canTrace, devs: map[uint64]bool{}}
	return c.trace
}

// Len is how many files were looked at.
func (t *Trace) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.looks
}

// Holds says that the same walks of c would show what they showed of the context that was
// traced. It is false where that can't be told.
func (t *Trace) Holds(ctx context.Context, c *ContextFS) bool {
	now := t.compare(ctx, c)
	return now != nil && len(now.changed) == 0
}

// A comparison is what became of files that were looked at.
type comparison struct {
	start   time.Time
	buffers map[string]bool // other than those of then
	devs    map[uint64]bool

	mu      sync.Mutex
	changed map[string]bool
	dirs    map[*tracedDir]*tracedDir // with other identities
}

// compare looks at all that was looked at. It is nil if there are other names than there were,
// if what changed is neither a directory nor a file with one name, or if it can't be told.
func (t *Trace) compare(ctx context.Context, c *ContextFS) *comparison {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unsure || !t.walked || c.root != t.context.root {
		return nil
	}
	now := &comparison{start: time.Now(), buffers: c.differing(t.context), devs: t.devs, changed: map[string]bool{}, dirs: map[*tracedDir]*tracedDir{}}
	if !t.passesOver(now.buffers) {
		return nil
	}
	for _, f := range t.alone {
		if now.buffers[f.path] || !f.holds(c.root) {
			return nil
		}
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(runtime.GOMAXPROCS(0))
	for _, d := range t.dirs {
		eg.Go(func() error {
			if ctx.Err() == nil && !now.compare(d, c.root) {
				return errChanged
			}
			return ctx.Err()
		})
	}
	if eg.Wait() != nil {
		return nil
	}
	return now
}

// note says whether a change of the i-th file of a directory is one that can be told.
func (n *comparison) note(d *tracedDir, i int, path string, now seen) bool {
	if !n.devs[now.dev] || !now.mode.IsDir() && (!now.mode.IsRegular() || now.links > 1) {
		return false
	}
	id := now.id
	if !now.settled(n.start) {
		id = unsettled
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.changed[path] = true
	other := n.dirs[d]
	if other == nil {
		other = &tracedDir{d.path, d.listing, slices.Clone(d.ids)}
		n.dirs[d] = other
	}
	other.ids[i] = id
	return true
}

// trace is that of a context with the changes. Traces share what they have in common.
func (n *comparison) trace(before *Trace, c *ContextFS) *Trace {
	before.mu.Lock()
	defer before.mu.Unlock()
	after := &Trace{context: c, dirs: slices.Clone(before.dirs), alone: before.alone, looks: before.looks, devs: before.devs, walked: true}
	for i, d := range after.dirs {
		if other := n.dirs[d]; other != nil {
			after.dirs[i] = other
		}
	}
	return after
}

var errChanged = errors.New("changed")

// differing are the files for which other buffers stand in than did in before, or none.
func (c *ContextFS) differing(before *ContextFS) map[string]bool {
	paths := map[string]bool{}
	for _, both := range [][2]map[string]Overlay{{c.overlays, before.overlays}, {before.overlays, c.overlays}} {
		for path, a := range both[0] {
			if b, ok := both[1][path]; !ok || !a.Modified.Equal(b.Modified) || !bytes.Equal(a.Data, b.Data) {
				paths[path] = true
			}
		}
	}
	return paths
}

// passesOver says that a buffer of such a file, if nobody looks at it, changes nothing of a
// walk: the file is on disk, and no other name of it is shown with its content.
func (t *Trace) passesOver(buffers map[string]bool) bool {
	for path := range buffers {
		if now, err := lookAt(noDir, filepath.Join(t.context.root, path)); err != nil || !now.mode.IsRegular() || now.links > 1 {
			return false
		}
	}
	return true
}

// tracing is a walk that is traced; nil is one that isn't.
type tracing struct {
	*Trace
	start time.Time
	open  []*openDir // each in the one before it
}

type openDir struct {
	*tracedDir
	hash maphash.Hash
}

// begin traces a walk of target.
func (t *Trace) begin(target string) *tracing {
	if t == nil {
		return nil
	}
	w := &tracing{Trace: t, start: time.Now()}
	if target == "" {
		w.enter("")
	}
	return w
}

// enter says that a directory will be listed.
func (w *tracing) enter(path string) {
	if w == nil {
		return
	}
	d := &openDir{tracedDir: &tracedDir{path: path}}
	d.hash.SetSeed(traceSeed)
	w.open = append(w.open, d)
}

// leave closes the directories that path does not lie in.
func (w *tracing) leave(path string) {
	dir := filepath.Dir(path)
	if dir == "." {
		dir = ""
	}
	for n := len(w.open); n > 0 && w.open[n-1].path != dir; n-- {
		w.close(w.open[n-1])
		w.open = w.open[:n-1]
	}
}

func (w *tracing) close(d *openDir) {
	d.listing = d.hash.Sum64()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dirs = append(w.dirs, d.tracedDir)
}

// visit notes a file; the answer is for who looks at it. The walk's error makes it unsure.
func (w *tracing) visit(path string, entry fs.DirEntry, err error) *tracedLook {
	switch {
	case w == nil:
		return nil
	case entry == nil && isNotExist(err):
		w.lone(&tracedFile{path: path, absent: true})
		return nil
	case entry == nil || err != nil:
		w.markUnsure()
		return nil
	}
	w.leave(path)
	mode := entry.Type().Type()
	if len(w.open) == 0 {
		f := &tracedFile{path: path, mode: mode}
		w.lone(f)
		return &tracedLook{w, path, &f.id, nil, 0}
	}
	d := w.open[len(w.open)-1]
	hashEntry(&d.hash, filepath.Base(path), mode)
	w.mu.Lock()
	defer w.mu.Unlock()
	d.ids = append(d.ids, 0)
	return &tracedLook{w, path, nil, d.tracedDir, len(d.ids) - 1}
}

func hashEntry(h *maphash.Hash, name string, mode fs.FileMode) {
	h.WriteString(name)
	maphash.WriteComparable(h, mode)
}

func (w *tracing) lone(f *tracedFile) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alone = append(w.alone, f)
}

// markUnsure gives up.
func (w *tracing) markUnsure() {
	if w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.unsure = true
	}
}

// end says whether the walk came to its end.
func (w *tracing) end(err error, whole bool) {
	if w == nil {
		return
	}
	for _, d := range w.open {
		w.close(d)
	}
	if err != nil || !whole {
		w.markUnsure()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.walked = true
}

// tracedLook is the place in a trace of a file's identity, which it has in its directory or
// for itself.
type tracedLook struct {
	walk *tracing
	path string
	id   *uint64
	dir  *tracedDir
	i    int
}

// look notes the identity of a file that is about to be looked at: if it changes in between,
// it is the older one that is noted.
func (l *tracedLook) look() {
	if l == nil {
		return
	}
	w := l.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	id := l.id
	if id == nil {
		id = &l.dir.ids[l.i]
	}
	if w.unsure || *id != 0 { // who asks twice is told the same
		return
	}
	full := filepath.Join(w.context.root, l.path)
	seen, err := lookAt(noDir, full)
	if err != nil || !w.trusts(seen.dev, full) {
		w.unsure = true
		return
	}
	if *id = seen.id; !seen.settled(w.start) {
		*id = unsettled
	}
	w.looks++
}

// trusts says whether a file system tells of changes as it should.
func (w *tracing) trusts(dev uint64, path string) bool {
	if _, known := w.devs[dev]; !known {
		w.devs[dev] = trusted(path)
	}
	return w.devs[dev]
}

// seen is a file at a moment.
type seen struct {
	id      uint64 // a hash of all its metadata, but for the time of the last access
	dev     uint64
	links   uint64
	mode    fs.FileMode // its type
	changed time.Time   // ctime
}

// A change that follows another at once may leave the same time. So a file counts as settled
// when a walk begins by more than what clocks of file systems step after its last change: some
// milliseconds, or if it has no parts of a second, up to two of these.
func (s seen) settled(start time.Time) bool {
	margin := 100 * time.Millisecond
	if s.changed.Nanosecond() == 0 {
		margin = 2 * time.Second
	}
	return s.changed.Before(start.Add(-margin))
}

func (f *tracedFile) holds(root string) bool {
	now, err := lookAt(noDir, filepath.Join(root, f.path))
	if f.absent {
		return err != nil && isNotExist(err)
	}
	return err == nil && now.mode == f.mode && (f.id == 0 || f.id == now.id)
}
