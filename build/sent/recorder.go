package sent

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// A Recorder shows the files of a context, and remembers what the engine saw. It hashes what the
// engine asks for while the engine reads it, and reads nothing else. A Recorder serves for one
// build. Its methods may be called from several goroutines; its fields are set before.
type Recorder struct {
	fsutil.FS
	Dir     string   // the directory of the context
	Earlier *Context // the copy that the build offers the engine; nil: none
	Delta   *Delta   // how the files differ from the engine's copy; nil: not known

	mu       sync.Mutex
	asked    bool   // the engine walked it
	answered bool   // the engine was sent what has changed
	session  string // of the build
	walks    [][]file
	links    map[string]string // hard links, to the first path of each
	contents map[string]uint64
	notUTF8  string // a path that is not, or that leads to one
}

// NewRecorder returns a Recorder for the files of the context in dir.
func NewRecorder(dir string, files fsutil.FS) *Recorder {
	return &Recorder{FS: files, Dir: dir, links: map[string]string{}, contents: map[string]uint64{}}
}

// Walk implements [fsutil.FS]. It notes an entry of the whole context when fsutil asks for the
// entry's metadata: then fsutil sends it (the functions filterFS.Walk and sender.walk).
func (r *Recorder) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	r.mu.Lock()
	r.asked = true
	r.mu.Unlock()
	if path.Clean("/"+filepath.ToSlash(target)) != "/" {
		return r.FS.Walk(ctx, target, fn)
	}
	return r.record(func(fn fs.WalkDirFunc) error { return r.FS.Walk(ctx, target, fn) }, fn)
}

// A follower finds what symlinks lead to by itself.
type follower interface {
	Follow(*fsutil.FilterOpt) error
}

// Follow adds to opt what the symlinks in the files lead to, if the files find that by themselves.
func (r *Recorder) Follow(opt *fsutil.FilterOpt) error {
	if f, ok := r.FS.(follower); ok {
		return f.Follow(opt)
	}
	return nil
}

// record walks, and notes each entry whose metadata is asked for.
func (r *Recorder) record(walk func(fs.WalkDirFunc) error, fn fs.WalkDirFunc) error {
	var seen []file
	err := walk(func(path string, d fs.DirEntry, err error) error {
		if d != nil {
			d = recordedEntry{d, func(stat *types.Stat) {
				if len(seen) <= maxFiles {
					seen = append(seen, r.describe(path, stat))
				}
			}}
		}
		return fn(path, d, err)
	})
	if err == nil && len(seen) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.walks = append(r.walks, seen)
	}
	return err
}

// A recordedEntry calls note when its metadata is asked for.
type recordedEntry struct {
	fs.DirEntry
	note func(*types.Stat)
}

func (e recordedEntry) Info() (fs.FileInfo, error) {
	fi, err := e.DirEntry.Info()
	if err == nil {
		if stat, ok := fi.Sys().(*types.Stat); ok {
			e.note(stat)
		}
	}
	return fi, err
}

func (r *Recorder) describe(name string, stat *types.Stat) file {
	if !utf8.ValidString(name) || !utf8.ValidString(stat.Linkname) {
		r.mu.Lock()
		r.notUTF8 = name
		r.mu.Unlock()
	}
	mode := fs.FileMode(stat.Mode)
	f := file{path: filepath.ToSlash(name), mode: mode.Type()}
	form := append(binary.LittleEndian.AppendUint32(nil, stat.Mode), stat.Linkname...)
	for _, name := range slices.Sorted(maps.Keys(stat.Xattrs)) {
		form = append(append(append(append(form, 0), name...), 0), stat.Xattrs[name]...)
	}
	f.form = xxhash.Sum64(form)
	if mode.IsRegular() {
		times := binary.LittleEndian.AppendUint64(nil, uint64(stat.Size))
		f.times = xxhash.Sum64(binary.LittleEndian.AppendUint64(times, uint64(stat.ModTime)))
		if stat.Linkname != "" {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.links[f.path] = filepath.ToSlash(stat.Linkname)
		}
	}
	return f
}

