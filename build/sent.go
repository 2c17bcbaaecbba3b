package build

import (
	"cmp"
	"context"
	"hash/maphash"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// A sentFile is what a build showed the engine of a file or directory. Numbers are hashes,
// so that many files can be remembered.
type sentFile struct {
	path    string // in the context, with "/"
	times   uint64 // of its size and time: where they are equal, BuildKit asks for no content
	form    uint64 // of its mode, what it links to, its extended attributes
	content uint64 // if known
	known   bool
	mode    fs.FileMode // its type
}

// Sent are the files of a context that a build showed the engine, by path. It does not
// change.
type Sent []sentFile

// maxSent bounds how many files of a context are remembered.
const maxSent = 100_000

var hashSeed = maphash.MakeSeed()

// A recorder is a context that remembers what an engine is shown of it. What the engine
// asks for is hashed while it is read; nothing else is read.
type recorder struct {
	fsutil.FS
	kept  *Kept  // what the engine has already; nil: nothing
	delta *Delta // since the engine was sent it; nil: unknown

	mu       sync.Mutex
	asked    bool   // the engine walked it
	answered bool   // the engine was sent what has changed
	session  string // of the build
	walks    [][]sentFile
	links    map[string]string // hard links, to the first path of each
	contents map[string]uint64
	notUTF8  string // a path that is not, or that leads to one
}

func newRecorder(files fsutil.FS) *recorder {
	return &recorder{FS: files, links: map[string]string{}, contents: map[string]uint64{}}
}

// Walk implements [fsutil.FS]. An entry is sent if its metadata is asked for in a walk of the
// whole (fsutil, the functions filterFS.Walk and sender.walk).
func (r *recorder) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	r.mu.Lock()
	r.asked = true
	r.mu.Unlock()
	if path.Clean("/"+filepath.ToSlash(target)) != "/" {
		return r.FS.Walk(ctx, target, fn)
	}
	return r.record(func(fn fs.WalkDirFunc) error { return r.FS.Walk(ctx, target, fn) }, fn)
}

// A follower is a context that follows the paths that it is asked for by itself.
type follower interface {
	Follow(*fsutil.FilterOpt) error
}

func (r *recorder) follow(opt *fsutil.FilterOpt) error {
	if f, ok := r.FS.(follower); ok {
		return f.Follow(opt)
	}
	return nil
}

