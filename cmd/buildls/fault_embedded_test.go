package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A database of the embedded engine that is broken is set aside, which the author is told
// once, and the build goes on without a cache.
func TestBrokenDatabase(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	root := filepath.Join(dir, "buildls", "engine")
	a := newAuthor(t, s.env, workspace(t, "Dockerfile", "FROM scratch\n"))
	text := base(t) + "RUN echo " + dir + "\n"
	a.build(text, nil)
	said := 0
	for _, c := range []struct {
		database string
		how      func(data []byte) []byte
	}{
		{"cache.db", cut},
		{"cache.db", garbage},
		{"runc-*/metadata_v2.db", garbageInside},
		{"runc-*/containerdmeta.db", garbageInside},
		{"runc-*/containerdmeta.db", empty},
		{"runc-*/snapshots/metadata.db", cut},
		{"history.db", cut},
	} {
		name := c.database
		endEngine(t, dir)
		spoil(t, filepath.Join(root, name), c.how)
		if r := buildNow(t, a.Editor, nil); r.Status == "failed" {
			said++
			if !contains(r.Error.Message, "went away during the build", "Build again") {
				t.Errorf("%s: %s", name, r.Error.Message)
			}
		}
		a.build(text, nil)
		said++
		a.Await("one message", func() bool { return len(a.messages()) == said })
		if m := a.messages()[said-1]; !contains(m, filepath.Base(name)+" was broken", "the build cache begins anew") {
			t.Errorf("%s: said %s", name, m)
		}
		a.build(text, nil)
		if len(a.messages()) != said {
			t.Errorf("%s: said again: %q", name, a.messages())
		}
		if aside, _ := filepath.Glob(filepath.Join(root, "broken", "*")); len(aside) == 0 {
			t.Errorf("%s: nothing was set aside", name)
		}
	}
	a.leave()
}

// A full disk is said to be full, and when there is room again, the engine builds.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	disk := filepath.Join(dir, "buildls")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m,mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endEngine(t, dir) // while it can be found there
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	a := newAuthor(t, s.env, workspace(t, "Dockerfile", "FROM scratch\n"))
	text := base(t) + "RUN echo " + dir + "\n"
	a.build(text, nil)

	other := a.uri + ".other"
	a.Open(other, "dockerfile", base(t)+"RUN echo other\n")
	token := a.begin(base(t)+"RUN dd if=/dev/zero of=/large bs=1M count=100\n", nil)
	a.awaitEnd(token, "Failed: ", "No space left on device")
	mustBuild(t, a.Editor, map[string]any{"uri": other}) // what the step wrote is gone by then

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	full := func() {
		t.Helper()
		token := a.begin(base(t)+"RUN echo >/more "+dir+"\n", nil)
		a.awaitEnd(token, "Failed: ", "a disk is full: ", disk, "no space left on device", "Make some room there")
	}
	full()
	endEngine(t, dir)
	full() // an engine that starts then, too
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	a.build(base(t)+"RUN echo >/more "+dir+"\n", nil)
	if said := strings.Join(a.messages(), "\n"); strings.Contains(said, "was broken") || len(a.messages()) != 2 {
		t.Errorf("said %s", said)
	}
	a.leave()
}

// fill fills the disk of a file.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		if !strings.Contains(err.Error(), "no space left") {
			t.Fatal(err)
		}
		err = nil
	}
}

// A machine that went down before the disk had what a COPY made has files without content in
// its cache: it is not used again, and the author is told.
func TestCrashOfMachine(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	root := filepath.Join(dir, "buildls", "engine")
	a := newAuthor(t, s.env, workspace(t, "Dockerfile", "FROM scratch\n", "src/file", "whole"))
	text := base(t) + "COPY src /src\nRUN grep -q whole /src/file && echo " + dir + "\n"
	a.build(text, nil)
	marker := filepath.Join(root, "unflushed")
	a.Await("the disk's having it all", func() bool { _, err := os.Lstat(marker); return err != nil })
	endEngine(t, dir)
	copies, _ := filepath.Glob(filepath.Join(root, "runc-*/snapshots/snapshots/*/fs/src/file"))
	if len(copies) == 0 {
		t.Fatal("the copy is not found")
	}
	for _, path := range copies {
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("of another boot", marker); err != nil {
		t.Fatal(err)
	}
	a.build(text, nil)
	a.Await("one message", func() bool { return len(a.messages()) == 1 })
	if m := a.messages()[0]; !contains(m, "not yet on the disk when the machine went down", "the build cache begins anew") {
		t.Errorf("said %s", m)
	}
	a.leave()
}

func empty([]byte) []byte { return nil }

func garbage(data []byte) []byte { return bytes.Repeat([]byte("garbage "), len(data)/8) }

// garbageInside leaves the first pages, which say what kind of file it is.
func garbageInside(data []byte) []byte { return append(data[:8192:8192], garbage(data[8192:])...) }
