package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// asProgram makes this test binary run as the program buildls: what the tests start is
// what they were compiled from, race detector and all.
const asProgram = "BUILDLS_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "":
	case asWindows:
		os.Exit(runInWine())
	default:
		tellProfiles()
		main()
		return
	}
	code := enginetest.Main(m)
	endEmbedded()
	if *benchTable != "" {
		if err := writeFigures(*benchTable, figures); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// program is the command line of buildls, in an environment of its own: no engine but
// those that env names.
func program(t testing.TB, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cmd := exec.Command(self, args...)
	cmd.Dir = home
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "BUILDLS_") || strings.HasPrefix(name, "BUILDX_") || name == "BUILDKIT_HOST" || strings.HasPrefix(name, "XDG_") {
			continue
		}
		cmd.Env = append(cmd.Env, kv)
	}
	cmd.Env = append(cmd.Env, asProgram+"=1", "GORACE=atexit_sleep_ms=0", "HOME="+home, "DOCKER_CONFIG="+home, "DOCKER_HOST=unix://"+filepath.Join(home, "no-docker.sock"))
	cmd.Env = append(cmd.Env, env...)
	if wineRoot != "" {
		inWine(t, cmd, "buildls.exe")
	}
	return cmd
}

// workspace is a folder with files, given as name and content in turn.
func workspace(t testing.TB, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// edit starts the server in an editor that has dir open.
func edit(t testing.TB, env []string, dir string) *lsptest.Editor {
	t.Helper()
	return lsptest.New(t, program(t, env), lsptest.Options{Folders: []string{dir}})
}

// editorOf starts that server in an editor that has dir open.
func editorOf(t testing.TB, server *exec.Cmd, dir string) *lsptest.Editor {
	t.Helper()
	return lsptest.New(t, server, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"window":       map[string]any{"workDoneProgress": true},
		"experimental": map[string]any{"buildls": map[string]any{"log": true, "finished": true}}}})
}
