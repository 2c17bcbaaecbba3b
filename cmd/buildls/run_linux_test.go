package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// runnable is a Dockerfile of an image that says how it is run.
func runnable(t *testing.T) string {
	return base(t) + "RUN echo 'eve:x:7:7::/home/eve:/bin/sh' >>/etc/passwd; mkdir -p /srv/here\n" +
		"ENV GREETING=hello\nWORKDIR /srv/here\nUSER eve\n" +
		`ENTRYPOINT ["/bin/sh","-c","echo $# $0 $@ $GREETING $PWD $(id -un) $HOME; cat; echo wrong >&2; exit 7"]` + "\nCMD [\"a\",\"b\"]\n"
}

// ran runs a command line with something on stdin.
func ran(t *testing.T, env []string, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := program(t, env, append([]string{"run"}, args...)...)
	var said strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &said
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), said.String(), cmd.ProcessState.ExitCode()
}

// containers are those that a Docker engine has, also those that have ended.
func (s site) containers(t *testing.T) string {
	if s.docker == nil {
		return ""
	}
	return strings.TrimSpace(s.docker.Docker(t, "ps", "-aq"))
}

// What runs has the entrypoint, command, environment, user and directory of the image, and its own
// stdin, stdout, stderr and exit code.
func TestRun(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", runnable(t), "none.Dockerfile", base(t)+"ENTRYPOINT []\nCMD []\n", "bad.Dockerfile", base(t)+"RUN exit 3\n",
			"no.Dockerfile", base(t)+"ENTRYPOINT [\"/bin/no-such-program\"]\n")
		for _, c := range []struct {
			args        []string
			out, stderr string
			code        int
		}{
			{[]string{dir}, "1 a b hello /srv/here eve /home/eve\ntyped\n", "wrong\n", 7},
			{[]string{"-q", dir, "--", "x", "-y", "a b"}, "2 x -y a b hello /srv/here eve /home/eve\ntyped\n", "wrong\n", 7},
			{[]string{"-f", dir + "/none.Dockerfile", dir}, "", "no ENTRYPOINT and no CMD; give a command", exitLost},
			{[]string{"-f", dir + "/none.Dockerfile", dir, "--", "cat"}, "typed\n", "built in", 0},
			{[]string{"-f", dir + "/none.Dockerfile", "--network", "none", dir, "--", "ls", "/sys/class/net"}, "lo\n", "buildls: it has no network", 0},
			{[]string{"-f", dir + "/no.Dockerfile", dir}, "", "this image has no /bin/no-such-program", exitLost},
			{[]string{"-f", dir + "/bad.Dockerfile", dir}, "", "exit code 3", exitFailed},
			{[]string{"-o", "type=local,dest=" + t.TempDir(), dir}, "", "is no image that could be run", exitUsage},
			{[]string{"-o", "type=docker,dest=-", dir}, "", "the standard output is the program's", exitUsage},
		} {
			out, said, code := ran(t, s.env, "typed\n", c.args...)
			if out != c.out || !strings.Contains(said, c.stderr) || code != c.code {
				t.Errorf("%q: %d, %q, want %d, %q and %q:\n%s", c.args, code, out, c.code, c.out, c.stderr, said)
			}
			if ours := "buildls: it runs in a container of "; s.store == strings.Contains(said, ours) && code == 7 {
				t.Errorf("%q: %q:\n%s", c.args, ours, said)
			}
		}
		if left := s.containers(t); left != "" {
			t.Errorf("containers are left: %q", left)
		}
	})
}

