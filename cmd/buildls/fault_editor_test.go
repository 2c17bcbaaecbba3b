package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// An editor that does not read, for BUILDLS_BLOCKED (5s if it is not set), while a step
// pours out output and the author types, costs the server no more than one that reads, and
// holds nothing up. When it reads again, it is shown what is wrong with the newest text, the
// output in order, and where some of it was left out.
func TestBlockedEditor(t *testing.T) {
	t.Parallel()
	lasts, err := time.ParseDuration(cmp.Or(os.Getenv("BUILDLS_BLOCKED"), "5s"))
	if err != nil {
		t.Fatal(err)
	}
	p := newPouring(t)
	reading := p.pour("reading", func() bool { return p.e.Count("buildls/buildFinished") > 1 })
	goroutines, _ := p.watched.goroutines()

	frozen := time.Now()
	blocked := p.pour("blocked", func() bool { return time.Since(frozen) > lasts })
	if blocked > reading*3/2 {
		t.Errorf("%d MB while the editor did not read, %d while it did", blocked, reading)
	}
	var r result
	if err := p.answer(&r); err != nil || r.Status != "succeeded" || time.Duration(r.DurationMs)*time.Millisecond > time.Since(frozen) {
		t.Fatalf("%v: %+v", err, r)
	}
	left := inOrder(t, p.e.All("buildls/log"))
	if log := logOf(t, p.e, r); !strings.HasSuffix(log, numbered(pouredLines)) {
		t.Errorf("the whole log has %d bytes and ends with %q", len(log), log[max(0, len(log)-100):])
	}
	p.e.AwaitPublished(p.uri)
	if got := p.e.Codes(p.uri); got != "2:MaintainerDeprecated" {
		t.Error(got)
	}
	t.Logf("not read for %v, %d times typed: %d MB, of an editor that reads %d; the build took %d ms, %d lines of %d were left out",
		lasts, p.typed, blocked, reading, r.DurationMs, left, pouredLines)
	p.watched.returns(goroutines, 1000)
	p.e.Shutdown()
}

// pouredLines is how many lines the step prints: 3 MB.
const pouredLines = 500_000

// A pouring is an author who types while a step prints without an end.
type pouring struct {
	*testing.T
	e       *lsptest.Editor
	watched *watched
	uri     string
	answer  func(any) error // waits for the build's
	typed   int
}

func newPouring(t *testing.T) *pouring {
	s, _ := ownEmbedded(t)
	dir := workspace(t)
	server := program(t, append(s.env, "XDG_STATE_HOME="+t.TempDir()))
	watch := watch(t, server)
	e := newEditor(t, quiet(server), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll})
	p := &pouring{T: t, e: e, watched: watch(e), uri: "file://" + dir + "/Dockerfile"}
	e.Open(p.uri, "dockerfile", base(t)+"RUN true\nMAINTAINER me\n")
	mustBuild(t, e, nil)
	return p
}

// pour builds, and types until it is over. The answer is the most memory that the server then
// had, in MB. An editor that is blocked reads nothing from the first output until the end.
func (p *pouring) pour(how string, over func() bool) (mb int) {
	from, _, _ := strings.Cut(base(p.T), "\n")
	p.e.Replace(p.uri, fmt.Sprintf("%s\nRUN : %s; seq 1 %d\nMAINTAINER me\n", from, how, pouredLines))
	before := p.e.Count("buildls/log")
	p.answer = p.e.Send("workspace/executeCommand", map[string]any{"command": "buildls.build", "arguments": []any{map[string]any{"uri": p.uri, "wait": true}}})
	p.e.Await("output", func() bool { return p.e.Count("buildls/log") > before })
	if how == "blocked" {
		p.e.Freeze()
		defer p.e.Thaw()
	}
	for ; !over(); time.Sleep(5 * time.Millisecond) { // so fast nobody types
		p.typed++
		p.e.Change(p.uri, 2, 0, 3, 0, fmt.Sprintf("MAINTAINER me%d\n", p.typed))
		mb = max(mb, resident(p.T, p.e.Pid()))
	}
	return mb
}

// inOrder checks that the output of the last build was all numbers in order, and that where
// some are missing, it is said. It counts these.
func inOrder(t *testing.T, messages []lsptest.Message) (left int) {
	t.Helper()
	var text strings.Builder
	last := ""
	for _, m := range messages {
		var l struct{ ID, Text string }
		if err := json.Unmarshal(m.Params, &l); err != nil {
			t.Fatal(err)
		}
		if l.ID != last {
			text.Reset()
		}
		last = l.ID
		text.WriteString(l.Text)
	}
	next, cut := 1, false
	for line := range strings.Lines(text.String()) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		switch {
		case strings.HasSuffix(line, "…\n"), strings.Contains(line, "are left out here"):
			cut = true
		case err != nil || n != next && !(cut && n > next):
			t.Fatalf("%q in the place of %d", line, next)
		default:
			left += n - next
			next, cut = n+1, false
		}
	}
	if next != pouredLines+1 || left == 0 {
		t.Errorf("the last line was %d of %d, and %d were left out", next-1, pouredLines, left)
	}
	return left
}

