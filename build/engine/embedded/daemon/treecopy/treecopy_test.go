//go:build linux && !portable

package treecopy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	fscopy "github.com/tonistiigi/fsutil/copy"
	"golang.org/x/sys/unix"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// TestAsBuildKit copies random trees into random snapshots, and has BuildKit's copier do the
// same: what is seen of the snapshot afterwards, and what it keeps as its own, must be the
// same in everything that an image tells.
func TestAsBuildKit(t *testing.T) {
	enginetest.Need(t, "root", os.Geteuid() == 0, "sudo")
	defer syscall.Umask(syscall.Umask(0)) // as in the engine
	fscopy.UmaskIsZero = true
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil { // it is a tenth of the time
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	copied, whole := 0, 0
	refused := map[string]int{}
	rounds := 100
	if enginetest.Long() {
		rounds = 1000
	}
	for i := range uint64(rounds) {
		p := &planter{T: t, Rand: rand.New(rand.NewPCG(seed, i))}
		o, ours, theirs, src := p.scene(filepath.Join(dir, fmt.Sprint(i)))
		describe := fmt.Sprintf("seed %d, round %d: %+v", seed, i, o)
		err := Copy(t.Context(), src, ours.mounts(), o)
		failed := theirs.mounted(t, func(root string) error { return o.reference(t, src, root) })
		switch {
		case errors.Is(err, errUnusual):
			refused[reason(err)]++
			continue
		case (err == nil) != (failed == nil):
			t.Fatalf("%s: %v, BuildKit: %v", describe, err, failed)
		case err != nil:
			refused[reason(err)]++
			continue
		}
		copied++
		if _, err := os.Stat(filepath.Join(ours.lower, o.Dest)); err != nil {
			whole++
		}
		for _, look := range []func(*snapshotDir) string{
			func(s *snapshotDir) (tree string) {
				s.mounted(t, func(root string) error { tree = treeOf(t, root); return nil })
				return tree
			},
			func(s *snapshotDir) string { return treeOf(t, s.upper) },
		} {
			if a, b := look(ours), look(theirs); a != b {
				t.Fatalf("%s:\n%s", describe, difference(a, b))
			}
		}
	}
	t.Logf("%d copied, of which %d to where there was nothing; refused: %v", copied, whole, refused)
	if whole < rounds/6 || copied-whole < rounds/10 {
		t.Error("this shows little")
	}
}

func reason(err error) string {
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+1:]
}

// reference is BuildKit's own copy.
func (o Options) reference(t *testing.T, src, root string) error {
	o.Src, o.Dest = filepath.Join("/", o.Src), cleanPath(o.Dest)
	return o.copyBut(t.Context(), src, root, nil)
}

// A snapshotDir is a snapshot as the overlay snapshotter keeps it; without a lower directory
// it is one of nothing.
type snapshotDir struct{ lower, upper, work string }

func (s *snapshotDir) mounts() []mount.Mount {
	if s.lower == "" {
		return []mount.Mount{{Type: "bind", Source: s.upper, Options: []string{"rw", "rbind"}}}
	}
	return []mount.Mount{{Type: "overlay", Source: "overlay", Options: []string{"index=off", "workdir=" + s.work, "upperdir=" + s.upper, "lowerdir=" + s.lower}}}
}

func (s *snapshotDir) mounted(t *testing.T, do func(root string) error) error {
	t.Helper()
	target, err := openTarget(s.mounts())
	if err != nil {
		t.Fatal(err)
	}
	err = do(target.root)
	if err := target.unmount(); err != nil {
		t.Fatal(err)
	}
	return err
}

// aBillion seconds are what planted files have their times below: it is 2001.
const aBillion = 1e9

// A planter makes random trees.
type planter struct {
	*testing.T
	*rand.Rand
	n int
}

func (p *planter) ok(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *planter) chance(percent int) bool { return p.IntN(100) < percent }

// scene is what is copied, from src into two snapshots that are alike.
func (p *planter) scene(dir string) (o Options, ours, theirs *snapshotDir, src string) {
	src = filepath.Join(dir, "src")
	p.tree(src, 3, 5)
	p.tree(filepath.Join(src, "sub"), 2, 5)
	p.ok(os.Symlink("sub", filepath.Join(src, "to-sub")))
	o = Options{Src: []string{"/", ".", "sub", "to-sub", "sub/"}[p.IntN(5)], Follow: p.chance(90), Replace: p.chance(20)}
	o.Dest = []string{"/", "/app", "/app/", "/new", "/new/er/", "/link", "/app/d0", "/link/d1"}[p.IntN(8)]
	if p.chance(3) {
		o.Dest = "/file"
	}
	if p.chance(20) {
		o.Owner = &fscopy.User{UID: p.IntN(3) * 500, GID: p.IntN(3) * 500}
	}
	if p.chance(10) {
		mode := p.IntN(0o10000)
		o.Mode = &mode
	}
	if p.chance(10) {
		when := time.Unix(int64(p.IntN(aBillion)), 5)
		o.Time = &when
	}
	lower := ""
	if p.chance(85) {
		lower = filepath.Join(dir, "lower")
		p.tree(lower, 1, 3)
		p.tree(filepath.Join(lower, "app"), 2, 2)
		p.ok(os.Symlink("app", filepath.Join(lower, "link")))
		p.ok(os.WriteFile(filepath.Join(lower, "file"), nil, 0o600))
	}
	snapshot := func(name string) *snapshotDir {
		s := &snapshotDir{lower, filepath.Join(dir, name, "fs"), filepath.Join(dir, name, "work")}
		p.ok(errors.Join(os.MkdirAll(s.upper, 0o755), os.MkdirAll(s.work, 0o711)))
		return s
	}
	return o, snapshot("ours"), snapshot("theirs"), src
}