// A program in a terminal is told its size and Ctrl-C, and gone when the terminal is.
func TestRunInTerminal(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", base(t)+"ENTRYPOINT [\"/bin/sh\", \"-c\"]\n")
		run := func(script string) *pty {
			x := inTerminal(t, program(t, append(slices.Clone(s.env), "TERM=xterm-256color"), "run", "-q", dir, "--", script))
			x.await("rea" + "dy")
			return x
		}
		x := run(`trap 'echo caught; exit 9' INT; while ! stty size | grep '30 1'00; do :; done; echo $TERM rea''dy; while :; do sleep 0.1; done`)
		if !strings.Contains(x.text(), "30 100") || !strings.Contains(x.text(), "xterm-256color ready") {
			t.Errorf("%s", x.text())
		}
		x.write("\x03")
		if code := x.exit(); code != 9 || !strings.Contains(x.text(), "caught") {
			t.Errorf("Ctrl-C: %d:\n%s", code, x.text())
		}
		x = run(`echo rea''dy; while ! stty size | grep '44 1'23; do :; done; read -r line; echo "got $line"; exit 3`)
		x.resize(44, 123)
		x.await("44 123")
		x.write("this\n")
		if code := x.exit(); code != 3 || !strings.Contains(x.text(), "got this\r\n") {
			t.Errorf("%d:\n%s", code, x.text())
		}
		x = run(`stty raw -echo; echo rea''dy; dd bs=1 count=2 2>/dev/null | od -An -tx1; exit 6`)
		x.write("\x10\x11") // with which docker run leaves a container alone
		if code := x.exit(); code != 6 || !strings.Contains(x.text(), " 10 11") {
			t.Errorf("Ctrl-P Ctrl-Q: %d:\n%s", code, x.text())
		}
		x = run(`n=0; trap 'n=$((n+1)); echo still $n; [ $n = 4 ] && exit 8' INT; echo rea''dy; while :; do sleep 0.1; done`)
		for n := range 4 {
			x.write("\x03")
			x.await(fmt.Sprintf("still %d", n+1))
		}
		if code := x.exit(); code != 8 {
			t.Errorf("a program that answers to Ctrl-C: %d:\n%s", code, x.text())
		}
		x = run(`trap '' INT; echo rea''dy; exec sleep 1000`)
		for range 3 {
			x.write("\x03")
		}
		if code := x.exit(); code != 130 {
			t.Errorf("a program that does not heed Ctrl-C: %d:\n%s", code, x.text())
		}
		x = run(`trap 'echo terminated; exit 4' TERM; echo rea''dy; while :; do sleep 0.1; done`)
		x.cmd.Process.Signal(syscall.SIGTERM)
		if code := x.exit(); code != 4 || !strings.Contains(x.text(), "terminated") {
			t.Errorf("SIGTERM: %d:\n%s", code, x.text())
		}
		x = run(`trap '' HUP TERM INT; echo rea''dy; exec sleep 1000`)
		x.cmd.Process.Signal(syscall.SIGHUP)
		if code := x.exit(); code != exitLost {
			t.Errorf("the terminal went away: %d:\n%s", code, x.text())
		}
		x = run(`trap '' TERM; echo rea''dy; exec sleep 1000`)
		x.cmd.Process.Signal(syscall.SIGTERM) // once, as a service manager does
		if code := x.exit(); code != exitKilled || !strings.Contains(x.text(), "did not heed the signals") {
			t.Errorf("a program that does not heed SIGTERM: %d:\n%s", code, x.text())
		}
		if left := s.containers(t); left != "" {
			t.Errorf("containers are left: %q", left)
		}
	})
}

// somePort is one on which nobody listens.
func somePort(t *testing.T) int {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A running is the answer to buildls.run.
type running struct {
	Command []string
	Ports   []struct {
		Port     int
		Protocol string
		Address  *string
	}
}

func runEditor(t *testing.T, s site, dir string) *lsptest.Editor {
	t.Helper()
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: map[string]any{
		"experimental": map[string]any{"buildls": map[string]any{"run": true}}}})
	t.Cleanup(e.Shutdown)
	return e
}

// terminalOf is a terminal in which an editor runs what the server answers.
func terminalOf(t *testing.T, r running, args ...string) *pty {
	t.Helper()
	return inTerminal(t, program(t, []string{"TERM=xterm-256color"}, append(r.Command[1:], args...)...))
}

