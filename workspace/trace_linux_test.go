//go:build !portable

package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sys/unix"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// Ten thousand random operations on files, or a tenth of them, each in a context of its own:
// wherever a trace still holds, a fresh walk must show all that the traced one showed, contents
// included; and it must hold wherever nothing was done that a build would see.
func TestTraceRandom(t *testing.T) {
	for _, half := range []string{"one half", "the other"} {
		t.Run(half, func(t *testing.T) {
			t.Parallel()
			traceRandom(t, enginetest.Some(500), 10)
		})
	}
}

func traceRandom(t *testing.T, contexts, rounds int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &mutator{T: t, Rand: rand.New(rand.NewPCG(seed, 0))}
	dirs := make([]string, contexts)
	base := t.TempDir()
	for i := range dirs {
		dirs[i] = filepath.Join(base, fmt.Sprint(i))
		r.plant(dirs[i])
	}
	held, changed, told := 0, 0, 0
	traces, before := make([]*Trace, contexts), make([]string, contexts)
	for range rounds {
		for i, dir := range dirs {
			if traces[i] == nil {
				traces[i], before[i] = settledTrace(t, func() *ContextFS { return disk(t, dir) })
			}
		}
		for i, dir := range dirs {
			op, harmless := r.mutate(dir)
			_, after := shown(t, disk(t, dir))
			holds, changes, trace := traces[i].Holds(t.Context(), disk(t, dir)), traces[i].Changes(t.Context(), disk(t, dir)), traces[i]
			traces[i] = nil
			if changes != nil && !changes.Empty() {
				told++
				if updated := withChanges(t, before[i], changes); updated != after {
					t.Fatalf("seed %d: after %s a walk shows\n%s\nand what it showed before, with the changes %q,\n%s", seed, op, after, changes.paths, updated)
				}
				traces[i], before[i] = changes.Trace, after
			}
			if trace.stale() { // it was made of changes: what had not settled counts as changed
				continue
			}
			switch {
			case holds && before[i] != after:
				t.Fatalf("seed %d: after %s the trace holds, and a walk shows\n%s\ninstead of\n%s", seed, op, after, before[i])
			case !holds && harmless && before[i] == after:
				t.Fatalf("seed %d: the trace does not hold after %s", seed, op)
			}
			if holds {
				held++
			} else {
				changed++
			}
		}
	}
	t.Logf("%d held, %d did not; %d times the changes were told", held, changed, told)
	if held < contexts*rounds/20 || changed < contexts*rounds/3 || told < contexts*rounds/10 {
		t.Error("this shows little")
	}
}

// stale says whether a trace has identities that no file has.
func (t *Trace) stale() bool {
	return slices.ContainsFunc(t.dirs, func(d *tracedDir) bool { return slices.Contains(d.ids, unsettled) })
}

// withChanges is what was shown, with changes in the place of what they change.
func withChanges(t *testing.T, before string, changes *Changes) string {
	t.Helper()
	lines := strings.SplitAfter(before, "\n")
	err := changes.Walk(t.Context(), "", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		now, err := shownEntry(changes.context, path, d)
		if err != nil {
			return err
		}
		for i, line := range lines {
			if strings.HasPrefix(line, fmt.Sprintf("%q ", path)) {
				lines[i] = now
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "")
}

// shownEntry is a line for a file or directory.
func shownEntry(c *ContextFS, path string, d fs.DirEntry) (string, error) {
	fi, err := d.Info()
	if err != nil {
		return "", err
	}
	stat := fi.Sys().(*types.Stat)
	line := fmt.Sprintf("%q %v %d %d %d %d %q %q", stat.Path, fs.FileMode(stat.Mode), stat.Uid, stat.Gid, stat.Size, stat.ModTime, stat.Linkname, stat.Xattrs)
	if fi.Mode().IsRegular() {
		data, err := os.ReadFile(filepath.Join(c.root, path))
		line += fmt.Sprintf(" %q %v", data, err)
	}
	return line + "\n", nil
}

// Buffers count where their files would be sent, and nowhere else.
func TestTraceBuffers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"shown.go", "hidden.log", "linked.log"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "linked.log"), filepath.Join(dir, "linked.go")); err != nil {
		t.Fatal(err)
	}
	with := func(buffers ...string) *ContextFS {
		var overlays []Overlay
		for _, b := range buffers {
			name, text, _ := strings.Cut(b, ":")
			overlays = append(overlays, Overlay{Path: filepath.Join(dir, name), Data: []byte(text), Modified: time.Unix(int64(len(text)), 0)})
		}
		c, err := NewContextFS(dir, overlays)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		before, after []string
		holds         bool
		changes       string // files, and what is in them now; "" none, or it can't be told
	}{
		{nil, nil, true, ""},
		{[]string{"shown.go:a"}, []string{"shown.go:a"}, true, ""},
		{[]string{"shown.go:a"}, []string{"shown.go:bc"}, false, "shown.go:bc"},
		{[]string{"shown.go:a"}, nil, false, "shown.go:shown.go"},
		{nil, []string{"shown.go:a"}, false, "shown.go:a"},
		{nil, []string{"shown.go:shown.go"}, true, ""}, // saved
		{nil, []string{"hidden.log:a"}, true, ""},
		{[]string{"hidden.log:a"}, []string{"hidden.log:bc"}, true, ""},
		{[]string{"hidden.log:a"}, nil, true, ""},
		{nil, []string{"linked.log:a"}, false, ""}, // the other name is no longer a second one
		{nil, []string{"new.log:a"}, false, ""},    // which can't be told from one that is shown
		{nil, []string{"sub/new.go:a"}, false, ""},
		{[]string{"new.go:a"}, []string{"new.go:a"}, true, ""},
	} {
		trace, _ := settledTrace(t, func() *ContextFS { return with(c.before...) })
		if got := trace.Holds(t.Context(), with(c.after...)); got != c.holds {
			t.Errorf("buffers %q, then %q: holds %t", c.before, c.after, got)
		}
		if got := read(t, trace.Changes(t.Context(), with(c.after...))); got != c.changes {
			t.Errorf("buffers %q, then %q: the changes are %q", c.before, c.after, got)
		}
	}
}

