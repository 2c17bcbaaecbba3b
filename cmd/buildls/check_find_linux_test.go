package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// withoutRights has a program run as somebody for whom files' modes count, in dir.
func withoutRights(t *testing.T, cmd *exec.Cmd, dir string) *exec.Cmd {
	t.Helper()
	cmd.Dir = dir
	if os.Getuid() != 0 {
		return cmd
	}
	self := filepath.Join(t.TempDir(), "buildls")
	if os.Link(cmd.Path, self) != nil { // elsewhere, or nobody else may run it
		if out, err := exec.Command("install", "-m", "755", cmd.Path, self).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for _, path := range []string{self, dir} {
		for path = filepath.Dir(path); path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Path = self
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

func shut(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(path, 0o755) })
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// What can be checked is, what cannot is named, and nothing is passed over.
func TestCheckNames(t *testing.T) {
	dir := workspace(t, "good/Dockerfile", "FROM scratch\n", "bad/web.df", "RUNN\n", "bad/Dockerfile", "RUNN x\n", "empty/main.go", "", "odd/x", "", "folder/Dockerfile/x", "", "compose.yaml", "",
		"nested/Dockerfile/Dockerfile", "RUNN y\n", "ignored/Dockerfile", "RUNN z\n", "ignored/.dockerignore/x", "", "locked/in/Dockerfile", "RUNN\n", "locked/Dockerfile", "RUNN locked\n", "secret/Dockerfile", "",
		"own/Dockerfile", "RUNN own\n", "own/Dockerfile.dockerignore/x", "", "own/.dockerignore", "", "fifo/Dockerfile", "RUNN f\n", "endless/Dockerfile", "RUNN e\n", "itself/Dockerfile", "RUNN i\n",
		"huge/Dockerfile", "")
	in := func(name string) string { return filepath.Join(dir, name) }
	for path, to := range map[string]string{"sub": "bad", "other/Dockerfile": "../bad/web.df", "dangling/Dockerfile": "gone", "loop/Dockerfile": "Dockerfile", "up/up": "..",
		"twice/a.Dockerfile": "../bad/Dockerfile", "twice/b.Dockerfile": "../bad/Dockerfile", "behind/folder": "../bad",
		"endless/Dockerfile.dockerignore": "/dev/zero", "itself/.dockerignore": ".dockerignore"} {
		if err := os.MkdirAll(filepath.Dir(in(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		link(t, to, in(path))
	}
	for _, name := range []string{"odd/Dockerfile", "fifo/.dockerignore"} {
		if err := syscall.Mkfifo(in(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(in("huge/Dockerfile"), 3<<30); err != nil { // sparse
		t.Fatal(err)
	}
	shut(t, in("locked/in"), in("secret/Dockerfile"))
	for _, c := range []struct {
		args string
		code int
		says string // in any order, separated by ;
	}{
		{"good", 0, ""},
		{"good missing", 2, "buildls check: missing does not exist"},
		{"missing bad", 2, "missing does not exist; bad/Dockerfile:1:1: error"},
		{"sub", 1, "sub/Dockerfile:1:1: error"},
		{"other", 1, "other/Dockerfile:1:1: error"},
		{"behind", 1, "behind/folder/Dockerfile:1:1: error"},
		{"nested", 1, "nested/Dockerfile/Dockerfile:1:1: error"},
		{"twice", 1, "twice/a.Dockerfile:1:1: error"},
		{"bad sub bad/Dockerfile", 1, "bad/Dockerfile:1:1: error"},
		{"good good", 0, ""},
		{"empty", 2, "empty holds no Dockerfile"},
		{"up", 2, "up holds no Dockerfile"},
		{"odd", 2, "odd/Dockerfile is a named pipe and no Dockerfile"},
		{"folder", 2, "folder holds no Dockerfile"},
		{"folder good", 2, "folder holds no Dockerfile"},
		{"compose.yaml good", 2, "compose.yaml is no Dockerfile, by its name"},
		{"dangling", 2, "dangling/Dockerfile is a link to gone, which does not exist"},
		{"loop", 2, "loop/Dockerfile is a link that leads back to itself"},
		{"ignored", 2, "ignored/Dockerfile:1:1: error; ignored/.dockerignore cannot be read: is a directory"},
		{"locked good", 2, "locked/Dockerfile:1:1: error; locked/in cannot be read: permission denied"},
		{"own/Dockerfile", 1, "own/Dockerfile:1:1: error"},
		{"fifo", 2, "fifo/Dockerfile:1:1: error; fifo/.dockerignore cannot be read: it is a pipe"},
		{"fifo/.dockerignore", 2, "fifo/.dockerignore cannot be read: it is a pipe"},
		{"endless", 2, "endless/Dockerfile:1:1: error; endless/Dockerfile.dockerignore cannot be read: it is a pipe, a socket or a device"},
		{"huge", 2, "huge/Dockerfile cannot be read: it is larger than 16 MiB"},
		{"itself", 2, "itself/Dockerfile:1:1: error; itself/.dockerignore cannot be read: it is a link that leads back to itself"},
		{"/dev/zero", 2, "/dev/zero cannot be read: it has more than 16777216 bytes"},
		{"-", 1, "-:1:1: error"},
		{"secret good", 2, "secret/Dockerfile cannot be read: permission denied"},
	} {
		cmd := withoutRights(t, program(t, nil, append([]string{"check", "--format", "text"}, strings.Fields(c.args)...)...), dir)
		cmd.Stdin = strings.NewReader("RUNN stdin\n")
		out, err := cmd.CombinedOutput()
		code := 0
		if exit, ok := err.(*exec.ExitError); ok {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(c.says, "; ")
		if code != c.code || !contains(string(out), parts...) || c.says == "" && len(out) > 0 || strings.Count(string(out), ": error") > 1 {
			t.Errorf("check %s: %d, want %d: %s\n%s", c.args, code, c.code, c.says, out)
		}
	}
}

// A shell's <(…) is checked, although it is no file.
func TestCheckStream(t *testing.T) {
	cmd := program(t, nil, "check", "/dev/stdin")
	cmd.Stdin = strings.NewReader("RUNN\n")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "/dev/stdin:1:1: error") {
		t.Errorf("%v\n%s", cmd.ProcessState, out)
	}
	cmd = program(t, nil, "check", "-")
	cmd.Stdin = strings.NewReader("\ufeff\ufeffFROM scratch\n")
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), ": error: unknown instruction") {
		t.Errorf("two byte order marks: %v\n%s", cmd.ProcessState, out)
	}
}

// A Dockerfile that a build is not given says why, and how to give it.
func TestBuildOfNoFile(t *testing.T) {
	dir := workspace(t)
	link(t, "loop", filepath.Join(dir, "loop"))
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{
		"/dev/stdin":  "/dev/stdin is a pipe or a device, and no file; give the Dockerfile on stdin, with -f -",
		dir + "/fifo": "with -f -", dir + "/loop": dir + "/loop: it is a link that leads back to itself"} {
		cmd := program(t, nil, "build", "-f", name, dir)
		cmd.Stdin = strings.NewReader("FROM scratch\n")
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), says) {
			t.Errorf("%s: %v\n%s", name, cmd.ProcessState, out)
		}
	}
}

// Over random trees with links, a finder finds what a walk finds that follows all links, to each
// folder once.
func TestFindRandom(t *testing.T) {
	for seed := range uint64(enginetest.Some(150)) {
		dir := workspace(t, "root/main.go", "", "outside/Dockerfile", "", "outside/d/x.Dockerfile", "")
		root := filepath.Join(dir, "root")
		growTree(t, rand.New(rand.NewPCG(seed, 36)), root)
		found, wrong := findAll([]string{root})
		var got []string
		for _, path := range found {
			real, err := filepath.EvalSymlinks(path)
			if err != nil || !strings.HasPrefix(path, root+"/") {
				t.Fatalf("seed %d: %s: %v", seed, path, err)
			}
			got = append(got, real)
		}
		w := plainWalk{root: root, files: map[string]bool{}}
		w.walk(root)
		want := slices.Collect(func(yield func(string) bool) {
			for path := range w.files {
				if !yield(path) {
					return
				}
			}
		})
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: got  %q\nwant %q", seed, got, want)
		}
		said := fmt.Sprint(wrong)
		for _, path := range w.odd {
			if !strings.Contains(said, path+" is ") {
				t.Errorf("seed %d: %s is passed over: %s", seed, path, said)
			}
		}
		if len(want) == 0 && len(wrong) == 0 {
			t.Errorf("seed %d: nothing was checked, and nothing said", seed)
		}
	}
}

// growTree fills a folder with Dockerfiles, links and what is neither.
func growTree(t *testing.T, r *rand.Rand, root string) {
	t.Helper()
	names := []string{"Dockerfile", "x.Dockerfile", "d", "e", "main.go", ".git"}
	folders := []string{root}
	for range 4 + r.IntN(10) {
		path := filepath.Join(folders[r.IntN(len(folders))], names[r.IntN(len(names))])
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		var err error
		switch r.IntN(6) {
		case 0, 1:
			err = os.WriteFile(path, nil, 0o644)
		case 2, 3:
			if err = os.Mkdir(path, 0o755); err == nil {
				folders = append(folders, path)
			}
		case 4:
			to := []string{"Dockerfile", "d", "..", "../d", "../e/Dockerfile", root, root + "/../outside", "gone", "/"}
			err = os.Symlink(to[r.IntN(len(to))], path)
		case 5:
			err = syscall.Mkfifo(path, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A plainWalk follows links, but not to a folder above its root.
type plainWalk struct {
	root    string
	folders []fs.FileInfo
	files   map[string]bool // by real path
	odd     []string
}

func (w *plainWalk) walk(dir string) {
	st, err := os.Stat(dir)
	if err != nil || slices.ContainsFunc(w.folders, func(other fs.FileInfo) bool { return os.SameFile(st, other) }) {
		return
	}
	for above := w.root; above != "/"; {
		above = filepath.Dir(above)
		if other, err := os.Stat(above); err == nil && os.SameFile(st, other) {
			return
		}
	}
	w.folders = append(w.folders, st)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path, named := filepath.Join(dir, e.Name()), strings.HasSuffix(e.Name(), "Dockerfile")
		st, err := os.Stat(path)
		switch {
		case e.Name() == ".git":
		case err == nil && st.IsDir():
			w.walk(path)
		case named && err == nil && st.Mode().IsRegular():
			real, _ := filepath.EvalSymlinks(path)
			w.files[real] = true
		case named && dir == w.root: // elsewhere it may be met by another path
			w.odd = append(w.odd, path)
		}
	}
}

// A build that cannot read its context says so, and not that somebody canceled it.
func TestUnreadableIgnoreFile(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n", ".dockerignore", "x\n")
	shut(t, filepath.Join(dir, ".dockerignore"))
	out, err := withoutRights(t, program(t, nil, "build", "."), dir).CombinedOutput()
	if want := "cannot send " + dir + "/.dockerignore to the build: permission denied"; err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "canceled") {
		t.Errorf("%v, want %q\n%s", err, want, out)
	}
}
