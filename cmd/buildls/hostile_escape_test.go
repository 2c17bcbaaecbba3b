package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// hostile is what a step may print to the terminal of who builds: a title, the clipboard, a
// cleared screen, a line that is drawn over. Of all that only the colour is shown.
const hostile = `\033]0;owned\007\033]52;c;b3duZWQ=\033\\\033[2J\033[H\033[31mred\033[0m\033[1A\302\2332J`

// steering are the bytes that a terminal would obey, but for those of a colour.
func steering(text string) string {
	for _, colour := range []string{"\x1b[31m", "\x1b[0m"} {
		text = strings.ReplaceAll(text, colour, "")
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return r
		}
		return -1
	}, text)
}

// What is shown of a build, of Dockerfiles and of engines steers no terminal.
func TestNothingSteersTheTerminal(t *testing.T) {
	s := embeddedSite(t)
	const raw = "\x1b]0;owned\x07\x1b[2J"
	dir := workspace(t, "Dockerfile", base(t)+"# check=error=true\nRUN printf '"+hostile+"\\n'; exit 3\n",
		"name.Dockerfile", base(t)+"RUN --mount=type=bind,source="+raw+"x,target=/y echo "+raw+" hello\n",
		"syntax.Dockerfile", "FROM scratch\nRUNN "+raw+"\n")
	env := append(s.env, "XDG_STATE_HOME="+t.TempDir())
	run := func(args ...string) string {
		cmd := program(t, env, args...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if bad := steering(string(out)); bad != "" {
			t.Errorf("%q: %q reaches the terminal:\n%q", args, bad, out)
		}
		return string(out)
	}
	if out := run("build", "--progress", "plain", dir); !contains(out, "\x1b[31mred\x1b[0m", "exit code 3") {
		t.Errorf("colours are not shown: %q", out)
	}
	for _, name := range []string{"name", "syntax"} {
		for _, progress := range []string{"plain", "quiet"} {
			run("build", "--progress", progress, "-f", dir+"/"+name+".Dockerfile", dir)
		}
		run("check", dir+"/"+name+".Dockerfile")
	}
	run("check", dir+"/"+raw)
	run("build", "-f", dir+"/"+raw, dir)
	run("doctor", "--engine", "unix:///"+raw)
	list := run("builds")
	id, _, _ := strings.Cut(strings.Split(list, "\n")[1], " ")
	run("builds", id)
	run("builds", "--log", id)

	// In an editor a log is text, and so are errors.
	e := edit(t, env, dir)
	r := buildNow(t, e, map[string]any{"uri": "file://" + dir + "/Dockerfile"})
	if log := logOf(t, e, r); steering(log) != "" || !strings.Contains(log, "\x1b[31mred\x1b[0m") {
		t.Errorf("the log: %q", log)
	}
	if r.Error == nil || strings.Contains(r.Error.Message+r.Error.Log, "\x1b") || !strings.Contains(r.Error.Log, "red") {
		t.Errorf("the error: %+v", r.Error)
	}
	e.Shutdown()
}

// The display that redraws itself writes its own sequences; a step's are not among them.
func TestNothingSteersTheDisplay(t *testing.T) {
	s := embeddedSite(t)
	_, err := exec.LookPath("script")
	enginetest.Need(t, "script", err == nil, "apt-get install bsdutils")
	dir := workspace(t, "Dockerfile", base(t)+"RUN printf '"+hostile+"\\n' # "+time.Now().String()+"\n")
	build := program(t, s.env, "build", "--progress", "tty", dir)
	cmd := exec.Command("script", "-qec", `"$SELF" build --progress tty "$CONTEXT"`, "/dev/null")
	cmd.Env = append(build.Env, "SELF="+build.Path, "CONTEXT="+dir, "TERM=xterm", "SHELL=/bin/sh")
	cmd.Dir, cmd.Stdin = build.Dir, nil
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\x1b[") || strings.Contains(string(out), "\x1b]") || strings.Contains(string(out), "\x1b[2J") || strings.Contains(string(out), "\u009b") {
		t.Errorf("%v: %q", err, out)
	}
}