// read is what is in changed files, with their names.
func read(t *testing.T, changes *Changes) (all string) {
	t.Helper()
	if changes == nil {
		return ""
	}
	err := changes.Walk(t.Context(), "", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		f, err := changes.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if int64(len(data)) != fi.Size() {
			t.Errorf("%s has %d bytes, and shows %d", path, len(data), fi.Size())
		}
		all += path + ":" + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A changed file that is gone when it is to be told of makes for an error, and not for a file
// that has not changed.
func TestChangedFileVanishes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	trace, _ := settledTrace(t, func() *ContextFS { return disk(t, dir) })
	if err := os.WriteFile(path, []byte("bc"), 0o644); err != nil {
		t.Fatal(err)
	}
	changes := trace.Changes(t.Context(), disk(t, dir))
	if got := read(t, changes); got != "file:bc" {
		t.Errorf("the changes are %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := changes.Walk(t.Context(), "", func(string, fs.DirEntry, error) error { return nil }); err == nil {
		t.Error("nothing is said of a file that is gone")
	}
}

func disk(t testing.TB, dir string) *ContextFS {
	t.Helper()
	c, err := NewContextFS(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// settledTrace traces until what is there has settled.
func settledTrace(t testing.TB, open func() *ContextFS) (*Trace, string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 30*time.Second; {
		if trace, shown := shown(t, open()); !trace.unsure && !trace.stale() {
			return trace, shown
		}
	}
	t.Fatal("what was written does not settle")
	return nil, ""
}

// shown is what a build would send of a context, what is in its files on disk included, and
// the trace of it.
func shown(t testing.TB, c *ContextFS) (*Trace, string) {
	t.Helper()
	trace := c.Trace()
	filtered, err := fsutil.NewFilterFS(c, &fsutil.FilterOpt{ExcludePatterns: []string{"out", "*.log", "!keep.log"}, FollowPaths: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = filtered.Walk(context.Background(), "", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		line, err := shownEntry(c, path, d)
		b.WriteString(line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return trace, b.String()
}

// A mutator does to files what authors and their tools do.
type mutator struct {
	*testing.T
	*rand.Rand
	n int
}

func (m *mutator) ok(err error) {
	m.Helper()
	// Two names may be of one file, or the one lie in the other.
	if err != nil && !slices.ContainsFunc([]error{fs.ErrExist, fs.ErrNotExist, syscall.EINVAL, syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY, syscall.ENODATA, syscall.EPERM, syscall.ELOOP, syscall.ETXTBSY},
		func(e error) bool { return errors.Is(err, e) }) {
		m.Fatal(err)
	}
}

// plant makes a context.
func (m *mutator) plant(dir string) {
	for _, sub := range []string{"", "src/pkg", "out"} {
		m.ok(os.MkdirAll(filepath.Join(dir, sub), 0o755))
	}
	for _, name := range []string{"main.go", "src/a.go", "src/pkg/b.go", "out/x", "trace.log", "keep.log"} {
		m.ok(os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
	}
	m.ok(os.Symlink("a.go", filepath.Join(dir, "src/link")))
	m.ok(os.Link(filepath.Join(dir, "main.go"), filepath.Join(dir, "src/second")))
}

// somePaths are a file, anything and a directory of a context, of those that a build sees.
func (m *mutator) somePaths(dir string) (file, other, sub string) {
	var files, all, dirs []string
	m.ok(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || path == dir || d.Name() == "trace.log":
			return err
		case d.Name() == "out":
			return fs.SkipDir
		case d.IsDir():
			dirs = append(dirs, path)
		case d.Type().IsRegular():
			files = append(files, path)
		}
		all = append(all, path)
		return nil
	}))
	some := func(paths []string) string {
		if len(paths) == 0 {
			return filepath.Join(dir, "none")
		}
		return paths[m.IntN(len(paths))]
	}
	return some(files), some(all), some(dirs)
}

// mutate does one thing, and says what. Harmless is what a build does not see.
func (m *mutator) mutate(dir string) (op string, harmless bool) {
	m.n++
	file, other, sub := m.somePaths(dir)
	fresh := filepath.Join(sub, fmt.Sprint("new", m.n))
	if _, err := os.Stat(sub); err != nil {
		fresh = filepath.Join(dir, filepath.Base(fresh))
	}
	ops := []struct {
		name string
		do   func() error
	}{
		{"nothing", func() error { return nil }},
		{"read", func() error { _, err := os.ReadFile(file); return err }},
		{"write what is excluded", func() error { return os.WriteFile(filepath.Join(dir, "trace.log"), fmt.Append(nil, m.n), 0o644) }},
		{"create where it is excluded", func() error { return os.WriteFile(filepath.Join(dir, "out", fmt.Sprint(m.n)), nil, 0o644) }},
		{"create", func() error { return os.WriteFile(fresh, fmt.Append(nil, m.n), 0o644) }},
		{"write", func() error { return os.WriteFile(file, fmt.Append(nil, m.n), 0o644) }},
		{"write, with the same size and time", func() error { return keepingTimes(file, func() error { return overwrite(file, byte('a'+m.n%26)) }) }},
		{"append", func() error { return appendTo(file, "x") }},
		{"truncate", func() error { return os.Truncate(file, int64(m.IntN(4))) }},
		{"write through memory", func() error { return mapped(file, byte('A'+m.n%26)) }},
		{"save by renaming", func() error {
			return errors.Join(os.WriteFile(file+".tmp", fmt.Append(nil, m.n), 0o644), os.Rename(file+".tmp", file))
		}},
		{"rename", func() error { return os.Rename(other, fresh) }},
		{"rename over another", func() error { return os.Rename(file, other) }},
		{"unlink", func() error { return os.Remove(file) }},
		{"mkdir", func() error { return os.Mkdir(fresh, 0o755) }},
		{"rmdir", func() error { return os.Remove(sub) }},
		{"rm -r", func() error { return os.RemoveAll(other) }},
		{"chmod", func() error { return os.Chmod(other, fs.FileMode(0o700+m.IntN(64))) }},
		{"chown", func() error { return os.Lchown(other, m.IntN(9), m.IntN(9)) }},
		{"setxattr", func() error { return unix.Lsetxattr(other, "user.n", fmt.Append(nil, m.n), 0) }},
		{"removexattr", func() error { return unix.Lremovexattr(other, "user.n") }},
		{"symlink", func() error { return os.Symlink(file, fresh) }},
		{"relink", func() error { return errors.Join(os.Remove(other), os.Symlink(fmt.Sprint(m.n), other)) }},
		{"link", func() error { return os.Link(file, fresh) }},
		{"link over", func() error { return errors.Join(os.Remove(other), os.Link(file, other)) }},
		{"touch -d", func() error { return os.Chtimes(other, time.Unix(int64(m.n), 0), time.Unix(int64(m.n), 0)) }},
		{"replace a directory", func() error {
			return errors.Join(os.Rename(sub, sub+".old"), os.Mkdir(sub, 0o755), os.RemoveAll(sub+".old"))
		}},
		{"replace a directory by a file", func() error { return errors.Join(os.RemoveAll(sub), os.WriteFile(sub, nil, 0o644)) }},
		{"replace a file by a directory", func() error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o755)) }},
		{"exchange", func() error { return unix.Renameat2(unix.AT_FDCWD, file, unix.AT_FDCWD, other, unix.RENAME_EXCHANGE) }},
		{"mkfifo", func() error { return syscall.Mkfifo(fresh, 0o644) }},
	}
	i := m.IntN(len(ops))
	m.ok(ops[i].do())
	if m.IntN(10) == 0 { // else little is left in the end
		m.ok(os.RemoveAll(dir))
		m.plant(dir)
		return ops[i].name + " and all anew", false
	}
	return fmt.Sprintf("%s (%s, %s, %s, %s)", ops[i].name, file, other, sub, fresh), i < 4
}

func overwrite(path string, b byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strings.Repeat(string(b), len(data))), 0)
	return errors.Join(err, f.Close())
}

func keepingTimes(path string, do func() error) error {
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(do(), os.Chtimes(path, fi.ModTime(), fi.ModTime()))
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	return errors.Join(err, f.Close())
}

// mapped writes the first byte of a file through memory.
func mapped(path string, b byte) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || fi.Size() == 0 {
		return err
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, 1, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	mem[0] = b
	return unix.Munmap(mem)
}
