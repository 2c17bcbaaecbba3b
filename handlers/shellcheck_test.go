package handlers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// TestShellCheck has ShellCheck look at a text when its author pauses; what it said of a script is
// shown at once wherever this moves.
func TestShellCheck(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not on the PATH")
	}
	dir := lsptest.Workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Init: map[string]any{"lint.shellcheck": program}})
	e.Open(uri, "dockerfile", "FROM scratch\nARG known\nRUN a $known $Z &&\\\n  echo $y\n# buildls ignore=SC2154 it comes from elsewhere\nRUN b $x\n")
	e.Await("a warning", func() bool { return e.Codes(uri) == "3:SC2154" })
	if d := e.Diagnostics(uri)[0]; d.Range.Start.Character != 7 || d.Severity != 2 {
		t.Errorf("%+v", d)
	}
	e.Forget()
	e.Insert(uri, 0, 0, "\n\n")
	e.AwaitPublished(uri)
	if first := e.Published(uri)[0]; len(first.Diagnostics) != 1 || first.Diagnostics[0].Range.Start.Line != 5 {
		t.Errorf("%+v", first)
	}
	e.Configure(map[string]any{"lint.shellcheck": program, "lint.rules": "all"})
	e.Await("what is no warning", func() bool { return strings.Contains(e.Codes(uri), "4:SC2086") })
	e.Configure(map[string]any{"lint.shellcheck": program, "lint.severity": map[string]any{"SC2154": "off"}})
	e.Await("nothing", func() bool { return e.Codes(uri) == "" })
	e.Configure(map[string]any{"lint.shellcheck": program})
	e.Await("the warning again", func() bool { return e.Codes(uri) == "5:SC2154" })
	e.Replace(uri, "FROM scratch\nRUN b $z\n")
	var answer struct{ Diagnostics []lsptest.Diagnostic }
	if err := e.Execute("buildls.check", map[string]any{"uri": uri}, &answer); err != nil || len(answer.Diagnostics) != 1 {
		t.Errorf("%+v, %v", answer, err)
	}
	e.Shutdown()
}

// TestShellCheckHangs holds that problems do not wait for a process that does not end, and that it
// ends with the text that it was about.
func TestShellCheckHangs(t *testing.T) {
	dir := lsptest.Workspace(t)
	uri, pids := "file://"+dir+"/Dockerfile", filepath.Join(t.TempDir(), "pids")
	program := filepath.Join(t.TempDir(), "shellcheck")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho $$ >> '"+pids+"'\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	started := func(n int) func() bool {
		return func() bool {
			text, _ := os.ReadFile(pids)
			return strings.Count(string(text), "\n") == n
		}
	}
	e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Init: map[string]any{"lint.shellcheck": program}})
	e.Open(uri, "dockerfile", "FROM scratch\nRUNN a\nRUN b\n")
	e.Await("a mistake", func() bool { return e.Codes(uri) == "1:syntax" })
	soon(t, "a process", started(1))
	e.Replace(uri, "FROM scratch\nRUN a\nRUNN c\n")
	e.Await("the newer mistake", func() bool { return e.Codes(uri) == "2:syntax" })
	soon(t, "the process of the newer text", started(2))
	text, _ := os.ReadFile(pids)
	first, second, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	soon(t, "the end of the first process", func() bool { return gone(first) })
	e.Configure(map[string]any{"lint.shellcheck": program, "lint.rules": "buildkit"})
	soon(t, "the end of the second process", func() bool { return gone(second) })
	e.Shutdown()
	if !started(2)() {
		t.Error("it is run for BuildKit's rules alone")
	}
}

// soon asks cond, which the server does not tell of, until it is true.
func soon(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !cond(); runtime.Gosched() {
		if time.Now().After(late) {
			t.Fatalf("did not come to be: %s", what)
		}
	}
}

// gone says whether there is no process of a number.
func gone(pid string) bool { return exec.Command("kill", "-0", pid).Run() != nil }