// The ports that the image exposes are published by Docker, elsewhere if they are taken. Where they
// are not, or without being published, that is said.
func TestRunPorts(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir, port := workspace(t), somePort(t)
		uri := "file://" + dir + "/Dockerfile"
		e := runEditor(t, s, dir)
		e.Open(uri, "dockerfile", base(t)+fmt.Sprintf("RUN mkdir /www && echo served >/www/index.html\nEXPOSE %d\nCMD httpd -f -p %d -h /www\n", port, port))
		r := mustBuild(t, e, nil)
		start := func() (*pty, running) {
			var answer running
			if err := e.Execute("buildls.run", map[string]any{"id": r.ID}, &answer); err != nil {
				t.Fatal(err)
			}
			if len(answer.Ports) != 1 || answer.Ports[0].Port != port || answer.Ports[0].Protocol != "tcp" {
				t.Fatalf("%+v", answer)
			}
			x := terminalOf(t, answer)
			x.await(fmt.Sprintf("buildls: port %d/tcp is ", port))
			return x, answer
		}
		x, first := start()
		if s.name == "buildkitd" {
			x.await("in a container of buildkitd at ")
			x.await(fmt.Sprintf("port %d/tcp is not published", port))
			if first.Ports[0].Address != nil {
				t.Errorf("%s", *first.Ports[0].Address)
			}
		} else {
			same := fmt.Sprintf("127.0.0.1:%d", port)
			x.await("is " + same)
			if first.Ports[0].Address == nil || *first.Ports[0].Address != same {
				t.Errorf("%+v", first.Ports[0])
			}
			awaitServed(t, same)
		}
		if s.store {
			y, other := start()
			if a := *other.Ports[0].Address; a == *first.Ports[0].Address {
				t.Errorf("a port is given twice: %s", a)
			} else {
				y.await("is " + a)
				awaitServed(t, a)
			}
			for line := range strings.Lines(s.docker.Docker(t, "ps", "--format", "{{.Ports}}")) {
				if !strings.HasPrefix(line, "127.0.0.1:") || strings.Contains(line, ", ") {
					t.Errorf("others reach what is published: %s", line)
				}
			}
			z := terminalOf(t, first) // whose port is taken meanwhile
			z.await("is 127.0.0.1:")
			if strings.Contains(z.text(), "is "+*first.Ports[0].Address) {
				t.Errorf("%s", z.text())
			}
			z.cmd.Process.Signal(syscall.SIGHUP) // as an editor that closes a terminal
			z.exit()
			y.cmd.Process.Signal(syscall.SIGTERM)
			if code := y.exit(); code != exitLost {
				t.Errorf("exit code %d", code)
			}
		}
		x.write("\x03\x03\x03")
		x.exit()
		if !eventually(func() bool { return s.containers(t) == "" }) {
			t.Errorf("containers are left: %q", s.containers(t))
		}
	})
}

func awaitServed(t *testing.T, address string) {
	t.Helper()
	var body []byte
	if !eventually(func() bool {
		resp, err := http.Get("http://" + address)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, err = io.ReadAll(resp.Body)
		return err == nil
	}) || string(body) != "served\n" {
		t.Errorf("%s: %q", address, body)
	}
}

// The editor runs the build that it names, else the newest that succeeded; a lens over the last stage
// offers it when that was built. What the engine has pruned is not built again.
func TestRunFromEditor(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := runEditor(t, s, dir)
		text := func(said string) string {
			return base(t) + "FROM " + strings.TrimPrefix(strings.TrimSpace(base(t)), "FROM ") + "\nRUN echo " + t.TempDir() + " >/made\nCMD echo " + said + "; cat /made; exit 5\n"
		}
		e.Open(uri, "dockerfile", text("first"))
		offered := func() (ids []string) {
			for _, l := range e.Lenses(uri) {
				if l.Command.Command == "buildls.run" && l.Command.Title == "▷ Run" && l.Range.Start.Line == 1 {
					ids = append(ids, l.Command.Arguments[0]["id"].(string))
				}
			}
			return ids
		}
		wrong := func(argument map[string]any, want string) {
			t.Helper()
			if err := e.Execute("buildls.run", argument, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v", argument, err)
			}
		}
		wrong(nil, "no build of this session has succeeded")
		wrong(map[string]any{"id": "x"}, `no build "x" of this session is remembered`)
		if ids := offered(); len(ids) > 0 {
			t.Errorf("what was not built is offered: %q", ids)
		}
		first := mustBuild(t, e, nil)
		if ids := offered(); !slices.Equal(ids, []string{first.ID}) {
			t.Errorf("offered are %q: %+v", ids, e.Lenses(uri))
		}
		e.Replace(uri, text("second"))
		mustBuild(t, e, nil)
		local := mustBuild(t, e, map[string]any{"outputs": []map[string]any{{"type": "local", "dest": t.TempDir()}}})
		wrong(map[string]any{"id": local.ID}, "it made files, and no image that can be run")
		if ids := offered(); len(ids) > 0 {
			t.Errorf("files are offered: %q", ids)
		}
		second := mustBuild(t, e, nil)
		e.Replace(uri, base(t)+"RUN exit 3\n")
		failed := buildNow(t, e, nil)
		wrong(map[string]any{"id": failed.ID}, "did not succeed")

		run := func(argument map[string]any, args ...string) *pty {
			t.Helper()
			var answer running
			if err := e.Execute("buildls.run", argument, &answer); err != nil {
				t.Fatal(err)
			}
			if answer.Ports == nil {
				t.Error("ports is null")
			}
			return terminalOf(t, answer, args...)
		}
		for _, c := range []struct {
			argument map[string]any
			args     []string
			says     string
			code     int
		}{
			{map[string]any{"id": first.ID}, nil, "first\r\n/", 5},
			{nil, nil, "second\r\n/", 5},
			{map[string]any{"id": second.ID, "command": []string{"sh", "-c", "echo mine; exit 6"}}, nil, "mine", 6},
			{map[string]any{"id": second.ID}, []string{"--", "sh", "-c", "echo typed; exit 4"}, "typed", 4},
			{map[string]any{"command": []string{"/bin/none"}}, nil, "this image has no /bin/none", exitLost},
		} {
			x := run(c.argument, c.args...)
			if code := x.exit(); code != c.code || !strings.Contains(x.text(), c.says) {
				t.Errorf("%v: %d, not %q:\n%s", c.argument, code, c.says, x.text())
			}
		}
		if !s.store {
			s.prune(t)
			x := run(map[string]any{"id": second.ID})
			if code := x.exit(); code != exitLost || !strings.Contains(x.text(), "no longer has this step in its cache") {
				t.Errorf("pruned: %d:\n%s", code, x.text())
			}
			return
		}
		s.docker.Docker(t, "rmi", "-f", *first.ImageID)
		x := run(map[string]any{"id": first.ID})
		if code, said := x.exit(), x.text(); code != 5 || !strings.Contains(said, "no longer has the image") ||
			!strings.Contains(said, "it runs in a container of the Docker engine") {
			t.Errorf("%d:\n%s", code, said)
		}
	})
}

