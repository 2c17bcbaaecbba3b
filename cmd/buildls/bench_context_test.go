package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// manyFiles makes a context of n files, a hundred in each directory, as deep as projects are.
func manyFiles(b *testing.B, n int) string {
	b.Helper()
	dir := workspace(b)
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprint("pkg", i/10000), fmt.Sprint("sub", i/1000%10), fmt.Sprint("dir", i/100%10))
		if i%100 == 0 {
			if err := os.MkdirAll(sub, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%d.go", i)), []byte("x"), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// BenchmarkContext is buildls.context on 100,000 files, through the wire, against a `find`
// that asks for their sizes. The aim is less than a second.
func BenchmarkContext(b *testing.B) {
	dir := manyFiles(b, 100_000)
	uri := "file://" + dir + "/Dockerfile"
	for _, c := range []struct{ name, ignore, text string }{
		{"all", "", "FROM scratch\nCOPY . /\n"},
		{"ignored", "**/*.log\n.git\n**/node_modules\npkg9/*\n!**/keep\n", "FROM scratch\nCOPY . /\n"},
		{"wildcards", "*.md\n", "FROM scratch\nCOPY pkg*/sub1 /\nCOPY pkg3 /3\n"},
		{"nothing left", "*\n!**/*.md\n", "FROM scratch\nCOPY . /\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{Folders: []string{dir}})
			e.Open(uri, "dockerfile", c.text)
			e.Open("file://"+dir+"/.dockerignore", "ignore", c.ignore)
			pairs(b, func() {
				if err := e.Execute("buildls.context", map[string]any{"uri": uri}, nil); err != nil {
					b.Fatal(err)
				}
			}, func() {
				if err := exec.Command("find", dir, "-type", "f", "-printf", "%s").Run(); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkTypingBesideLargeContext is from a change to the publication of what is wrong
// while the context's 100,000 files are counted for a hover, against the same while nothing
// else is done.
func BenchmarkTypingBesideLargeContext(b *testing.B) {
	dir := manyFiles(b, 100_000)
	typedIn := func(dir string, besides func(e *lsptest.Editor, uri string)) func() {
		uri := "file://" + dir + "/Dockerfile"
		e := lsptest.New(b, quiet(shipped(b, nil)), lsptest.Options{Folders: []string{dir}})
		e.Open(uri, "dockerfile", "FROM scratch\nCOPY . /\nENV last value\n")
		published := 1
		e.Await("the first publication", func() bool { return e.Count("textDocument/publishDiagnostics") == published })
		return func() {
			besides(e, uri)
			e.Change(uri, 2, 0, 3, 0, fmt.Sprintf("%s%d value\n", []string{"ENV last", "MAINTAINER me"}[published%2], published))
			published++
			e.Await("the publication", func() bool { return e.Count("textDocument/publishDiagnostics") == published })
		}
	}
	hovered := typedIn(dir, func(e *lsptest.Editor, uri string) {
		at := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": 1, "character": 0}}
		go e.Call("textDocument/hover", at, nil) // nobody waits for it: the change ends it
	})
	pairs(b, hovered, typedIn(workspace(b), func(*lsptest.Editor, string) {}))
}

// BenchmarkChangeInLargeContext is a build after a line of the Dockerfile or of one of 100,000
// files has changed, all else being cached, against a whole `buildctl build` after a change
// like it. floor-ms is what a client would take that only sends what it knows already: the
// engine's part, for as long as it is sent anything.
func BenchmarkChangeInLargeContext(b *testing.B) {
	d := enginetest.StartBuildkitd(b)
	dir := manyFiles(b, 100_000)
	write := func(path, text string) {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	edits := 0
	editDockerfile := func() {
		edits++
		write("Dockerfile", fmt.Sprintf("FROM %s/base\nCOPY . /src\nENV n=%d\n", enginetest.Registry(b), edits))
	}
	editFile := func() {
		edits++
		write("pkg5/sub5/dir5/file55555.go", fmt.Sprintf("package p\n\nconst n = %d\n", edits))
	}
	write(".dockerignore", "Dockerfile\n.dockerignore\n")
	editDockerfile()
	ours, theirs, floor := openedOn(b, buildkitdSite(d), dir), buildctlOn(b, d, dir), knownOn(b, d, dir)
	embedded := openedOn(b, embeddedSite(b), dir)
	for _, build := range []func(){theirs, ours, floor, embedded} { // the first sends everything
		build()
	}
	for _, c := range []struct {
		name, what string
		edit       func()
		ours       func()
		on         string
	}{
		{"Dockerfile", "Dockerfile", editDockerfile, ours, ""},
		{"file", "files that are copied", editFile, embedded, ", on the embedded engine"},
		{"file-on-buildkitd", "files that are copied", editFile, ours, ", on the same buildkitd"},
	} {
		b.Run(c.name, func(b *testing.B) {
			after := func(build func()) func() { return func() { c.edit(); build() } }
			pairs(b, after(c.ours), after(theirs))
			tellPairs(b, "a line of the "+c.what+" beside 100,000 files, the rest cached"+c.on, "`buildctl build` on a buildkitd", 0.3)
			var floors []float64
			for range b.N {
				floors = append(floors, measure(after(floor)))
			}
			b.ReportMetric(median(floors), "floor-ms")
		})
	}
}

// openedOn opens the Dockerfile of a directory in an editor; the function reads it again, as
// editors do after a save, and builds it.
func openedOn(b *testing.B, s site, dir string) func() {
	b.Helper()
	path := filepath.Join(dir, "Dockerfile")
	e := lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}})
	e.Open("file://"+path, "dockerfile", "")
	return func() {
		text, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		e.Replace("file://"+path, string(text))
		var r result
		if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + path, "wait": true}, &r); err != nil || r.Status != "succeeded" {
			b.Fatalf("%v: %+v", err, r)
		}
	}
}

// buildctlOn is a whole `buildctl build` of a directory.
func buildctlOn(b *testing.B, d *enginetest.Daemon, dir string) func() {
	return func() {
		cmd := exec.Command(enginetest.Buildctl(b), "--addr", d.Address, "build", "--frontend", "dockerfile.v0", "--local", "context="+dir, "--local", "dockerfile="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}

// knownOn is a build of a directory by a client that knows its files already.
func knownOn(b *testing.B, d *enginetest.Daemon, dir string) func() {
	b.Helper()
	c, err := client.New(b.Context(), d.Address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	known, err := newKnownFS(dir)
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		opt := client.SolveOpt{Frontend: "dockerfile.v0", SharedKey: "known", LocalMounts: map[string]fsutil.FS{"context": known, "dockerfile": known.FS}}
		if _, err := c.Solve(b.Context(), nil, opt, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// knownFS is a directory that was walked once; of one file it is known that it changes.
type knownFS struct {
	fsutil.FS
	dir   string
	stats []*types.Stat
}

func newKnownFS(dir string) (*knownFS, error) {
	disk, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	known := &knownFS{FS: disk, dir: dir}
	return known, disk.Walk(context.Background(), "", func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err == nil {
			known.stats = append(known.stats, fi.Sys().(*types.Stat))
		}
		return err
	})
}

// Walk implements [fsutil.FS].
func (k *knownFS) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	if filepath.Clean("/"+target) != "/" {
		return k.FS.Walk(ctx, target, fn)
	}
	for _, s := range k.stats {
		if strings.HasSuffix(s.Path, "/file55555.go") {
			now, err := fsutil.Stat(filepath.Join(k.dir, s.Path))
			if err != nil {
				return err
			}
			s.Size, s.ModTime = now.Size, now.ModTime
		}
		if err := fn(s.Path, &fsutil.DirEntryInfo{Stat: s}, nil); err != nil {
			return err
		}
	}
	return nil
}
