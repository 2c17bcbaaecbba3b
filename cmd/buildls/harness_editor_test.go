package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint/shellcheck"
	"github.com/buildls/buildls/lsp/lsptest"
)

// asProgram makes this test binary run as the program buildls: what the tests start is
// what they were compiled from, race detector and all.
const asProgram = "BUILDLS_TEST_AS_PROGRAM"

// withShellCheck makes it run ShellCheck as the program does: else tests do not hang on what a
// machine has.
const withShellCheck = "BUILDLS_TEST_SHELLCHECK"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "":
	case asWindows:
		os.Exit(runInWine())
	default:
		if os.Getenv(withShellCheck) == "" {
			defaultShellCheck = shellcheck.Off
		}
		tellProfiles()
		main()
		return
	}
	if signal.Ignored(syscall.SIGHUP) { // by nohup; what the tests start would inherit that
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
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
	return lsptest.Workspace(t, files...)
}

// newEditor is an editor for which BuildKit's rules count alone, unless its options say otherwise:
// tests are about one thing, on base images that have no tag.
func newEditor(t testing.TB, server *exec.Cmd, o lsptest.Options) *lsptest.Editor {
	t.Helper()
	o.Init = maps.Clone(o.Init)
	if o.Init == nil {
		o.Init = map[string]any{}
	}
	if o.Init["lint"] == nil {
		o.Init["lint"] = map[string]any{"rules": "buildkit"}
	}
	if o.Init["lint.shellcheck"] == nil {
		o.Init["lint.shellcheck"] = "off"
	}
	return lsptest.New(t, server, o)
}

// edit starts the server in an editor that has dir open.
func edit(t testing.TB, env []string, dir string) *lsptest.Editor {
	t.Helper()
	return newEditor(t, program(t, env), lsptest.Options{Folders: []string{dir}})
}

// editorOf starts that server in an editor that has dir open.
func editorOf(t testing.TB, server *exec.Cmd, dir string) *lsptest.Editor {
	t.Helper()
	return newEditor(t, server, lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"window":       map[string]any{"workDoneProgress": true},
		"experimental": map[string]any{"buildls": map[string]any{"log": true, "finished": true}}}})
}

// A result is the contract's.
type result struct {
	ID, URI, Status, Engine, Context, Target string
	Digest, ImageID                          *string
	Tags, Platforms, Overlaid                []string
	Started                                  string
	DurationMs                               int
	Steps                                    []stepOf
	Warnings                                 []struct{ Message, Code string }
	Profile                                  *struct{ Name, Source string }
	Error                                    *struct {
		Message, URI, Log string
		Range             *lsptest.Range
		ExitCode          *int
	}
}

type stepOf struct {
	Name, Status, Why string
	Range             lsptest.Range
	DurationMs        int
	LastMs            *int
	ExitCode          *int
}

// buildNow builds and waits for the result.
func buildNow(t *testing.T, e *lsptest.Editor, argument map[string]any) result {
	t.Helper()
	all := map[string]any{"wait": true}
	for k, v := range argument {
		all[k] = v
	}
	var r result
	if err := e.Execute("buildls.build", all, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// mustBuild is buildNow for a build that must succeed.
func mustBuild(t *testing.T, e *lsptest.Editor, argument map[string]any) result {
	t.Helper()
	r := buildNow(t, e, argument)
	if r.Status != "succeeded" {
		t.Fatalf("%s: %+v", r.Status, r.Error)
	}
	return r
}

// logOf is the output of a build.
func logOf(t testing.TB, e *lsptest.Editor, r result) string {
	t.Helper()
	var log struct{ Text string }
	if err := e.Execute("buildls.log", map[string]any{"id": r.ID}, &log); err != nil {
		t.Fatal(err)
	}
	return log.Text
}

// buildsOf are the answer to buildls.builds.
func buildsOf(t *testing.T, e *lsptest.Editor) (list []result) {
	t.Helper()
	if err := e.Execute("buildls.builds", nil, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// remembering is a site of which the builds are kept in a directory, where several
// processes find them; and that directory.
func remembering(t testing.TB, s site) (site, string) {
	state := t.TempDir()
	s.env = append(slices.Clone(s.env), "XDG_STATE_HOME="+state)
	return s, filepath.Join(state, "buildls", "builds")
}

// stepNamed is the index of the step whose name holds a text.
func stepNamed(t *testing.T, r result, text string) int {
	t.Helper()
	for i, s := range r.Steps {
		if strings.Contains(s.Name, text) {
			return i
		}
	}
	t.Fatalf("no step %q: %+v", text, r.Steps)
	return -1
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func numbered(lines int) string {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintln(&b, i+1)
	}
	return b.String()
}

// showingAll are the capabilities of an editor that shows all there is of builds.
var showingAll = map[string]any{
	"window":       map[string]any{"workDoneProgress": true},
	"workspace":    map[string]any{"configuration": true, "codeLens": map[string]any{"refreshSupport": true}, "inlayHint": map[string]any{"refreshSupport": true}},
	"textDocument": map[string]any{"codeLens": map[string]any{}, "inlayHint": map[string]any{}, "hover": map[string]any{"contentFormat": []string{"markdown"}}},
	"experimental": map[string]any{"buildls": map[string]any{"log": true, "finished": true}},
}

// planted is a part of all that must not be shown in these tests.
const planted = "hunter2"
