package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// editorIn makes a test process the editor that TestKilledEditor kills: it builds in the folder
// that this names, and then reads nothing more.
const editorIn = "BUILDLS_TEST_EDITOR_IN"

// An editor that is killed, while a step pours out output that it does not read any more, takes
// all with it: the step, the server, its files. The next one builds.
func TestKilledEditor(t *testing.T) {
	if dir := os.Getenv(editorIn); dir != "" {
		beKilledEditor(t, dir)
		return
	}
	onEachEngine(t, func(t *testing.T, s site) {
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

// editorEngine is what has the server of that editor choose an engine.
const editorEngine = "BUILDLS_TEST_EDITOR_ENGINE"

// beKilledEditor is that editor.
func beKilledEditor(t *testing.T, dir string) {
	server := program(t, append(strings.Split(os.Getenv(editorEngine), "\n"), "TMPDIR="+os.Getenv("TMPDIR"), "XDG_STATE_HOME="+dir))
	e := lsptest.New(t, quiet(server), lsptest.Options{Folders: []string{dir}, Capabilities: showingAll, ProcessID: os.Getpid()})
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
