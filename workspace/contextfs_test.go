package workspace

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// The tests send contexts as BuildKit does: through the filters of its client
// and of its session, with fsutil's sender to fsutil's receiver, which checks
// the order, and into a directory that earlier builds may have filled.

// engine is the engine's copy of a context.
type engine struct{ dir string }

func newEngine(t *testing.T) *engine { return &engine{dir: t.TempDir()} }

// build transfers a context and returns the paths that were not up to date,
// sorted; deleted ones with a "-" before.
func (e *engine) build(t *testing.T, c fsutil.FS, filter fsutil.FilterOpt) []string {
	t.Helper()
	changed, err := e.transfer(t.Context(), c, filter)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func (e *engine) transfer(ctx context.Context, c fsutil.FS, filter fsutil.FilterOpt) ([]string, error) {
	own := func(_ string, s *types.Stat) fsutil.MapResult {
		s.Uid, s.Gid = uint32(max(0, os.Getuid())), uint32(max(0, os.Getgid())) // -1 on Windows
		return fsutil.MapResultKeep
	}
	// First as client/solve.go, then as session/filesync.
	for _, opt := range []*fsutil.FilterOpt{{Map: own}, &filter} {
		var err error
		if c, err = fsutil.NewFilterFS(c, opt); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var changed []string
	there, here := pipe(ctx)
	var g errgroup.Group
	g.Go(func() error { defer close(there.out); return fsutil.Send(ctx, there, c, nil) })
	g.Go(func() error {
		return fsutil.Receive(ctx, here, e.dir, fsutil.ReceiveOpt{
			ContentHasher: func(*types.Stat) (hash.Hash, error) { return sha256.New(), nil },
			NotifyHashed: func(kind fsutil.ChangeKind, p string, _ os.FileInfo, _ error) error {
				mu.Lock()
				defer mu.Unlock()
				if kind == fsutil.ChangeKindDelete {
					p = "-" + p
				}
				changed = append(changed, filepath.ToSlash(p))
				return nil
			},
		})
	})
	err := g.Wait()
	sort.Strings(changed)
	return changed, err
}

// holds are the regular files of the engine's copy, with their content.
func (e *engine) holds(t *testing.T) map[string]string { return readTree(t, e.dir) }

type end struct {
	ctx     context.Context
	in, out chan []byte
}

func pipe(ctx context.Context) (*end, *end) {
	a, b := make(chan []byte, 32), make(chan []byte, 32)
	return &end{ctx, a, b}, &end{ctx, b, a}
}

func (e *end) Context() context.Context { return e.ctx }

func (e *end) SendMsg(m any) error {
	dt, err := m.(*types.Packet).Marshal()
	if err != nil {
		return err
	}
	select {
	case <-e.ctx.Done():
		return e.ctx.Err()
	case e.out <- dt:
		return nil
	}
}

func (e *end) RecvMsg(m any) error {
	select {
	case <-e.ctx.Done():
		return e.ctx.Err()
	case dt, ok := <-e.in:
		if !ok {
			return io.EOF
		}
		return m.(*types.Packet).Unmarshal(dt)
	}
}

// tree makes a directory: names that end in "/" are directories, contents
// that start with "->" symlinks.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		p := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		if strings.HasSuffix(name, "/") {
			must(t, os.MkdirAll(p, 0o755))
		} else if target, ok := strings.CutPrefix(content, "->"); ok {
			symlink(t, target, p)
		} else {
			must(t, os.WriteFile(p, []byte(content), 0o644))
		}
	}
	return dir
}

