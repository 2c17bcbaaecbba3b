package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A contextReport is the contract's answer to buildls.context.
type contextReport struct {
	Context  string
	Files    int
	Bytes    int64
	Excluded []struct {
		URI, Pattern      string
		Line, Files, Dirs int
		Paths             []string
	}
	Largest []struct {
		Path  string
		Bytes int64
		Dir   bool
	}
	ByInstruction []struct {
		Name    string
		Range   lsptest.Range
		Files   int
		Bytes   int64
		Missing []string
	}
	Secrets []string
}

func reportOf(t *testing.T, e *lsptest.Editor, argument map[string]any) contextReport {
	t.Helper()
	var r contextReport
	if err := e.Execute("buildls.context", argument, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// The report is of the buffers, in the client's units, and says why.
func TestContextReport(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n", ".dockerignore", "# what is built\nnode_modules\n*.log\n",
		"node_modules/x.js", "xxx", "src/main.go", "package main\n", "src/.env", "A=1\n", "a.log", "", "日本😀.txt", "hello\n")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Open(uri, "dockerfile", "FROM scratch AS lib\nCOPY 日本😀.txt gone /\nFROM scratch\n  COPY src \\\n  /src\nCOPY --from=lib / /lib\n")
	e.Open("file://"+dir+"/src/main.go", "go", "package main // longer\n")

	r := reportOf(t, e, nil)
	if r.Context != dir || r.Files != 3 || r.Bytes != 6+23+4 || !slices.Equal(r.Secrets, []string{"src/.env"}) {
		t.Errorf("%+v", r)
	}
	if got := fmt.Sprint(r.Largest); got != "[{src/ 27 true} {src/main.go 23 false} {日本😀.txt 6 false} {src/.env 4 false}]" {
		t.Errorf("largest %s", got)
	}
	if got := fmt.Sprint(r.ByInstruction); got != "[{COPY 日本😀.txt gone / 1:0-1:20 1 6 [gone]} {COPY src   /src 3:2-4:6 2 27 []}]" {
		t.Errorf("by instruction %s", got)
	}
	if got := fmt.Sprint(r.Excluded); got != fmt.Sprintf("[{file://%s/.dockerignore node_modules 1 0 1 [node_modules/]} {file://%s/.dockerignore *.log 2 1 0 [a.log]}]", dir, dir) {
		t.Errorf("excluded %s", got)
	}
	if r := reportOf(t, e, map[string]any{"target": "lib", "uri": uri}); r.Files != 1 || len(r.ByInstruction) != 1 {
		t.Errorf("%+v", r)
	}
	if r := reportOf(t, e, map[string]any{"context": "src", "uri": uri}); r.Context != dir+"/src" || r.Files != 0 || len(r.Excluded) != 0 {
		t.Errorf("%+v", r)
	}
	e.Open("file://"+dir+"/Dockerfile.dockerignore", "ignore", "src/.*\n")
	if r := reportOf(t, e, nil); r.Files != 2 || len(r.Secrets) != 0 || len(r.Excluded) != 1 || !strings.HasSuffix(r.Excluded[0].URI, "/Dockerfile.dockerignore") {
		t.Errorf("%+v", r)
	}
	e.Shutdown()
}

// What the report says of each instruction is what a build copies.
func TestContextReportIsWhatIsBuilt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, ".dockerignore", "**/*.log\nnode_modules\n", "node_modules/a.js", "1", "src/a.go", "22", "src/b.log", "333", "src/deep/c.go", "4444", "a.txt", "55555")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", "ARG D=src/deep\nFROM scratch\nARG D\nCOPY . /0/\nCOPY src/*.go a.txt /1/\nCOPY $D /2/\nADD src /3/\n")
		e.Open("file://"+dir+"/a.txt", "plaintext", "not what is on the disk")
		r := reportOf(t, e, nil)
		mustBuild(t, e, map[string]any{"outputs": []any{map[string]any{"type": "local", "dest": "out"}}})
		for i, in := range r.ByInstruction {
			if files, bytes := filesBelow(t, filepath.Join(dir, "out", fmt.Sprint(i))); files != in.Files || bytes != in.Bytes {
				t.Errorf("%d files, %d bytes were copied: %+v", files, bytes, in)
			}
		}
		if len(r.ByInstruction) != 4 {
			t.Errorf("%+v", r)
		}
		e.Shutdown()
	})
}

func filesBelow(t *testing.T, dir string) (files int, bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := os.Lstat(path)
		if err == nil {
			files, bytes = files+1, bytes+fi.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}
