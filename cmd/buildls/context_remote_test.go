package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// terminalBuild is `buildls build` with something on its stdin.
func terminalBuild(t testing.TB, env []string, stdin io.Reader, args ...string) (out string, code int) {
	t.Helper()
	cmd := program(t, env, append([]string{"build", "--progress", "plain"}, args...)...)
	cmd.Stdin = stdin
	text, _ := cmd.CombinedOutput()
	return string(text), cmd.ProcessState.ExitCode()
}

// In a terminal the Dockerfile lies in the remote context, and its errors have a line.
func TestRemoteContextInTerminal(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		good := base(t) + "COPY a.txt /\nRUN cat /a.txt\n"
		bad := base(t) + "RUN echo here\nRUN exit 7\n"
		files := []string{"Dockerfile", good, "bad.Dockerfile", bad, "wrong.Dockerfile", base(t) + "NOSUCH x\n", "a.txt", "from afar\n",
			"sub/Dockerfile", good, "sub/own.Dockerfile", base(t) + "COPY sub/a.txt /\nRUN cat /a.txt\n", "sub/a.txt", "from below\n"}
		repo := serveGit(t, "", files...)
		tarball := tarOf(t, files...)
		elsewhere := filepath.Join(workspace(t, "my.Dockerfile", base(t)+"COPY sub/a.txt /\nRUN echo from elsewhere\n"), "my.Dockerfile")
		web := serveFiles(t, map[string][]byte{"/ctx.tar": tarball, "/ctx.tar.gz": gzipped(t, tarball), "/Dockerfile": []byte(base(t) + "RUN echo one file\n")})
		for _, c := range []struct {
			name, want string
			code       int
			stdin      []byte
			args       []string
		}{
			{"git", "from afar", 0, nil, []string{repo.address("#main")}},
			{"git subdir", "from below", 0, nil, []string{repo.address("#main:sub")}},
			{"git, another Dockerfile", "bad.Dockerfile:3\n", 1, nil, []string{"-f", "bad.Dockerfile", repo.address("#main")}},
			{"git, one that does not parse", "wrong.Dockerfile:2\n", 1, nil, []string{"-f", "wrong.Dockerfile", repo.address("#main")}},
			{"git, no such target", "could not be found", 1, nil, []string{"--target", "gone", repo.address("#main")}},
			{"git, Dockerfile on stdin", "a file here", 0, []byte(base(t) + "COPY sub/a.txt /\nRUN echo a file here; cat /a.txt\n"), []string{"-f", "-", repo.address("#main")}},
			{"git, Dockerfile elsewhere", "from elsewhere", 0, nil, []string{"-f", elsewhere, repo.address("#main")}},
			{"tar", "from afar", 0, nil, []string{web.URL + "/ctx.tar"}},
			{"tar.gz", "from below", 0, nil, []string{"-f", "sub/own.Dockerfile", web.URL + "/ctx.tar.gz"}},
			{"one Dockerfile", "one file", 0, nil, []string{web.URL + "/Dockerfile"}},
			{"tar on stdin", "from afar", 0, tarball, []string{"-"}},
			{"tar.gz on stdin", "from afar", 0, gzipped(t, tarball), []string{"-"}},
			{"tar on stdin, another Dockerfile", "bad.Dockerfile:3\n", 1, tarball, []string{"-f", "bad.Dockerfile", "-"}},
			{"tar.zst on stdin", "from afar", 0, zstandard(t, tarball), []string{"-"}},
			{"Dockerfile on stdin", "alone", 0, []byte(base(t) + "RUN echo alone\n"), []string{"-"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				if s.store && c.name == "tar.zst on stdin" {
					c.want, c.code = "too old for a tar that is compressed with zstd", 1
				}
				if s.old && c.name == "git subdir" {
					c.want, c.code = "cannot take a subdirectory of a git", 1
				}
				out, code := terminalBuild(t, s.env, bytes.NewReader(c.stdin), append([]string{"--no-cache"}, c.args...)...)
				if code != c.code || !strings.Contains(out, c.want) {
					t.Errorf("exit %d, want %d with %q:\n%s", code, c.code, c.want, out)
				}
			})
		}
	})
}

