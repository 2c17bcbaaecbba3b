//go:build linux && !portable

// Package treecopy is BuildKit's copy of a directory into a snapshot (its
// solver/llbsolver/file, by way of fsutil/copy), made in parallel.
//
// BuildKit copies through a mount, one file after the other, and unmounting it has the disk
// written. For a `COPY . .` of 100,000 files, that is nearly all of the time. Most of what such
// a step copies goes where nothing is yet. This package writes that part where the snapshot
// keeps its files, on all cores and without a mount. fsutil itself does the rest: what is
// created on the way to it, and what meets something that is there.
//
// Whatever is unusual is refused. The caller then has BuildKit do it, and if that fails too,
// the error is BuildKit's. TestAsBuildKit compares the two on random trees, and
// TestCopyAsBuildkitd compares layers with those of a buildkitd.
//
// The disk is written afterwards: see flush.go of the package daemon.
//
// Links instead of copies were tried and not taken. They halve the time, but then a file of two
// layers is one file with two names, for everything that looks at them.
package treecopy

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/continuity/fs"
	"github.com/moby/buildkit/snapshot"
	fscopy "github.com/tonistiigi/fsutil/copy"
	"golang.org/x/sys/unix"
)

// Options say what is copied to where, as a pb.FileActionCopy does.
type Options struct {
	Src, Dest string // paths in the source's and in the snapshot's root
	Owner     *fscopy.User
	Mode      *int       // permissions, and the set-id and sticky bits
	Time      *time.Time // instead of the files' own
	Follow    bool       // that Src may be a link
	Replace   bool       // what is in the way, whatever it is
}

// errUnusual is wrapped by what is refused.
var errUnusual = errors.New("not copied in parallel")

func unusual(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUnusual, fmt.Sprintf(format, args...))
}

// maxGrafts bounds what fsutil has to match each file with.
const maxGrafts = 100

// A graft is a directory that is copied to where there is none.
type graft struct {
	from, to string // absolute; in the snapshot's root
	whole    bool   // all that is copied: to is there, with its metadata, and empty
}

// Copy copies what is in the directory o.Src of srcRoot into the snapshot whose mounts are
// dest. Nobody else may have it mounted. After an error the snapshot is of no use.
func Copy(ctx context.Context, srcRoot string, dest []mount.Mount, o Options) error {
	o.Src, o.Dest = filepath.Join("/", o.Src), cleanPath(o.Dest)
	from, err := o.source(srcRoot)
	if err != nil {
		return err
	}
	target, err := openTarget(dest)
	if err != nil {
		return err
	}
	grafts, err := o.plant(ctx, target.root, srcRoot, from)
	if err := errors.Join(err, target.unmount()); err != nil {
		return err
	}
	for _, g := range grafts {
		if err := o.fill(ctx, g.from, filepath.Join(target.files, g.to), g.whole); err != nil {
			return err
		}
	}
	for _, g := range grafts {
		if g.whole {
			break // its time is set
		}
		if err := o.setTime(filepath.Dir(g.from), filepath.Join(target.files, filepath.Dir(g.to))); err != nil {
			return err
		}
	}
	return nil
}

// Check refuses what is no directory, before anything is made for it.
func (o Options) Check(srcRoot string) error {
	_, err := o.source(srcRoot)
	return err
}

func (o Options) source(root string) (string, error) {
	src := filepath.Join("/", o.Src)
	dir, name := filepath.Split(src)
	if o.Follow {
		dir, name = src, ""
	}
	dir, err := fs.RootPath(root, dir)
	if err != nil {
		return "", err
	}
	from := filepath.Join(dir, name)
	if fi, err := os.Lstat(from); err != nil || !fi.IsDir() {
		return "", unusual("%s is no directory", o.Src)
	}
	return from, nil
}

// plant has fsutil copy, into the mounted root, all but what is to be grafted.
func (o *Options) plant(ctx context.Context, root, srcRoot, from string) ([]graft, error) {
	to, err := fs.RootPath(root, o.Dest)
	if err != nil {
		return nil, err
	}
	switch fi, err := os.Stat(to); {
	case errors.Is(err, iofs.ErrNotExist):
		err := o.copyBut(ctx, srcRoot, root, []string{"*"})
		return []graft{{from, strings.TrimPrefix(to, root), true}}, err
	case err != nil:
		return nil, err
	case !fi.IsDir():
		return nil, unusual("%s is no directory", o.Dest)
	}
	fresh, err := freshIn(from, to, "")
	if err != nil {
		return nil, err
	}
	if len(fresh) > maxGrafts {
		fresh = nil // fsutil copies all
	}
	if err := o.copyBut(ctx, srcRoot, root, fresh); err != nil {
		return nil, err
	}
	var grafts []graft
	for _, rel := range fresh {
		// Through the mount, which knows what it takes to hide what is below.
		if err := os.Mkdir(filepath.Join(to, rel), 0o700); err != nil {
			return nil, err
		}
		grafts = append(grafts, graft{from: filepath.Join(from, rel), to: strings.TrimPrefix(filepath.Join(to, rel), root)})
	}
	return grafts, nil
}