// Open implements [fsutil.FS].
func (r *Recorder) Open(name string) (io.ReadCloser, error) {
	f, err := r.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &hashedFile{f, xxhash.New(), func(sum uint64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.contents[filepath.ToSlash(name)] = sum
	}}, nil
}

// A hashedFile calls done with the hash of its content when it was read to its end.
type hashedFile struct {
	io.ReadCloser
	hash *xxhash.Digest
	done func(uint64)
}

func (f *hashedFile) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	f.hash.Write(p[:n])
	if err == io.EOF {
		f.done(f.hash.Sum64())
	}
	return n, err
}

// Files returns what the engine was shown. It is nil if the engine was shown nothing, or more than
// can be remembered. It leaves out the walk in which the front end looks for an ignore file.
func (r *Recorder) Files() Files {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Earlier != nil && !r.asked {
		return r.Earlier.Files
	}
	if r.answered && !r.asked {
		return r.merged()
	}
	var all Files
	for _, w := range r.walks {
		if len(w) == 1 && path.Ext(w[0].path) == ".dockerignore" && len(r.walks) > 1 {
			continue
		}
		all = append(all, w...)
	}
	slices.SortStableFunc(all, func(a, b file) int { return cmp.Compare(a.path, b.path) })
	all = slices.CompactFunc(all, func(a, b file) bool { return a.path == b.path })
	if len(all) > maxFiles {
		return nil
	}
	for i, f := range all {
		name := cmp.Or(r.links[f.path], f.path)
		all[i].content, all[i].known = r.contents[name], false
		if _, ok := r.contents[name]; ok {
			all[i].known = true
		}
	}
	return slices.Clip(all)
}

// merged is what the engine was shown before, with the files that it was shown now in their places.
func (r *Recorder) merged() Files {
	all := slices.Clone(r.Delta.Since.Files)
	for _, f := range slices.Concat(r.walks...) {
		i, ok := slices.BinarySearchFunc(all, f.path, func(f file, path string) int { return cmp.Compare(f.path, path) })
		if !ok {
			continue // it was not sent
		}
		f.path = all[i].path // one string for both
		if f.content, f.known = r.contents[f.path]; !f.known && f.times == all[i].times {
			f.content, f.known = all[i].content, all[i].known
		}
		all[i] = f
	}
	return all
}

// NoteSession notes the id of the session in which the build sends the context.
func (r *Recorder) NoteSession(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.session = id
}

// NotUTF8 is a path that is not valid UTF-8, or a symlink to one, that the engine was shown; empty if
// it was shown none.
func (r *Recorder) NotUTF8() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notUTF8
}

// Result returns the copy that the engine has after the build, which may be Earlier or Delta.Since.
// It is nil if the engine has none to rely on: it was sent nothing, it walked what it was offered as
// its own copy, or its front end takes no context from another session.
func (r *Recorder) Result() *Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.Earlier != nil && !r.asked:
		return r.Earlier
	case r.Delta != nil && !r.answered && !r.asked: // it was not needed
		return r.Delta.Since
	case r.answered && !r.asked && r.session != "":
		return &Context{Session: r.session, ChangesOnly: true}
	case r.Earlier == nil && r.asked && r.session != "":
		return &Context{Session: r.session}
	}
	return nil
}

// Changed are the files that have changed since a session in which the engine was sent the context;
// nil if they are not known.
func (r *Recorder) Changed(session string) fsutil.FS {
	if r.Delta == nil || r.Delta.Since.Session != session {
		return nil
	}
	return changedFiles{r}
}

// changedFiles are the files of a context that have changed. A walk of them is recorded.
type changedFiles struct{ *Recorder }

// Walk implements [fsutil.FS].
func (c changedFiles) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	c.mu.Lock()
	c.answered = true
	c.mu.Unlock()
	return c.record(func(fn fs.WalkDirFunc) error { return c.Delta.Files.Walk(ctx, target, fn) }, fn)
}
