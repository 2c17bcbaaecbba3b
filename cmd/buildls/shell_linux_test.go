package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A pty is a program in a pseudo terminal.
type pty struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	mu     sync.Mutex
	screen bytes.Buffer
	ended  chan struct{} // closed when the program has ended, and its output was read
}

// inTerminal starts a program in a terminal of 30 rows and 100 columns.
func inTerminal(t *testing.T, cmd *exec.Cmd) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	term := &pty{t: t, master: master, cmd: cmd, ended: make(chan struct{})}
	term.resize(30, 100)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-term.ended
		master.Close()
	})
	return term
}

func (x *pty) read() {
	defer close(x.ended)
	buf := make([]byte, 4096)
	for {
		n, err := x.master.Read(buf)
		x.mu.Lock()
		x.screen.Write(buf[:n])
		x.mu.Unlock()
		if err != nil {
			x.cmd.Wait()
			return
		}
	}
}

func (x *pty) resize(rows, cols uint16) {
	x.t.Helper()
	if err := unix.IoctlSetWinsize(int(x.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *pty) write(keys string) { x.master.WriteString(keys) }

// text is what the terminal was told to show. runc passes on a container's first output before it has made
// its own terminal raw (its tty.go, recvtty): on a busy machine that adds a carriage return, which nobody sees.
func (x *pty) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.ReplaceAll(x.screen.String(), "\r\r\n", "\r\n")
}

// await waits until the screen shows a text.
func (x *pty) await(text string) {
	x.t.Helper()
	for late := time.Now().Add(30 * time.Second); !strings.Contains(x.text(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			x.t.Fatalf("no %q on the screen:\n%s", text, x.text())
		}
	}
}

// exit waits until the program has ended, and returns its exit code.
func (x *pty) exit() int {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(30 * time.Second):
		x.t.Fatalf("it goes on:\n%s", x.text())
	}
	return x.cmd.ProcessState.ExitCode()
}

// shellEditor is an editor that can run shells, whose sockets are in a directory of their own.
func shellEditor(t *testing.T, s site, dir string) (e *lsptest.Editor, sockets string) {
	t.Helper()
	sockets = t.TempDir()
	env := slices.Clone(s.env)
	if s.engine != "embedded" { // whose socket is there
		env = append(env, "XDG_RUNTIME_DIR="+sockets)
	} else {
		sockets, _ = embeddedDirs()
	}
	return newEditor(t, program(t, env), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"experimental": map[string]any{"buildls": map[string]any{"shell": true}}}}), sockets
}

// shell attaches a terminal to a step.
func shell(t *testing.T, e *lsptest.Editor, argument map[string]any, args ...string) *pty {
	t.Helper()
	var answer struct{ Command []string }
	if err := e.Execute("buildls.shell", argument, &answer); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, []string{"TERM=xterm-256color"}, append(answer.Command[1:], args...)...)
	return inTerminal(t, cmd)
}

// leftOf is what is in the directories of sockets.
func leftOf(sockets string) []string {
	left, _ := filepath.Glob(filepath.Join(sockets, "buildls-shell-*"))
	return left
}

