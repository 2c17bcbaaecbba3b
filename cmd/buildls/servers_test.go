package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A fileServer serves files over HTTP on loopback.
type fileServer struct{ *httptest.Server }

// serveFiles serves contents by their paths; what is not there is a 404.
func serveFiles(t testing.TB, files map[string][]byte) fileServer {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(content)
	}))
	t.Cleanup(s.Close)
	return fileServer{s}
}

// A gitServer serves one repository, app.git, over HTTP on loopback.
type gitServer struct {
	*httptest.Server
	t   testing.TB
	dir string // the work tree
}

// serveGit serves a repository with these files on its branch main. With a password it
// wants it for any user.
func serveGit(t testing.TB, password string, files ...string) gitServer {
	t.Helper()
	_, err := exec.LookPath("git")
	enginetest.Need(t, "git", err == nil, "apt-get install git")
	core, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	g := gitServer{t: t, dir: workspace(t, files...)}
	g.git("init", "-q", "-b", "main")
	g.commit("first")
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(core)), "git-http-backend"), Root: "/app.git",
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Join(g.dir, ".git"), "GIT_HTTP_EXPORT_ALL=1"},
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch _, given, _ := r.BasicAuth(); {
		case password != "" && given != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/app.git/"):
			backend.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// address is the repository's, with what comes behind.
func (g gitServer) address(rest string) string { return g.URL + "/app.git" + rest }

func (g gitServer) git(args ...string) {
	g.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		"GIT_AUTHOR_DATE=2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2024-01-01T00:00:00Z")
	if out, err := cmd.CombinedOutput(); err != nil {
		g.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (g gitServer) commit(message string) {
	g.t.Helper()
	g.git("add", "-A")
	g.git("commit", "-q", "-m", message)
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