// tree plants a directory.
func (p *planter) tree(dir string, depth, width int) {
	p.ok(os.MkdirAll(dir, 0o755))
	for i := range p.IntN(width + 1) {
		p.file(filepath.Join(dir, fmt.Sprint("f", i)))
	}
	if p.chance(10) {
		p.file(filepath.Join(dir, []string{"a b", "*", "!x", "größe", "new\nline", "\xff", "[a]", "#"}[p.IntN(8)]))
	}
	for i := range p.IntN(width) {
		if depth == 0 {
			break
		}
		name := fmt.Sprint("d", i)
		if p.chance(5) {
			name = []string{"a b", "*", "!x", "größe", "\xff"}[p.IntN(5)]
		}
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			p.tree(filepath.Join(dir, name), depth-1, width)
		}
	}
	p.describe(dir)
}

func (p *planter) file(path string) {
	p.n++
	switch {
	case p.chance(10):
		p.ok(os.Symlink(fmt.Sprint("f", p.IntN(3)), path))
	case p.IntN(500) == 0:
		p.ok(unix.Mkfifo(path, 0o644))
	default:
		size := p.IntN(100)
		if p.chance(5) {
			size = []int{0, bufferSize - 1, bufferSize, bufferSize + 1, 3 * bufferSize}[p.IntN(5)]
		}
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(p.Uint32())
		}
		p.ok(os.WriteFile(path, data, 0o644))
		if p.chance(1) {
			second := []string{path, filepath.Dir(path)}[p.IntN(2)] + ".link"
			if _, err := os.Lstat(second); err != nil {
				p.ok(os.Link(path, second))
			}
		}
	}
	p.describe(path)
}

// describe gives a file some metadata.
func (p *planter) describe(path string) {
	if p.chance(30) {
		p.ok(os.Lchown(path, p.IntN(3)*500, p.IntN(3)*500))
	}
	fi, err := os.Lstat(path)
	p.ok(err)
	if fi.Mode().Type() != fs.ModeSymlink {
		if p.chance(30) {
			p.ok(unix.Chmod(path, uint32(p.IntN(0o10000))))
		}
		if p.chance(5) && fi.Mode().Type() != fs.ModeNamedPipe {
			if err := unix.Setxattr(path, "user.note", fmt.Append(nil, p.n), 0); err != unix.ENOTSUP { // before Linux 6.6
				p.ok(err)
			}
		}
		if p.chance(2) && fi.Mode().IsRegular() {
			p.ok(unix.Setxattr(path, "security.capability", []byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0))
		}
		if p.chance(2) && fi.IsDir() { // an access control list that is handed on
			p.ok(unix.Setxattr(path, "system.posix_acl_default", []byte("\x02\x00\x00\x00\x01\x00\x07\x00\xff\xff\xff\xff\x04\x00\x05\x00\xff\xff\xff\xff\x20\x00\x05\x00\xff\xff\xff\xff"), 0))
		}
	}
	times := []unix.Timespec{{Sec: int64(p.IntN(aBillion)), Nsec: int64(p.IntN(1e9))}, {Sec: int64(p.IntN(aBillion)), Nsec: int64(p.IntN(1e9))}}
	p.ok(unix.UtimesNanoAt(unix.AT_FDCWD, path, times, unix.AT_SYMLINK_NOFOLLOW))
}

// treeOf is all that an image could tell of a directory. Times of now are all
// alike.
func treeOf(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	inodes := map[uint64]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		rel := strings.TrimPrefix(path, root)
		modified := fmt.Sprint(st.Mtim)
		if st.Mtim.Sec > aBillion {
			modified = "now"
		}
		fmt.Fprintf(&b, "%q %o %d:%d links %d modified %s", rel, st.Mode, st.Uid, st.Gid, st.Nlink, modified)
		switch {
		case d.Type().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d bytes %x", len(data), sha256.Sum256(data))
			if first, ok := inodes[st.Ino]; ok && st.Nlink > 1 {
				fmt.Fprintf(&b, " is %q", first)
			} else {
				inodes[st.Ino] = rel
			}
		case d.Type() == fs.ModeSymlink:
			to, _ := os.Readlink(path)
			fmt.Fprintf(&b, " to %q", to)
		}
		names, err := attributes(func(b []byte) (int, error) { return unix.Llistxattr(path, b) })
		if err != nil {
			return err
		}
		slices.Sort(names)
		value := make([]byte, 1000)
		for _, name := range names {
			if isOverlays(name) && name != "trusted.overlay.opaque" { // only that one says what is seen
				continue
			}
			n, err := unix.Lgetxattr(path, name, value)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %s=%x", name, value[:n])
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// difference are the lines that only one of two has.
func difference(ours, theirs string) string {
	var b strings.Builder
	for _, both := range [][3]string{{"ours", ours, theirs}, {"BuildKit's", theirs, ours}} {
		for line := range strings.Lines(both[1]) {
			if !strings.Contains("\n"+both[2], "\n"+line) {
				fmt.Fprintf(&b, "%s: %s", both[0], line)
			}
		}
	}
	return b.String()
}