// What is wrong with a remote context is said in words that name it.
func TestRemoteContextErrors(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		repo := serveGit(t, "", "a.txt", "a")
		locked := serveGit(t, "the-token", "Dockerfile", base(t))
		web := serveFiles(t, map[string][]byte{"/ctx.tar": tarOf(t, "a.txt", "a")})
		for _, c := range []struct{ name, context, want string }{
			{"404", web.URL + "/gone.tar", "status 404"},
			{"no such ref", repo.address("#gone"), `no branch, tag or commit "gone"`},
			{"no such repository", repo.URL + "/gone.git#main", "no such repository"},
			{"no such subdirectory", repo.address("#main:gone"), "subdirectory"},
			{"no Dockerfile", repo.address("#main"), "has no Dockerfile"},
			{"no Dockerfile in a tar", web.URL + "/ctx.tar", "has no Dockerfile"},
			{"locked", locked.address("#main"), "GIT_AUTH_TOKEN"},
			{"wrong password", strings.Replace(locked.address("#main"), "http://", "http://me:hunter2-secret@", 1), "GIT_AUTH_TOKEN"},
			{"default branch", repo.address(""), map[bool]string{true: "no branch master", false: "has no Dockerfile"}[s.old]},
			{"nobody there", "http://127.0.0.1:1/ctx.tar", "connection refused"},
		} {
			t.Run(c.name, func(t *testing.T) {
				out, code := terminalBuild(t, s.env, nil, c.context)
				last := out[strings.LastIndex(out, "error: ")+1:]
				if code != 1 || !strings.Contains(last, c.want) || strings.Contains(out, "hunter2") || strings.Contains(last, "rpc error") {
					t.Errorf("exit %d, want an error with %q:\n%s", code, c.want, out)
				}
			})
		}
		if s.name == "embedded" {
			checkEngineLog(t, "hunter2")
		}
	})
}

// checkEngineLog checks that the embedded engine did not write a secret down.
func checkEngineLog(t *testing.T, secret string) {
	t.Helper()
	dir, _ := embeddedDirs()
	log, err := os.ReadFile(filepath.Join(dir, "buildls", "engine", "engine.log"))
	if err != nil || len(log) == 0 || strings.Contains(string(log), secret) {
		t.Errorf("the engine's log: %v: %s", err, log)
	}
}

