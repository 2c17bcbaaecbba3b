package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// ShellCheck's warnings are told with the other problems, in the order of the lines; with all rules
// its notes are, too.
func TestCheckShellCheck(t *testing.T) {
	path, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not on the PATH")
	}
	dir := workspace(t, "Dockerfile", "FROM a:1\nRUN b $x\nRUN apt-get install c\nENTRYPOINT d `e` $F\n")
	run := func(env []string, args ...string) string {
		cmd := program(t, env, append([]string{"check", "--format", "text"}, append(args, "Dockerfile")...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v", args, err)
		}
		var codes []string
		for word := range strings.FieldsSeq(strings.NewReplacer("[", " ", "]", " ", "(", " ", ")", " ", ":", " ", ",", " ").Replace(string(out))) {
			if strings.HasPrefix(word, "SC") || strings.HasPrefix(word, "DL") {
				codes = append(codes, word)
			}
		}
		return strings.Join(codes, " ")
	}
	auto := []string{withShellCheck + "=1"}
	for _, c := range []struct {
		want string
		got  string
	}{
		{"SC2154 DL3014 SC2046", run(auto)},
		{"DL3014", run(auto, "--shellcheck", "off")},
		{"SC2154 DL3014 SC2046", run(nil, "--shellcheck", path)},
		{"DL3014", run(nil)},
		{"", run(auto, "--rules", "buildkit")},
	} {
		if c.got != c.want {
			t.Errorf("%s is told, not %s", c.got, c.want)
		}
	}
	if got := run(auto, "--rules", "all"); !strings.Contains(got, "SC2086") {
		t.Errorf("%s is told", got)
	}
}

// A program that fails costs a line on stderr if it was found, and the exit code if it was asked for.
func TestCheckShellCheckBroken(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program is a script of sh")
	}
	dir := workspace(t, "one/Dockerfile", "FROM a:1\nRUN b $x\n", "two/Dockerfile", "FROM a:1\nRUN c $y\n")
	bin := t.TempDir()
	path := filepath.Join(bin, "shellcheck")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho broken >&2\nexit 5\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(want int, env []string, args ...string) string {
		cmd := program(t, env, append([]string{"check"}, args...)...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
		return string(out)
	}
	if out := run(0, []string{withShellCheck + "=1", "PATH=" + bin + ":/usr/bin:/bin"}, "one", "two"); strings.Count(out, "broken") != 1 {
		t.Error(out)
	}
	run(2, nil, "--shellcheck", path, "one", "two")
	run(2, nil, "--shellcheck", filepath.Join(bin, "none"), "one")
	run(2, nil, "--shellcheck", "shellcheck", "one")
}