// An editor that dies takes its builds with it.
func TestEditorDies(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		for _, die := range []func(*lsptest.Editor){
			func(e *lsptest.Editor) { e.CloseStdin() },
			func(e *lsptest.Editor) { e.Kill() }, // the server itself, with -9
		} {
			dir := workspace(t)
			e := edit(t, s.env, dir)
			sleep, _ := started(t, e, dir)
			die(e)
			awaitNoSleep(t, sleep)
			e.Exit()
		}
	})
}

// An editor that is killed, while a step pours out output that it does not read any more, takes
// all with it: the step, the server, its files. The next one builds.
func TestKilledEditor(t *testing.T) {
	if dir := os.Getenv(editorIn); dir != "" {
		beKilledEditor(t, dir)
		return
	}
	onEachKind(t, func(t *testing.T, s site) {
		home := t.TempDir()
		temp := filepath.Join(home, "tmp")
		sleep := newSleep()
		text := base(t) + "RUN (yes | head -c 3000000); " + sleep + "\n"
		dir := workspace(t, "Dockerfile", text)
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(temp, 0o700); err != nil {
			t.Fatal(err)
		}
		editor := exec.Command(self, "-test.run", "^TestKilledEditor$")
		editor.Env = append(os.Environ(), editorIn+"="+dir, editorEngine+"="+strings.Join(s.env, "\n"), "TMPDIR="+temp)
		out, err := editor.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		in, err := editor.StdinPipe() // ends with this process
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if err := editor.Start(); err != nil {
			t.Fatal(err)
		}
		var server int
		if _, err := fmt.Fscanf(out, "server %d\n", &server); err != nil {
			t.Fatal(err)
		}
		awaitSleep(t, sleep)
		start := time.Now()
		editor.Process.Signal(syscall.SIGKILL)
		editor.Wait()
		awaitNoSleep(t, sleep)
		awaitDeath(server)
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("the server was there for %v", took)
		}
		for _, left := range leftIn(t, temp) {
			t.Errorf("left: %s", left)
		}
		e := edit(t, s.env, dir)
		e.Open("file://"+dir+"/Dockerfile", "dockerfile", base(t)+"RUN echo again\n")
		mustBuild(t, e, nil)
		e.Shutdown()
	})
}

// editorIn makes a test process the editor that TestKilledEditor kills: it builds in the folder
// that this names, and then reads nothing more.
const editorIn = "BUILDLS_TEST_EDITOR_IN"

// editorEngine is what has the server of that editor choose an engine.
const editorEngine = "BUILDLS_TEST_EDITOR_ENGINE"

// beKilledEditor is that editor.
func beKilledEditor(t *testing.T, dir string) {
	server := program(t, append(strings.Split(os.Getenv(editorEngine), "\n"), "TMPDIR="+os.Getenv("TMPDIR"), "XDG_STATE_HOME="+dir))
	e := newEditor(t, quiet(server), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll, ProcessID: os.Getpid()})
	uri := "file://" + dir + "/Dockerfile"
	text, err := os.ReadFile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	e.Open(uri, "dockerfile", string(text))
	if err := e.Execute("buildls.build", map[string]any{"uri": uri}, nil); err != nil {
		t.Fatal(err)
	}
	e.Await("output", func() bool { return e.Count("buildls/log") > 0 })
	e.Freeze()
	fmt.Printf("server %d\n", e.Pid())
	io.Copy(io.Discard, os.Stdin) // until the test is over
}

// An editor that closes the server's stdin and still reads nothing cannot keep it.
func TestStdinClosesWhileNobodyReads(t *testing.T) {
	t.Parallel()
	s, dir, sleep := embeddedSite(t), workspace(t), newSleep()
	uri := "file://" + dir + "/Dockerfile"
	e := editorOf(t, program(t, s.env), dir)
	e.Open(uri, "dockerfile", base(t)+"RUN (yes | head -c 3000000); "+sleep+"\n")
	if err := e.Execute("buildls.build", map[string]any{"uri": uri}, nil); err != nil {
		t.Fatal(err)
	}
	e.Await("output", func() bool { return e.Count("buildls/log") > 0 })
	e.Freeze()
	defer e.Thaw()
	awaitSleep(t, sleep)
	start := time.Now()
	e.CloseStdin()
	awaitNoSleep(t, sleep)
	if code, took := e.Exit(), time.Since(start); code != 1 || took > 15*time.Second {
		t.Errorf("exit code %d after %v", code, took)
	}
}

// leftIn are the files and sockets below a folder that a server left: not the folders that
// the killed editor had made.
func leftIn(t *testing.T, dir string) (left []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}