// symlink skips the test where no links can be made: Wine says that it made one, and did not.
func symlink(t *testing.T, target, path string) {
	t.Helper()
	must(t, os.Symlink(target, path))
	if _, err := os.Lstat(path); err != nil {
		t.Skip("SKIPPED, Wine makes no symbolic links")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		got[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return got
}

// buffers are overlays under dir; each has a time of its own.
func buffers(dir string, texts map[string]string) []Overlay {
	var overlays []Overlay
	for i, name := range slices.Sorted(maps.Keys(texts)) {
		overlays = append(overlays, Overlay{
			Path: filepath.Join(dir, name), Data: []byte(texts[name]), Modified: time.Unix(2e9, int64(i+1)),
		})
	}
	return overlays
}

func open(t *testing.T, dir string, texts map[string]string) *ContextFS {
	t.Helper()
	c, err := NewContextFS(dir, buffers(dir, texts))
	must(t, err)
	c.OnError = func(path string, err error) { t.Errorf("OnError(%s, %v)", path, err) }
	return c
}

// overlaid are c's overlaid paths, relative to dir.
func overlaid(dir string, c *ContextFS) []string {
	var names []string
	for _, p := range c.Overlaid() {
		rel, _ := filepath.Rel(dir, p)
		names = append(names, filepath.ToSlash(rel))
	}
	return names
}

// walked are the paths that a walk shows.
func walked(t *testing.T, f fsutil.FS, target string) []string {
	t.Helper()
	var paths []string
	must(t, f.Walk(t.Context(), target, func(p string, _ fs.DirEntry, err error) error {
		if err == nil {
			paths = append(paths, filepath.ToSlash(p))
		}
		return err
	}))
	return paths
}

func statOf(t *testing.T, f fsutil.FS, name string) *types.Stat {
	t.Helper()
	var stat *types.Stat
	must(t, f.Walk(t.Context(), "", func(p string, d fs.DirEntry, err error) error {
		if err != nil || filepath.ToSlash(p) != name {
			return err
		}
		fi, err := d.Info()
		if err == nil {
			stat = fi.Sys().(*types.Stat)
		}
		return err
	}))
	return stat
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestBuffersAreSentInsteadOfFiles(t *testing.T) {
	dir := tree(t, map[string]string{
		"Dockerfile": "FROM a", "a/x": "1", "a/y": "2", "a-b/z": "3", "empty/": "", "equal": "same",
	})
	texts := map[string]string{
		"Dockerfile": "FROM b",      // as long as the file
		"a/x":        "longer",      //
		"a/new":      "n1",          // new, in a directory that is there
		"a/b/c/new":  "n2",          // new, with its directories
		"a.d/new":    "n3",          // sorts after a and a-b to strings, before to paths
		"empty/e":    "n4",          //
		"zz/last":    "",            // new and empty
		"equal":      "same",        // no change
		"../outside": "not for you", //
	}
	c := open(t, dir, texts)
	equal(t, "overlaid", overlaid(dir, c), []string{"Dockerfile", "a.d/new", "a/b/c/new", "a/new", "a/x", "empty/e", "zz/last"})
	e := newEngine(t)
	e.build(t, c, fsutil.FilterOpt{})
	equal(t, "sent", e.holds(t), map[string]string{
		"Dockerfile": "FROM b", "a/x": "longer", "a/y": "2", "a/new": "n1", "a/b/c/new": "n2",
		"a-b/z": "3", "a.d/new": "n3", "empty/e": "n4", "zz/last": "", "equal": "same",
	})
	// Nothing is sent twice.
	equal(t, "sent again", e.build(t, open(t, dir, texts), fsutil.FilterOpt{}), []string(nil))
}

// A walk over files and buffers is the walk over the directory one gets by
// saving them, whatever the tree, the filter and the target.
func TestWalkIsThatOfTheSavedTree(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	names := []string{"a", "a-b", "a.b", "aa", "b", "Z", "ä"}
	randomPath := func() string {
		p := names[r.IntN(len(names))]
		for r.IntN(2) == 0 && len(p) < 12 {
			p += "/" + names[r.IntN(len(names))]
		}
		return p
	}
	// Names of files end in ".f", so that no file is above another.
	randomFiles := func(n int, text string) map[string]string {
		files := map[string]string{}
		for range r.IntN(n) {
			files[randomPath()+".f"] = text
		}
		return files
	}
	for range enginetest.Some(150) {
		onDisk, texts := randomFiles(12, "disk"), randomFiles(6, "buffer")
		dir, saved := tree(t, onDisk), tree(t, onDisk)
		for name, text := range texts {
			p := filepath.Join(saved, name)
			must(t, os.MkdirAll(filepath.Dir(p), 0o755))
			must(t, os.WriteFile(p, []byte(text), 0o644))
		}
		filter := fsutil.FilterOpt{}
		for range r.IntN(3) {
			filter.ExcludePatterns = append(filter.ExcludePatterns, randomPath())
		}
		if len(filter.ExcludePatterns) > 0 && r.IntN(2) == 0 {
			filter.ExcludePatterns = append(filter.ExcludePatterns, "!"+randomPath())
		}
		if r.IntN(3) == 0 {
			filter.IncludePatterns = []string{randomPath(), randomPath() + ".f"}
		}
		plain, err := fsutil.NewFS(saved)
		must(t, err)
		context := open(t, dir, texts)
		for _, target := range []string{"", "/", ".", randomPath(), randomPath() + ".f", "/" + randomPath() + "/", "missing/x"} {
			want, got := walked(t, plain, target), walked(t, context, target)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("disk %v, buffers %v, target %q:\n got %q\nwant %q", onDisk, texts, target, got, want)
			}
		}
		e, ref := newEngine(t), newEngine(t)
		e.build(t, context, filter)
		ref.build(t, plain, filter)
		if got, want := e.holds(t), ref.holds(t); !reflect.DeepEqual(got, want) {
			t.Fatalf("disk %v, buffers %v, filter %v:\n got %v\nwant %v", onDisk, texts, filter, got, want)
		}
	}
}

func TestExcludedDirectoryWithBuffer(t *testing.T) {
	dir := tree(t, map[string]string{"node_modules/m/x": "1", "src/x": "2", "zz": "3"})
	texts := map[string]string{
		"node_modules/m/x": "changed", "node_modules/new/deep/x": "new", "src/y": "kept", "only/buffers/x": "gone",
	}
	for _, c := range []struct {
		exclude []string
		want    map[string]string
	}{
		{[]string{"node_modules", "only"}, map[string]string{"src/x": "2", "src/y": "kept", "zz": "3"}},
		{[]string{"**/m", "only/buffers", "zz"}, map[string]string{"node_modules/new/deep/x": "new", "src/x": "2", "src/y": "kept"}},
		{[]string{"*", "!src"}, map[string]string{"src/x": "2", "src/y": "kept"}},
		{[]string{"node_modules", "!node_modules/new/deep", "only", "src", "zz"}, map[string]string{"node_modules/new/deep/x": "new"}},
		{[]string{"**"}, map[string]string{}},
	} {
		e := newEngine(t)
		e.build(t, open(t, dir, texts), fsutil.FilterOpt{ExcludePatterns: c.exclude})
		equal(t, strings.Join(c.exclude, " "), e.holds(t), c.want)
	}
}

func TestSkipDirHidesBuffers(t *testing.T) {
	dir := tree(t, map[string]string{"a/b/x": "", "a/z": "", "c": "", "d": ""})
	texts := map[string]string{"a/b/c/d/new": "1", "a/c": "2", "a/b/y": "3", "b/new": "4", "c-": "5", "n/a": "6", "n/b": "7"}
	for _, c := range []struct {
		skipAt string
		err    error
		want   []string
	}{
		{"a", fs.SkipDir, []string{"a", "b", "b/new", "c", "c-", "d", "n", "n/a", "n/b"}},
		{"a/b", fs.SkipDir, []string{"a", "a/b", "a/c", "a/z", "b", "b/new", "c", "c-", "d", "n", "n/a", "n/b"}},
		// On a file: the rest of its directory.
		{"a/b/c/d/new", fs.SkipDir, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z", "b", "b/new", "c", "c-", "d", "n", "n/a", "n/b"}},
		{"a/b/x", fs.SkipDir, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/c", "a/z", "b", "b/new", "c", "c-", "d", "n", "n/a", "n/b"}},
		{"a/c", fs.SkipDir, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "b", "b/new", "c", "c-", "d", "n", "n/a", "n/b"}},
		{"n", fs.SkipDir, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z", "b", "b/new", "c", "c-", "d", "n"}},
		{"c-", fs.SkipDir, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z", "b", "b/new", "c", "c-"}},
		{"c", fs.SkipDir, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z", "b", "b/new", "c"}},
		{"b", fs.SkipAll, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z", "b"}},
		{"a/z", fs.SkipAll, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z"}},
		{"n/a", fs.SkipAll, []string{"a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/new", "a/b/x", "a/b/y", "a/c", "a/z", "b", "b/new", "c", "c-", "d", "n", "n/a"}},
	} {
		var got []string
		must(t, open(t, dir, texts).Walk(t.Context(), "/", func(p string, _ fs.DirEntry, err error) error {
			must(t, err)
			got = append(got, filepath.ToSlash(p))
			if got[len(got)-1] == c.skipAt {
				return c.err
			}
			return nil
		}))
		equal(t, c.err.Error()+" at "+c.skipAt, got, c.want)
	}
}

func TestWalkPassesErrorsOn(t *testing.T) {
	dir := tree(t, map[string]string{"b": ""})
	mine := errors.New("mine")
	for _, at := range []string{"a", "b", "c"} {
		err := open(t, dir, map[string]string{"a": "1", "c": "2"}).Walk(t.Context(), "", func(p string, _ fs.DirEntry, _ error) error {
			if p == at {
				return mine
			}
			return nil
		})
		if err != mine {
			t.Errorf("at %s: %v", at, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := open(t, dir, map[string]string{"a": "1"}).Walk(ctx, "", func(string, fs.DirEntry, error) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestFollowedPaths(t *testing.T) {
	// COPY asks for paths to follow: through links, and with wildcards.
	dir := tree(t, map[string]string{"real/f": "old", "link": "->real", "other": "x", ".dockerignore": "->real/ignore", "real/ignore": "y"})
	texts := map[string]string{"link/f": "new", "new/f": "n", ".dockerignore": "zzz"}
	for _, c := range []struct {
		follow []string
		want   map[string]string
	}{
		{[]string{"link/f"}, map[string]string{"real/f": "new"}},
		{[]string{"new/*"}, map[string]string{"new/f": "n"}},
		{[]string{"new/f", "gone"}, map[string]string{"new/f": "n"}},
		{[]string{"n*"}, map[string]string{"new/f": "n"}},
		{[]string{".dockerignore"}, map[string]string{"real/ignore": "zzz"}},
	} {
		e := newEngine(t)
		e.build(t, open(t, dir, texts), fsutil.FilterOpt{FollowPaths: c.follow})
		equal(t, strings.Join(c.follow, " "), e.holds(t), c.want)
	}
}

func TestEqualBufferSendsNothing(t *testing.T) {
	dir := tree(t, map[string]string{"f": "text", "g": "text"})
	e := newEngine(t)
	equal(t, "first", e.build(t, open(t, dir, nil), fsutil.FilterOpt{}), []string{"f", "g"})
	saved := open(t, dir, map[string]string{"f": "text"})
	equal(t, "overlaid", saved.Overlaid(), []string(nil))
	equal(t, "with an equal buffer", e.build(t, saved, fsutil.FilterOpt{}), []string(nil))
	changed := open(t, dir, map[string]string{"f": "txet"})
	equal(t, "with a buffer of the same size", e.build(t, changed, fsutil.FilterOpt{}), []string{"f"})
	equal(t, "without the buffer", e.build(t, open(t, dir, nil), fsutil.FilterOpt{}), []string{"f"})
	equal(t, "content", e.holds(t), map[string]string{"f": "text", "g": "text"})
}

func TestNewContentOfTheSameSizeIsSent(t *testing.T) {
	dir := tree(t, map[string]string{"f": "0000"})
	w := New()
	uri := FileURI(filepath.Join(dir, "f"))
	apply(t, w, Open{URI: uri, Text: "1111"})
	e := newEngine(t)
	build := func(s *Snapshot) []string {
		c, err := NewContextFS(dir, s.Overlays(nil))
		must(t, err)
		return e.build(t, c, fsutil.FilterOpt{})
	}
	equal(t, "first", build(w.Snapshot()), []string{"f"})
	equal(t, "unchanged", build(w.Snapshot()), []string(nil))
	equal(t, "changed", build(apply(t, w, Edit{URI: uri, Changes: []Change{{nil, "2222"}}})), []string{"f"})
	equal(t, "content", e.holds(t), map[string]string{"f": "2222"})
	equal(t, "closed", build(apply(t, w, Close{URI: uri})), []string{"f"})
	equal(t, "content", e.holds(t), map[string]string{"f": "0000"})
}

func TestOverlayKeepsWhatIsNotContent(t *testing.T) {
	dir := tree(t, map[string]string{"f": "old"})
	must(t, os.Chmod(filepath.Join(dir, "f"), 0o750))
	disk, err := fsutil.NewFS(dir)
	must(t, err)
	want := statOf(t, disk, "f")
	want.Size, want.ModTime = 5, time.Unix(2e9, 1).UnixNano()
	equal(t, "stat", statOf(t, open(t, dir, map[string]string{"f": "newer"}), "f"), want)
	c := open(t, dir, map[string]string{"d/n": "newer"})
	equal(t, "new file", statOf(t, c, "d/n"), &types.Stat{Path: filepath.Join("d", "n"), Mode: newFileMode, Size: 5, ModTime: want.ModTime})
	equal(t, "new directory", statOf(t, c, "d"), &types.Stat{Path: "d", Mode: uint32(os.ModeDir | 0o755), ModTime: want.ModTime})
}

func TestHardLinks(t *testing.T) {
	for buffer, want := range map[string]map[string]string{
		"a": {"a": "new content", "b": "shared", "c": "shared", "d": "shared"},
		"b": {"a": "shared", "b": "new content", "c": "shared", "d": "shared"},
		"d": {"a": "shared", "b": "shared", "c": "shared", "d": "new content"},
	} {
		dir := tree(t, map[string]string{"a": "shared"})
		for _, name := range []string{"b", "c", "d"} {
			must(t, os.Link(filepath.Join(dir, "a"), filepath.Join(dir, name)))
		}
		texts := map[string]string{buffer: "new content"}
		e := newEngine(t)
		e.build(t, open(t, dir, texts), fsutil.FilterOpt{})
		equal(t, "buffer of "+buffer, e.holds(t), want)
		equal(t, "again, buffer of "+buffer, e.build(t, open(t, dir, texts), fsutil.FilterOpt{}), []string(nil))
	}
}

func TestSymlinks(t *testing.T) {
	elsewhere := tree(t, map[string]string{"secret": "s", "d/": ""})
	dir := tree(t, map[string]string{
		"real/f": "old", "real/g": "old", "dirlink": "->real", "filelink": "->real/g", "dangling": "->real/later",
		"out": "->" + elsewhere, "outfile": "->" + filepath.Join(elsewhere, "secret"), "loop": "->loop",
		"two": "->filelink",
	})
	c := open(t, dir, map[string]string{
		"dirlink/f": "f", "filelink": "g", "dirlink/new/n": "n", "dangling": "l",
		"out/secret": "x", "out/d/new": "x", "outfile": "x", "loop": "x", "loop/x": "x",
	})
	equal(t, "overlaid", overlaid(dir, c), []string{"dangling", "dirlink/f", "dirlink/new/n", "filelink"})
	e := newEngine(t)
	e.build(t, c, fsutil.FilterOpt{})
	equal(t, "sent", e.holds(t), map[string]string{"real/f": "f", "real/g": "g", "real/new/n": "n", "real/later": "l"})

	// The context itself by a link, the buffers by either name.
	link := filepath.Join(t.TempDir(), "ctx")
	symlink(t, dir, link)
	c, err := NewContextFS(link, buffers(dir, map[string]string{"real/f": "F"}))
	must(t, err)
	equal(t, "root", c.Root(), dir)
	equal(t, "overlaid", c.Overlaid(), []string{filepath.Join(dir, "real/f")})
	c, err = NewContextFS(dir, buffers(link, map[string]string{"real/f": "F"}))
	must(t, err)
	equal(t, "overlaid", c.Overlaid(), []string{filepath.Join(link, "real/f")})

	// One file by two names: the newer buffer counts, even if it is saved.
	newer := buffers(dir, map[string]string{"real/g": "old"})[0]
	newer.Modified = newer.Modified.Add(time.Hour)
	older := buffers(dir, map[string]string{"two": "stale"})[0]
	c, err = NewContextFS(dir, []Overlay{older, newer})
	must(t, err)
	equal(t, "overlaid", c.Overlaid(), []string(nil))
}

func TestWhatIsNoFileIsNotOverlaid(t *testing.T) {
	dir := tree(t, map[string]string{"d/x": "1", "f": "2"})
	c := open(t, dir, map[string]string{"d": "text", "f/below": "text", ".": "text", "..": "text"})
	equal(t, "overlaid", overlaid(dir, c), []string(nil))
	equal(t, "walk", walked(t, c, ""), []string{"d", "d/x", "f"})
}

// What is on disk may change between opening a context and walking it.
func TestDiskChangesBeforeTheWalk(t *testing.T) {
	dir := tree(t, map[string]string{"f": "1", "g": "1", "was-dir/x": "1"})
	c := open(t, dir, map[string]string{"f": "buffer", "g": "buffer", "was-dir/x": "b", "was-dir/y/z": "b", "new": "buffer"})
	must(t, os.Remove(filepath.Join(dir, "f")))
	must(t, os.Remove(filepath.Join(dir, "g")))
	must(t, os.Mkdir(filepath.Join(dir, "g"), 0o755))
	must(t, os.RemoveAll(filepath.Join(dir, "was-dir")))
	must(t, os.WriteFile(filepath.Join(dir, "was-dir"), []byte("now a file"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "new"), []byte("by now on disk"), 0o600))
	e := newEngine(t)
	e.build(t, c, fsutil.FilterOpt{})
	equal(t, "sent", e.holds(t), map[string]string{"f": "buffer", "was-dir": "now a file", "new": "buffer"})
}

// vanishing removes a file of the context when the walk comes to another.
type vanishing struct {
	fsutil.FS
	at   string
	then func()
}

func (v *vanishing) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	return v.FS.Walk(ctx, target, func(p string, d fs.DirEntry, err error) error {
		if p == v.at {
			v.then()
		}
		return fn(p, d, err)
	})
}

func TestFileThatVanishesWhileListed(t *testing.T) {
	dir := tree(t, map[string]string{"d/a": "1", "d/b": "2", "d/c": "3", "e": "4"})
	c := open(t, dir, map[string]string{"d/d": "5"})
	c.disk = &vanishing{c.disk, filepath.Join("d", "b"), func() { os.Remove(filepath.Join(dir, "d", "b")) }}
	want := map[string]string{"d/a": "1", "d/c": "3", "d/d": "5", "e": "4"}
	if runtime.GOOS == "windows" { // what a listing says of a file is all that is asked of it, until it is opened
		var r recorder
		c.OnError = r.onError
		defer func() { equal(t, "reported", r.paths, []string{filepath.Join(dir, "d", "b")}) }()
		want["d/b"] = ""
	}
	e := newEngine(t)
	e.build(t, c, fsutil.FilterOpt{})
	equal(t, "sent", e.holds(t), want)
}

// recorder collects what OnError is told.
type recorder struct {
	mu    sync.Mutex
	paths []string
	errs  []error
}

func (r *recorder) onError(path string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths, r.errs = append(r.paths, path), append(r.errs, err)
}

func TestUnopenableFileIsReported(t *testing.T) {
	dir := tree(t, map[string]string{"a": "1", "b": "2", "c": "3"})
	c := open(t, dir, map[string]string{"c": "33"})
	var r recorder
	c.OnError = r.onError
	// It goes when it has been listed, and before the receiver can ask for it.
	_, err := newEngine(t).transfer(t.Context(), c, fsutil.FilterOpt{Map: func(p string, _ *types.Stat) fsutil.MapResult {
		if p == "a" {
			os.Remove(filepath.Join(dir, "a"))
		}
		return fsutil.MapResultKeep
	}})
	equal(t, "reported", r.paths, []string{filepath.Join(dir, "a")})
	if !errors.Is(r.errs[0], fs.ErrNotExist) || err != nil {
		t.Errorf("errors %v, %v", r.errs, err)
	}
}

func TestOpenReports(t *testing.T) {
	dir := tree(t, map[string]string{"d/x": "1", "out": "->/etc/hostname", "in": "->d/x"})
	c := open(t, dir, nil)
	var r recorder
	c.OnError = r.onError
	for _, name := range []string{"gone", "d", "out", "in", "../x", "d/x/y"} {
		if f, err := c.Open(name); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		}
		equal(t, name, r.paths, []string{filepath.Join(dir, name)})
		r = recorder{}
	}
	// Without OnError the error is all there is.
	c.OnError = nil
	if _, err := c.Open("gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestReadErrorIsReported(t *testing.T) {
	dir := tree(t, map[string]string{"f": strings.Repeat("text", wholeUpTo)})
	c := open(t, dir, nil)
	var r recorder
	c.OnError = r.onError
	f, err := c.Open("f")
	must(t, err)
	f.(*reportingFile).File.Close() // as good as a disk that breaks
	if _, err := io.Copy(io.Discard, f); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	equal(t, "reported", r.paths, []string{filepath.Join(dir, "f")})
}

func TestOpenReadsWhatWalkShowed(t *testing.T) {
	dir := tree(t, map[string]string{"d/x": "disk", "d/y": "disk"})
	c := open(t, dir, map[string]string{"d/x": "buffer"})
	for name, want := range map[string]string{"d/x": "buffer", "d/y": "disk", "./d/../d/x": "buffer"} {
		f, err := c.Open(name)
		must(t, err)
		data, err := io.ReadAll(f)
		must(t, err)
		must(t, f.Close())
		equal(t, name, string(data), want)
	}
}

func TestEncodingsOfFiles(t *testing.T) {
	const bom = "\xEF\xBB\xBF"
	dir := tree(t, map[string]string{
		"bom-saved": bom + "text", "bom-changed": bom + "text", "latin1": "caf\xe9", "utf16": "\xff\xfea\x00", "utf8": "café",
	})
	c := open(t, dir, map[string]string{
		"bom-saved": "text", "bom-changed": "new", "latin1": "café", "utf16": "a", "utf8": "cafés",
	})
	equal(t, "overlaid", overlaid(dir, c), []string{"bom-changed", "utf8"})
	equal(t, "not UTF-8", c.NotUTF8(), []string{filepath.Join(dir, "latin1"), filepath.Join(dir, "utf16")})
	e := newEngine(t)
	e.build(t, c, fsutil.FilterOpt{})
	equal(t, "sent", e.holds(t), map[string]string{
		"bom-saved": bom + "text", "bom-changed": bom + "new", "latin1": "caf\xe9", "utf16": "\xff\xfea\x00", "utf8": "cafés",
	})
}

func TestContextThatIsNone(t *testing.T) {
	dir := tree(t, map[string]string{"f": ""})
	for _, root := range []string{"gone", "f"} {
		if _, err := NewContextFS(filepath.Join(dir, root), nil); err == nil {
			t.Errorf("%s is a context", root)
		}
	}
	// One that goes later is an error, not an empty context.
	c := open(t, dir, nil)
	must(t, os.RemoveAll(dir))
	if err := c.Walk(t.Context(), "/", func(string, fs.DirEntry, error) error { return nil }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("walk: %v", err)
	}
}

func TestConcurrentTransfers(t *testing.T) {
	dir := tree(t, map[string]string{"a/x": "1", "b": "2"})
	c := open(t, dir, map[string]string{"a/x": "11", "a/y": "22"})
	want := map[string]string{"a/x": "11", "a/y": "22", "b": "2"}
	engines := []*engine{newEngine(t), newEngine(t), newEngine(t)}
	var g errgroup.Group
	for _, e := range engines {
		g.Go(func() error { _, err := e.transfer(t.Context(), c, fsutil.FilterOpt{}); return err })
	}
	must(t, g.Wait())
	for _, e := range engines {
		equal(t, "sent", e.holds(t), want)
	}
}
