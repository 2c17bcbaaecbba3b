//go:build !windows

package handlers

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/lsp/lsptest"
)

// monorepo is a workspace of n services, each with a Dockerfile, in one compose file and one bake
// file; all Dockerfiles and the compose file are open.
func monorepo(t testing.TB, n int) (e *lsptest.Editor, dockerfiles []string, compose, text string) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	var services, targets strings.Builder
	services.WriteString("services:\n")
	const dockerfile = "ARG V=1\nFROM scratch as base\nCOPY a.txt /\nFROM base\nARG V\nLABEL v=$V\nCOPY . /\n"
	for i := range n {
		name := fmt.Sprintf("s%03d", i)
		dockerfiles = append(dockerfiles, write("services/"+name+"/Dockerfile", dockerfile))
		write("services/"+name+"/a.txt", "a")
		fmt.Fprintf(&services, "  %s:\n    build:\n      context: services/%s\n      args: {V: \"%d\"}\n", name, name, i)
		fmt.Fprintf(&targets, "target %q {\n  context = \"services/%s\"\n  args = { V = \"%d\" }\n}\n", name, name, i)
	}
	text = services.String()
	compose = write("compose.yaml", text)
	write("docker-bake.hcl", targets.String())
	serve := func(rw io.ReadWriter) {
		rpc := lsp.NewServer(zap.NewNop())
		defer New(rpc, zap.NewNop(), zap.NewAtomicLevel(), "test").Close()
		rpc.Run(t.Context(), rw)
	}
	e = lsptest.Dial(t, serve, lsptest.Options{Folders: []string{dir}})
	for _, uri := range dockerfiles {
		e.Open(uri, "dockerfile", dockerfile)
	}
	e.Open(compose, "yaml", text)
	for _, uri := range dockerfiles {
		e.Await("each is checked", func() bool { return len(e.Published(uri)) > 0 })
	}
	return e, dockerfiles, compose, text
}

// BenchmarkMonorepo is what a request and an edit cost where 300 services stand in one compose
// file and one bake file, and all Dockerfiles are open.
func BenchmarkMonorepo(b *testing.B) {
	e, uris, compose, text := monorepo(b, 300)
	ask := func(method string, i int, more map[string]any) {
		params := map[string]any{"textDocument": map[string]any{"uri": uris[i%len(uris)]}}
		for k, v := range more {
			params[k] = v
		}
		if err := e.Call("textDocument/"+method, params, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("lens", func(b *testing.B) {
		for i := range b.N {
			ask("codeLens", i, nil)
		}
	})
	b.Run("hover", func(b *testing.B) {
		for i := range b.N {
			ask("hover", i, map[string]any{"position": map[string]any{"line": 6, "character": 2}})
		}
	})
	b.Run("edit", func(b *testing.B) {
		before := cpuTime()
		for i := range b.N {
			e.Replace(compose, strings.Replace(text, `V: "7"`, fmt.Sprintf("V: \"x%d\"", i), 1))
			ask("codeLens", 7, nil)
		}
		time.Sleep(time.Second) // what the last edit caused is counted
		b.ReportMetric(float64(cpuTime()-before)/float64(b.N)/1e6, "cpu-ms/op")
	})
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.Logf("%d MiB are in use", m.HeapInuse>>20)
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