// Of several platforms the engine's own runs.
func TestRunPlatforms(t *testing.T) {
	s := buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t, "Dockerfile", "FROM "+enginetest.Registry(t)+"/multi\nARG TARGETARCH\nENV MADE_FOR=$TARGETARCH\nCMD [\"/bin/sh\", \"-c\", \"echo $MADE_FOR\"]\n",
		"other.Dockerfile", "FROM scratch\nCOPY Dockerfile /\nCMD [\"/x\"]\n")
	own, err := exec.Command("go", "env", "GOARCH").Output()
	if err != nil {
		t.Fatal(err)
	}
	if out, said, code := ran(t, s.env, "", "--platform", "linux/amd64,linux/arm64", dir); code != 0 || out != string(own) {
		t.Errorf("%d, %q:\n%s", code, out, said)
	}
	if _, said, code := ran(t, s.env, "", "--platform", "linux/s390x,linux/ppc64le", "-f", dir+"/other.Dockerfile", dir); code != exitLost ||
		!strings.Contains(said, "it made images for linux/ppc64le, linux/s390x, and none for linux/"+strings.TrimSpace(string(own))) {
		t.Errorf("%d:\n%s", code, said)
	}
}

// A program that prints nothing ends with its engine, and that is said.
func TestRunEngineKilled(t *testing.T) {
	onEachVictim(t, func(t *testing.T, v victim) {
		dir := workspace(t, "Dockerfile", base(t)+"ENTRYPOINT [\"/bin/sh\", \"-c\"]\n")
		x := inTerminal(t, program(t, append(slices.Clone(v.env), "TERM=xterm"), "run", "-q", dir, "--", "echo rea''dy; exec sleep 1000"))
		x.await("ready")
		v.kill()
		if code := x.exit(); code != exitLost || !strings.Contains(x.text(), " went away, and ") {
			t.Errorf("%d:\n%s", code, x.text())
		}
	})
}

// An image that is loaded into Docker runs there, whichever engine built it and however Docker keeps
// images.
func TestRunLoaded(t *testing.T) {
	dir := workspace(t, "Dockerfile", runnable(t))
	for name, d := range map[string]*enginetest.Daemon{"graph": enginetest.Docker(t, "28"), "containerd": enginetest.ContainerdDocker(t)} {
		s := dockerSite(d, "28")
		builder := buildkitdSite(enginetest.Buildkitd(t))
		for _, env := range [][]string{s.env, append(slices.Clone(s.env), builder.env...)} {
			out, said, code := ran(t, env, "", "--load", "-t", "example/loaded", dir)
			if code != 7 || !strings.HasPrefix(out, "1 a b hello") || strings.Contains(said, "in a container of") {
				t.Errorf("%s, %q: %d, %q:\n%s", name, env, code, out, said)
			}
		}
		if left := s.containers(t); left != "" {
			t.Errorf("containers are left: %q", left)
		}
	}
}