// In an editor the buffer is the Dockerfile, and the files come from afar. What lets
// somebody in is shown nowhere.
func TestRemoteContextInEditor(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		const password = "hunter2-secret"
		repo := serveGit(t, password, "a.txt", "from afar\n", "Dockerfile", "NOSUCH\n")
		web := serveFiles(t, map[string][]byte{"/some.app.tar.gz": gzipped(t, tarOf(t, "a.txt", "from the web\n"))})
		log := filepath.Join(t.TempDir(), "log")
		dir := workspace(t, "token", password)
		e := editorOf(t, program(t, s.env, "--log-file", log), dir)
		uri := "file://" + dir + "/Dockerfile"
		e.Open(uri, "dockerfile", base(t)+"COPY a.txt /\nRUN cat /a.txt\n")
		open := strings.Replace(repo.address("#main"), "http://", "http://me:"+password+"@", 1)
		for _, c := range []struct{ context, shown, want, title string }{
			{open, repo.address("#main"), "from afar", "app:latest"},
			{web.URL + "/some.app.tar.gz?sig=" + password, web.URL + "/some.app.tar.gz?sig=***", "from the web", "some-app:latest"},
		} {
			r := mustBuild(t, e, map[string]any{"context": c.context, "noCache": true, "metadataFile": filepath.Join(dir, c.title)})
			if data, err := os.ReadFile(filepath.Join(dir, c.title)); err != nil || strings.Contains(string(data), password) {
				t.Errorf("metadata: %v: %s", err, data)
			}
			if out := logOf(t, e, r); r.Context != c.shown || !strings.Contains(out, c.want) || len(r.Steps) != 3 || r.Steps[2].Range.Start.Line != 2 {
				t.Errorf("%s: %+v\n%s", c.context, r, out)
			}
			if tokens := e.Tokens(); e.Progress(tokens[len(tokens)-1])[0].Title != "Build "+c.title {
				t.Errorf("%s: title", c.context)
			}
		}
		secrets := []map[string]string{{"id": "GIT_AUTH_TOKEN", "src": "token"}}
		byQuery := map[string]any{"context": repo.address("?branch=main"), "secrets": secrets, "noCache": true}
		if s.old {
			if r := buildNow(t, e, byQuery); r.Status != "failed" || !contains(r.Error.Message, "too old", "git URL with a query") || len(r.Steps) > 0 {
				t.Errorf("%s: %+v", r.Status, r.Error)
			}
			byQuery["context"] = repo.address("#main")
		}
		r := mustBuild(t, e, byQuery)
		if out := logOf(t, e, r); !strings.Contains(out, "from afar") {
			t.Error(out)
		}
		failed := buildNow(t, e, map[string]any{"context": strings.Replace(open, "#main", "#gone", 1), "noCache": true})
		if failed.Status != "failed" || failed.Error.Range != nil || !contains(failed.Error.Message, `"gone"`, repo.address("#gone")) {
			t.Errorf("%+v", failed.Error)
		}
		if d := e.Diagnostics(uri); len(d) != 0 {
			t.Errorf("no line is at fault: %+v", d)
		}
		err := e.Execute("buildls.build", map[string]any{"context": open + "&x=" + password, "contexts": map[string]string{"a": "ftp://me:" + password + "@host/x"}}, nil)
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("a wrong context: %v", err)
		}
		logOf(t, e, failed)
		e.Shutdown()
		written, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range e.All("") {
			written = append(written, m.Params...)
		}
		written = fmt.Append(written, failed, *failed.Error)
		if len(written) < 1000 || strings.Contains(string(written), password) {
			t.Errorf("%d bytes; the password was shown: %s", len(written), written)
		}
	})
}

// From the same remote and named contexts comes the same image as from `docker build`,
// and all of it from the cache that this one filled.
func TestRemoteContextAsDockerBuild(t *testing.T) {
	d := enginetest.Docker(t, "28")
	text := base(t) + "ARG SOURCE_DATE_EPOCH\nCOPY a.txt /\nCOPY --from=other b.txt /\nRUN cat /a.txt /b.txt\n"
	repo := serveGit(t, "", "a.txt", t.Name(), "sub/Dockerfile", text, "sub/a.txt", t.Name()+" below")
	web := serveFiles(t, map[string][]byte{"/ctx.tgz": gzipped(t, tarOf(t, "Dockerfile", text, "a.txt", t.Name()+" packed"))})
	other := workspace(t, "b.txt", t.Name())
	e := edit(t, dockerSite(d, "28").env, other)
	uri := "file://" + other + "/Dockerfile"
	e.Open(uri, "dockerfile", text)
	for _, address := range []string{repo.address("#main:sub"), web.URL + "/ctx.tgz"} {
		iid := filepath.Join(t.TempDir(), "iid")
		d.Docker(t, "build", "-q", "--iidfile", iid, "--build-arg", "SOURCE_DATE_EPOCH=0", "--build-context", "other="+other, address)
		theirs, err := os.ReadFile(iid)
		if err != nil {
			t.Fatal(err)
		}
		r := mustBuild(t, e, map[string]any{"context": address, "buildArgs": map[string]string{"SOURCE_DATE_EPOCH": "0"}, "contexts": map[string]string{"other": other}})
		if *r.ImageID != string(theirs) {
			t.Errorf("%s: %s, docker build made %s", address, *r.ImageID, theirs)
		}
		for _, st := range r.Steps {
			if st.Status != "cached" && !strings.Contains(st.Name, "FROM") {
				t.Errorf("%s: built again: %+v", address, st)
			}
		}
	}
	e.Shutdown()
}

