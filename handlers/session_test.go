package handlers_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/lsp/lsptest"
)

// serveIn is a server in this process, as `buildls serve` makes it.
func serveIn(t testing.TB) func(io.ReadWriter) int {
	return func(rw io.ReadWriter) int {
		rpc := lsp.NewServer(zap.NewNop())
		defer handlers.New(rpc, zap.NewNop(), zap.NewAtomicLevel(), "test").Close()
		return rpc.Run(t.Context(), rw)
	}
}

// isolate gives the test an environment without engines, in which only env is said.
func isolate(t testing.TB, env []string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("not on Windows: these tests write and compare the paths of Unix")
	}
	home := t.TempDir()
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		for _, of := range []string{"DOCKER_", "BUILDLS_", "BUILDX_", "BUILDKIT_", "XDG_"} {
			if strings.HasPrefix(name, of) {
				t.Setenv(name, "")
			}
		}
	}
	none := filepath.Join(home, "none")
	for _, kv := range append([]string{"HOME=" + home, "DOCKER_CONFIG=" + home, "DOCKER_HOST=unix://" + none, "BUILDLS_ENGINE_PROGRAM=" + none}, env...) {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
}

// connect is an editor with a server that it has not initialized.
func connect(t testing.TB, env []string, o lsptest.Options) *lsptest.Editor {
	t.Helper()
	isolate(t, env)
	return lsptest.Connect(t, serveIn(t), o)
}

// dial is an editor with a server.
func dial(t testing.TB, env []string, o lsptest.Options) *lsptest.Editor {
	t.Helper()
	isolate(t, env)
	return lsptest.Dial(t, serveIn(t), o)
}

// edit is an editor that has dir open.
func edit(t testing.TB, env []string, dir string) *lsptest.Editor {
	t.Helper()
	return dial(t, env, lsptest.Options{Folders: []string{dir}})
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