// A shell in the failed RUN has the files as far as they were written, the environment, the
// mounts and the directory of the step, and is a terminal.
func TestShellInFailedStep(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "token.txt", "planted-secret\n")
		uri := "file://" + dir + "/Dockerfile"
		e, sockets := shellEditor(t, s, dir)
		text := base(t) + "ENV GREETING=hello\nARG WHO=world\nWORKDIR /here\n" +
			"RUN --mount=type=secret,id=token --mount=type=tmpfs,target=/scratch echo " + t.TempDir() + " >partial; exit 7\n"
		e.Open(uri, "dockerfile", text)
		r := buildNow(t, e, map[string]any{"secrets": []map[string]any{{"id": "token", "src": "token.txt"}}})
		if r.Status != "failed" || r.Error.ExitCode == nil || *r.Error.ExitCode != 7 {
			t.Fatalf("%+v", r.Error)
		}
		if s.old {
			err := e.Execute("buildls.shell", map[string]any{"id": r.ID}, nil)
			if err == nil || !strings.Contains(err.Error(), "is too old to keep what a failed step left") {
				t.Errorf("%v", err)
			}
			return
		}
		offered := func() (lenses []lsptest.Lens) {
			for _, l := range e.Lenses(uri) {
				if l.Command.Title == "▷ Shell" && l.Command.Command == "buildls.shell" {
					lenses = append(lenses, l)
				}
			}
			return lenses
		}
		if l := offered(); len(l) != 1 || l[0].Range.Start.Line != 4 {
			t.Errorf("lenses: %+v", e.Lenses(uri))
		}
		var actions []struct {
			Title   string
			Command struct {
				Command   string
				Arguments []map[string]any
			}
		}
		at := map[string]int{"line": 4, "character": 3}
		if err := e.Call("textDocument/codeAction", map[string]any{"textDocument": map[string]any{"uri": uri}, "range": map[string]any{"start": at, "end": at},
			"context": map[string]any{"diagnostics": []any{}}}, &actions); err != nil {
			t.Fatal(err)
		}
		if len(actions) != 1 || actions[0].Title != "Open a shell in this step" || actions[0].Command.Command != "buildls.shell" {
			t.Fatalf("actions: %+v", actions)
		}
		x := shell(t, e, actions[0].Command.Arguments[0])
		x.write("echo $GREETING $WHO $PWD $TERM; cat partial /run/secrets/token; ls -d /scratch; while ! stty size | grep '30 1'00; do :; done; echo 'en''d'\n")
		x.await("\nend") // the size is told while the shell starts
		for _, want := range []string{"hello world /here xterm-256color", "/TestShellInFailedStep", "planted-secret", "\n/scratch", "30 100"} {
			if !strings.Contains(x.text(), want) {
				t.Errorf("no %q:\n%s", want, x.text())
			}
		}
		x.resize(44, 123)
		x.write("while ! stty size | grep '44 1'23; do :; done\n")
		x.await("44 123")
		x.write("sh -c 'echo slee\"\"ping; exec sleep 1000'\n") // which is in the foreground when it speaks
		x.await("sleeping")
		x.write("\x03")
		x.write("echo go''on\n")
		x.await("goon")
		x.write("exit 42\n")
		if code := x.exit(); code != 42 {
			t.Errorf("exit code %d:\n%s", code, x.text())
		}

		for _, args := range [][]string{{"--", "/bin/no-such-shell", "x"}, {"--command", "/bin/no-such-shell x"}} {
			x := shell(t, e, map[string]any{"id": r.ID}, args...)
			want := "this image has no /bin/no-such-shell; name a program that it has: " + strings.Join(x.cmd.Args[:3], " ") + " --command PROGRAM"
			if code := x.exit(); code != exitLost || !strings.Contains(x.text(), want) {
				t.Errorf("%q: %d, no %q:\n%s", args, code, want, x.text())
			}
		}
		for _, args := range [][]string{{"--", "sh", "-c", "echo $WHO '  '; exit 9"}, {"--command", "sh -c \"echo $WHO '  '; exit 9\""}, {"--command=sh -c \"echo $WHO '  '; exit 9\""}} {
			x := shell(t, e, map[string]any{"id": r.ID}, args...)
			if code := x.exit(); code != 9 || !strings.Contains(x.text(), "world   ") {
				t.Errorf("%q: %d:\n%s", args, code, x.text())
			}
		}
		for _, args := range [][]string{{"sh"}, {"--"}, {"--command", "sh", "--", "sh"}, {"--command", "'"}} {
			if code := shell(t, e, map[string]any{"id": r.ID}, args...).exit(); code != exitUsage {
				t.Errorf("%q: %d", args, code)
			}
		}
		kept := shell(t, e, map[string]any{"id": r.ID})
		kept.write("cat /here/partial; echo kep''t\n")
		kept.await("kept")
		e.Replace(uri, strings.Replace(text, "exit 7", "true", 1))
		mustBuild(t, e, map[string]any{"secrets": []map[string]any{{"id": "token", "src": "token.txt"}}})
		if l := offered(); len(l) > 0 {
			t.Errorf("a shell is offered in a build that succeeded: %+v", l)
		}
		if code := kept.exit(); code != exitLost || !strings.Contains(kept.text(), "a newer build has started") {
			t.Errorf("%d:\n%s", code, kept.text())
		}

		e.Replace(uri, text)
		buildNow(t, e, map[string]any{"secrets": []map[string]any{{"id": "token", "src": "token.txt"}}})
		last := shell(t, e, nil)
		last.write("echo rea''dy\n")
		last.await("ready")
		e.Shutdown()
		if code := last.exit(); code != exitLost || len(leftOf(sockets)) > 0 {
			t.Errorf("%d, left %q:\n%s", code, leftOf(sockets), last.text())
		}
	})
}