// copyBut is the function docopy of BuildKit's solver/llbsolver/file, but for what is excluded.
func (o *Options) copyBut(ctx context.Context, srcRoot, root string, excluded []string) error {
	return fscopy.Copy(ctx, srcRoot, o.Src, root, o.Dest, func(ci *fscopy.CopyInfo) {
		ci.ExcludePatterns = excluded
		ci.Chown = func(old *fscopy.User) (*fscopy.User, error) {
			if o.Owner != nil {
				return o.Owner, nil
			}
			return old, nil
		}
		ci.Utime = o.Time
		ci.Mode = o.Mode
		ci.CopyDirContents = true
		ci.FollowLinks = o.Follow
		ci.AlwaysReplaceExistingDestPaths = o.Replace
	}, fscopy.WithXAttrErrorHandler(func(_, _, _ string, err error) error { return unusual("%v", err) }))
}

// freshIn are the directories below from, relative to it, for which there is nothing in to.
func freshIn(from, to, rel string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(from, rel))
	if err != nil {
		return nil, err
	}
	var fresh []string
	for _, e := range entries {
		path := filepath.Join(rel, e.Name())
		if !e.IsDir() || !isPlainPattern(path) {
			continue
		}
		fi, err := os.Lstat(filepath.Join(to, path))
		switch {
		case errors.Is(err, iofs.ErrNotExist):
			fresh = append(fresh, path)
		case err != nil:
			return nil, err
		case fi.IsDir():
			below, err := freshIn(from, to, path)
			if err != nil {
				return nil, err
			}
			fresh = append(fresh, below...)
		}
		if len(fresh) > maxGrafts {
			break
		}
	}
	return fresh, nil
}

// isPlainPattern says whether a path, as a pattern, means that path and nothing else.
func isPlainPattern(path string) bool {
	return strings.IndexFunc(path, func(r rune) bool {
		return r == unicode.ReplacementChar || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-@+", r)
	}) < 0
}

// A target is a snapshot that is copied to.
type target struct {
	root    string // where it is mounted
	files   string // where its own files are kept
	unmount func() error
}

// openTarget mounts a snapshot. Overlayfs is told to leave the disk alone (the option
// volatile): what is written next is not on it either, see the caller.
func openTarget(mounts []mount.Mount) (*target, error) {
	if len(mounts) != 1 {
		return nil, unusual("the snapshot has %d mounts", len(mounts))
	}
	m := mounts[0]
	switch {
	case m.Type == "bind" && !slices.Contains(m.Options, "ro"):
		return &target{m.Source, m.Source, func() error { return nil }}, nil
	case m.Type != "overlay":
		return nil, unusual("the snapshot is a mount of type %s", m.Type)
	}
	option := func(name string) string {
		for _, o := range m.Options {
			if value, ok := strings.CutPrefix(o, name+"="); ok {
				return value
			}
		}
		return ""
	}
	upper, work := option("upperdir"), option("workdir")
	if upper == "" || work == "" {
		return nil, unusual("the snapshot cannot be written to")
	}
	volatile := m
	volatile.Options = append(slices.Clone(m.Options), "volatile")
	mounter := snapshot.LocalMounterWithMounts([]mount.Mount{volatile})
	root, err := mounter.Mount()
	if err != nil { // before Linux 5.10
		mounter = snapshot.LocalMounterWithMounts(mounts)
		if root, err = mounter.Mount(); err != nil {
			return nil, err
		}
	}
	return &target{root, upper, func() error {
		// What it leaves would have it never mounted again.
		return errors.Join(mounter.Unmount(), os.RemoveAll(filepath.Join(work, "work", "incompat")))
	}}, nil
}

// setTime gives a directory the times that its source has.
func (o *Options) setTime(from, to string) error {
	var st unix.Stat_t
	if err := unix.Lstat(from, &st); err != nil {
		return &os.PathError{Op: "lstat", Path: from, Err: err}
	}
	return o.setTimes(unix.AT_FDCWD, to, &st)
}

// cleanPath is the function of this name in BuildKit's solver/llbsolver/file: how a path ends
// decides what is created.
func cleanPath(s string) string {
	clean := filepath.Join("/", s)
	end := "" // how s ends
	switch {
	case strings.HasSuffix(s, "/."):
		end = "/."
	case strings.HasSuffix(s, "/"):
		end = "/"
	}
	return strings.TrimSuffix(clean, "/") + end
}