// record notes what a walk shows.
func (r *recorder) record(walk func(fs.WalkDirFunc) error, fn fs.WalkDirFunc) error {
	var seen []sentFile
	err := walk(func(path string, d fs.DirEntry, err error) error {
		if d != nil {
			d = recordedEntry{d, func(stat *types.Stat) {
				if len(seen) <= maxSent {
					seen = append(seen, r.file(path, stat))
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

// recordedEntry notes that its metadata was asked for.
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

func (r *recorder) file(name string, stat *types.Stat) sentFile {
	if !utf8.ValidString(name) || !utf8.ValidString(stat.Linkname) {
		r.mu.Lock()
		r.notUTF8 = name
		r.mu.Unlock()
	}
	mode := fs.FileMode(stat.Mode)
	f := sentFile{path: filepath.ToSlash(name), mode: mode.Type()}
	f.form = maphash.Comparable(hashSeed, struct {
		mode uint32
		link string
	}{stat.Mode, stat.Linkname})
	for _, name := range slices.Sorted(maps.Keys(stat.Xattrs)) {
		f.form = maphash.Comparable(hashSeed, [3]any{f.form, name, string(stat.Xattrs[name])})
	}
	if mode.IsRegular() {
		f.times = maphash.Comparable(hashSeed, [2]int64{stat.Size, stat.ModTime})
		if stat.Linkname != "" {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.links[f.path] = filepath.ToSlash(stat.Linkname)
		}
	}
	return f
}

// Open implements [fsutil.FS].
func (r *recorder) Open(name string) (io.ReadCloser, error) {
	f, err := r.FS.Open(name)
	if err != nil {
		return nil, err
	}
	h := &hashedFile{ReadCloser: f, done: func(sum uint64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.contents[filepath.ToSlash(name)] = sum
	}}
	h.hash.SetSeed(hashSeed)
	return h, nil
}

// hashedFile tells the hash of a file that was read to its end.
type hashedFile struct {
	io.ReadCloser
	hash maphash.Hash
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

// sent is what was recorded; nil if the engine was not shown the context, or if that is too
// large to be remembered. The front end looks for an ignore file by a walk of its own, that
// shows nothing else.
func (r *recorder) sent() Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept != nil && !r.asked {
		return r.kept.sent
	}
	if r.answered && !r.asked {
		return r.updated()
	}
	var all Sent
	for _, w := range r.walks {
		if len(w) == 1 && path.Ext(w[0].path) == ".dockerignore" && len(r.walks) > 1 {
			continue
		}
		all = append(all, w...)
	}
	slices.SortStableFunc(all, func(a, b sentFile) int { return cmp.Compare(a.path, b.path) })
	all = slices.CompactFunc(all, func(a, b sentFile) bool { return a.path == b.path })
	if len(all) > maxSent {
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

// updated is what was sent before, with what was sent now in its place.
func (r *recorder) updated() Sent {
	all := slices.Clone(r.delta.Since.sent)
	for _, f := range slices.Concat(r.walks...) {
		i, ok := slices.BinarySearchFunc(all, f.path, func(f sentFile, path string) int { return cmp.Compare(f.path, path) })
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

// changedFiles are those of a context that have changed.
type changedFiles struct{ *recorder }

// Walk implements [fsutil.FS].
func (c changedFiles) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	c.mu.Lock()
	c.answered = true
	c.mu.Unlock()
	return c.record(func(fn fs.WalkDirFunc) error { return c.delta.Files.Walk(ctx, target, fn) }, fn)
}

// since takes from what was sent before the content of what was not sent again because
// size and time are the same. If nothing has changed, it is the earlier one.
func (s Sent) since(before Sent) Sent {
	same := len(s) == len(before)
	i := 0
	for j := range s {
		for i < len(before) && before[i].path < s[j].path {
			i++
		}
		if i == len(before) || before[i].path != s[j].path {
			same = false
			continue
		}
		b := before[i]
		s[j].path = b.path // one string for both
		if !s[j].known && b.known && s[j].times == b.times {
			s[j].content, s[j].known = b.content, true
		}
		same = same && s[j] == b
	}
	if same {
		return before
	}
	return s
}

// A fileChange is a file that is not what it was.
type fileChange struct {
	path   string
	what   string // "changed", "is new" or "is gone"
	unsure bool   // it was written since, and what was in it then is not known
}

// changes compares the files that match with those of before.
func (s Sent) changes(before Sent, match func(path string) bool) (list []fileChange) {
	for i, j := 0, 0; i < len(s) || j < len(before); {
		switch {
		case j == len(before) || i < len(s) && s[i].path < before[j].path:
			list = appendChange(list, s[i], "is new", match)
			i++
		case i == len(s) || s[i].path > before[j].path:
			list = appendChange(list, before[j], "is gone", match)
			j++
		default:
			a, b := s[i], before[j]
			i, j = i+1, j+1
			if !match(a.path) {
				continue
			}
			switch {
			case a.form != b.form || a.known && b.known && a.content != b.content:
				list = append(list, fileChange{path: a.path, what: "changed"})
			case a.times != b.times && !(a.known && b.known):
				list = append(list, fileChange{path: a.path, what: "changed", unsure: true})
			}
		}
	}
	return list
}

// appendChange adds a file that is on one side only. A directory goes without saying
// where a file in it is named.
func appendChange(list []fileChange, f sentFile, what string, match func(path string) bool) []fileChange {
	if !match(f.path) {
		return list
	}
	if n := len(list); n > 0 && list[n-1].what == what && list[n-1].path == path.Dir(f.path) {
		list = list[:n-1]
	}
	return append(list, fileChange{path: f.path, what: what})
}

// link says whether a path, or a directory on the way to it, is a symlink.
func (s Sent) link(name string) bool {
	for name = path.Clean(name); name != "." && name != "/"; name = path.Dir(name) {
		i, ok := slices.BinarySearchFunc(s, name, func(f sentFile, name string) int { return cmp.Compare(f.path, name) })
		if ok && s[i].mode&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// matchesLink says whether a symlink is among the files that match: what it leads to may be
// taken in its stead.
func (s Sent) matchesLink(match func(path string) bool) bool {
	return slices.ContainsFunc(s, func(f sentFile) bool { return f.mode&fs.ModeSymlink != 0 && match(f.path) })
}

// Is says whether two are one in memory.
func (s Sent) Is(other Sent) bool {
	return len(s) == len(other) && (len(s) == 0 || &s[0] == &other[0])
}