// A shell after any step has its files, and runs nothing again; the shell of a command has its
// environment and mounts.
func TestShellAfterStep(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "app.txt", "from the context\n", "Empty.Dockerfile", "FROM scratch\nCOPY app.txt /\n")
		uri := "file://" + dir + "/Dockerfile"
		e, _ := shellEditor(t, s, dir)
		e.Open(uri, "dockerfile", base(t)+"ENV GREETING=hello\nWORKDIR /here\nRUN --mount=type=cache,target=/kept echo "+t.TempDir()+" >made; echo cached >/kept/x\n"+
			"ENV GREETING=later\nWORKDIR /there\nCOPY app.txt /\nRUN rm /app.txt\n")
		r := mustBuild(t, e, nil)
		for step, want := range map[string]string{
			"RUN --mount": "hello /here made cached absent",
			"COPY":        "later /there made uncached from the context",
			"rm /app.txt": "later /there made uncached absent",
		} {
			x := shell(t, e, map[string]any{"id": r.ID, "step": stepNamed(t, r, step)})
			x.write("echo $GREETING $PWD $(ls /here) $(cat /kept/x || echo uncached) $(cat /app.txt || echo absent) 2>/dev/null; exit 3\n")
			if code := x.exit(); code != 3 || !strings.Contains(x.text(), want) {
				t.Errorf("%s: %d, no %q:\n%s", step, code, want, x.text())
			}
		}

		empty := mustBuild(t, e, map[string]any{"uri": "file://" + dir + "/Empty.Dockerfile"})
		x := shell(t, e, map[string]any{"id": empty.ID, "step": 0})
		if code := x.exit(); code != exitLost || !strings.Contains(x.text(), "this image has no /bin/sh; name a program that it has") {
			t.Errorf("%d:\n%s", code, x.text())
		}

		last := shell(t, e, map[string]any{"id": r.ID, "step": stepNamed(t, r, "rm /app.txt")})
		last.write("echo rea''dy\n")
		last.await("ready")
		e.Kill()
		if code := last.exit(); code != exitLost || !strings.Contains(last.text(), "the server of the editor went away") {
			t.Errorf("%d:\n%s", code, last.text())
		}
	})
}

// A server that had opened a shell ends as soon as its editor is gone, though the socket could
// take more terminals.
func TestShellEndsWithoutShutdown(t *testing.T) {
	dir, log := workspace(t, "app.txt", ""), filepath.Join(t.TempDir(), "log")
	e := newEditor(t, program(t, embeddedSite(t).env, "--log-file", log), lsptest.Options{Folders: []string{dir}})
	e.Open("file://"+dir+"/Dockerfile", "dockerfile", base(t)+"COPY app.txt /\n")
	r := mustBuild(t, e, nil)
	x := shell(t, e, map[string]any{"id": r.ID, "step": stepNamed(t, r, "COPY app.txt")})
	x.write("exit\n")
	x.exit()
	e.CloseStdin()
	e.Exit()
	said, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(said), "the client closed the connection") || strings.Contains(string(said), "has not ended") {
		t.Errorf("%v:\n%s", err, said)
	}
}

// A terminal in what a step left stays open while its author types, also if the build follows the
// text: what is typed is built afterwards.
func TestShellWhileTyping(t *testing.T) {
	x := newFollowedAuthor(t, embeddedSite(t), nil)
	x.types("RUN echo was-he''re > /left; exit 7\n", "failed")
	term := shell(t, x.Editor, nil)
	term.write("cat /left\n")
	term.await("was-here")
	x.Forget()
	x.Insert(x.uri, 1, 0, "RUN echo typed\n")
	term.write("echo still-$((1+1))\n")
	term.await("still-2")
	if n := x.count("building"); n > 0 {
		t.Errorf("%d builds", n)
	}
	term.write("exit\n")
	term.exit()
	x.awaitStatus("failed")
	x.Shutdown()
}