// What cannot be meant is refused before anything is asked of an engine.
func TestContextRefusals(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n", "file", "")
	for _, c := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{"FROM scratch\n", []string{"-f", "-", "-"}, "stdin cannot be both"},
		{"FROM scratch\n", []string{"-f", "other.Dockerfile", "-"}, "two Dockerfiles"},
		{"", []string{"-"}, "stdin is empty"},
		{"", []string{""}, "the context is empty"},
		{"", []string{dir + "/gone"}, "gone does not exist"},
		{"", []string{dir + "/file"}, "is not a directory"},
		{"", []string{"https://me:hunter2@host/a.git?nosuch=1"}, "unexpected query"},
		{"", []string{"-f", "https://host/Dockerfile", dir}, "-f cannot be a URL"},
		{"", []string{"-f", "/nowhere/Dockerfile", "https://host/a.git"}, "no Dockerfile at /nowhere/Dockerfile"},
		{"", []string{"--build-context", "a", dir}, "NAME=VALUE"},
		{"", []string{"--build-context", "a=" + dir, "--build-context", "a=https://host/a.git", dir}, "named twice"},
		{"", []string{"--build-context", "a=" + dir, "--build-context", "docker.io/library/a:latest=https://host/a.git", dir}, "are one name"},
		{"", []string{"--build-context", "UPPER=" + dir, dir}, "lower-case"},
		{"", []string{"--build-context", "a=", dir}, "a: the context is empty"},
		{"", []string{"--build-context", "a=target:b", dir}, "target of a bake file"},
		{"", []string{"--build-context", "a=docker-image://NOT//VALID", dir}, "image"},
		{"", []string{"--build-context", "a=oci-layout://" + dir, dir}, "no index.json"},
		{"", []string{"ssh://git@host/a.git"}, "SSH_AUTH_SOCK is not set"},
	} {
		out, code := terminalBuild(t, []string{"SSH_AUTH_SOCK=", "BUILDLS_ENGINE=unix:///nowhere.sock"}, strings.NewReader(c.stdin), c.args...)
		if code != 2 || !strings.Contains(out, c.want) || strings.Contains(out, "hunter2") {
			t.Errorf("%q: exit %d, want 2 with %q:\n%s", c.args, code, c.want, out)
		}
	}
}

// Waiting for stdin ends when the author has had enough.
func TestInterruptedStdin(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	for _, args := range [][]string{{"build", "-"}, {"build", "-f", "-", dir}} {
		cmd := program(t, nil, args...)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		var out bytes.Buffer
		cmd.Stderr = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		io.WriteString(stdin, strings.Repeat("# more to come\n", 10_000)) // returns when most of it was read
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if cmd.ProcessState.ExitCode() != 1 || out.String() != "canceled\n" {
			t.Errorf("%q: %v: %s", args, cmd.ProcessState, out.String())
		}
	}
}

// The embedded engine says that it needs git, and takes it when it is there.
func TestEmbeddedWithoutGit(t *testing.T) {
	embeddedSite(t)
	repo := serveGit(t, "", "Dockerfile", base(t)+"RUN echo built\n")
	bin, dir := t.TempDir(), t.TempDir()
	link := func(command string) {
		path, err := exec.LookPath(command)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, command)); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"runc", "basename", "sed", "uname"} { // the latter for git
		link(command)
	}
	env := []string{"PATH=" + bin, "BUILDLS_ENGINE=embedded", "XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}
	t.Cleanup(func() {
		if pid := embeddedPid(dir); pid > 0 {
			syscall.Kill(pid, syscall.SIGTERM)
			awaitDeath(pid)
		}
	})
	out, _ := program(t, env[:len(env):len(env)], "doctor").Output()
	if !contains(string(out), "without git", "install git") {
		t.Errorf("doctor: %s", out)
	}
	if out, code := terminalBuild(t, env, nil, repo.address("#main")); code != 1 || !contains(out, "the engine has no git", "install git") {
		t.Errorf("exit %d: %s", code, out)
	}
	link("git")
	if out, code := terminalBuild(t, env, nil, repo.address("#main")); code != 0 || !strings.Contains(out, "built") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// tarOf is a tar of files, given as name and content in turn.
func tarOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: pair[0], Mode: 0o644, Size: int64(len(pair[1]))})
		w.Write([]byte(pair[1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}
