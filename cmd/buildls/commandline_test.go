package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// discarding is the stdio of a command that is not run.
func discarding() stdio { return stdio{io.NopCloser(strings.NewReader("")), nil, io.Discard} }

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{args: []string{"version"}, stdout: "buildls "},
		{args: []string{"--version"}, stdout: "buildls "},
		{args: []string{"serve", "-version"}, stdout: "buildls "},
		{args: []string{"--help"}, stdout: "usage: buildls [COMMAND]"},
		{args: []string{"help"}, stdout: "  doctor "},
		{args: []string{"-h"}, stdout: "usage:"},
		{args: []string{"help", "build"}, stdout: "usage: buildls build [flags] CONTEXT\n       buildls build [flags] --profile NAME [CONTEXT]"},
		{args: []string{"build", "-help"}, stdout: "\n  -f, --file FILE          the Dockerfile, or - for stdin"},
		{args: []string{"builds", "--help"}, stdout: "\n       buildls builds --log ID"},
		{args: []string{"help", "bulid"}, code: 2, stderr: "(did you mean build?)"},
		{args: []string{"help", "build-argumet"}, code: 2, stderr: "(did you mean build-argument?)"},
		{args: []string{"build", "--iidfile", "/nowhere/id", "."}, code: 2, stderr: "--iidfile: the directory "},
		{args: []string{"help", "a", "b"}, code: 2, stderr: "usage: buildls help"},
		{args: []string{"nonsense"}, code: 2, stderr: `unknown command "nonsense"` + "\nusage:"},
		{args: []string{""}, code: 2, stderr: `unknown command ""`},
		{args: []string{"chekc", "."}, code: 2, stderr: `unknown command "chekc" (did you mean check?)`},
		{args: []string{"serve", "check"}, code: 2, stderr: `takes no arguments: ["check"]`},
		{args: []string{"--stdio", "check"}, code: 2, stderr: `takes no arguments: ["check"]`},
		{args: []string{"--logfile", "x"}, code: 2, stderr: "(did you mean --log-file?)"},
		{args: []string{"--log-file"}, code: 2, stderr: "needs an argument"},
		{args: []string{"doctor", "x"}, code: 2, stderr: "takes no arguments"},
		{args: []string{"engine", "-help"}, stdout: "\n      --socket PATH "},
		{args: []string{"engine", "--version"}, code: 2, stderr: "unknown flag: --version\n"},
		{args: []string{"engine", "--idle", "soon"}, code: 2, stderr: "soon"},
		{args: []string{"builds", "--step", "1"}, code: 2, stderr: "--step takes"},
		{args: []string{"builds", "--log", "x", "--step", "0"}, code: 2, stderr: "--step takes the number of a step, from 1 on"},
		{args: []string{"builds", "--log", "--step", "2", "x"}, code: 2, stderr: "--log takes the ID of a build, not \"--step\""},
		{args: []string{"builds", "--log", ""}, code: 2, stderr: "--log takes the ID of a build, not \"\""},
		{args: []string{"builds", "a", "b"}, code: 2, stderr: "one ID"},
		{args: []string{"why", "a", "b"}, code: 2, stderr: "one ID"},
		{args: []string{"context"}, code: 2, stderr: "one CONTEXT"},
		{args: []string{"files", "a"}, code: 2, stderr: "the number of a STEP"},
		{args: []string{"files", "a", "0"}, code: 2, stderr: "counted from 1"},
		{args: []string{"files", "a", "1", "b", "c"}, code: 2, stderr: "one PATH"},
		{args: []string{"shell", "a", "--", "sh"}, code: 2, stderr: "the number of a STEP"},
		{args: []string{"shell", "a", "1", "sh"}, code: 2, stderr: "behind --"},
		{args: []string{"check"}, code: 2, stderr: "takes a FILE"},
		{args: []string{"build"}, code: 2, stderr: "takes one CONTEXT"},
		{args: []string{"build", "--build-arg", "=x", "."}, code: 2, stderr: "it has no name: NAME=VALUE"},
		{args: []string{"build", "--nonsense", "."}, code: 2, stderr: "unknown flag: --nonsense\n"},
		{args: []string{"build", "--targte", "a", "."}, code: 2, stderr: "unknown flag: --targte (did you mean --target?)"},
		{args: []string{"prune", "histroy"}, code: 2, stderr: `there is no "histroy" to free, but cache, history, logs (did you mean history?)`},
		{args: []string{"build", "--progress", "none", "."}, code: 2, stderr: "--progress"},
		{args: []string{"build", "nowhere"}, code: 2, stderr: "does not exist"},
		{args: []string{"build", "."}, code: 2, stderr: "no Dockerfile at"},
		{args: []string{"help", "run"}, stdout: "usage: buildls run [flags] CONTEXT [-- COMMAND...]"},
		{args: []string{"run", "--", "x"}, code: 2, stderr: "takes one CONTEXT, not 0; write . for this directory, and a COMMAND behind --"},
		{args: []string{"run", ".", "x"}, code: 2, stderr: "takes one CONTEXT, not 2"},
		{args: []string{"run", "nowhere"}, code: 2, stderr: "buildls run: "},
		{args: []string{"build", "--provenance", "foo", "-f", "-", "."}, code: 2, stderr: "--provenance: "},
		{args: []string{"build", "-t", "UPPER", "-f", "-", "."}, code: 2, stderr: "UPPER"},
	} {
		cmd := program(t, nil, c.args...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		code := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		said := func(out, want string) bool { return strings.Contains(out, want) && (want == "") == (out == "") }
		if code != c.code || !said(string(stdout), c.stdout) || !said(stderr.String(), c.stderr) {
			t.Errorf("%q: code %d, %q and %q; want %d with %q and %q", c.args, code, stdout, stderr.String(), c.code, c.stdout, c.stderr)
		}
	}
	if _, err := os.Stat("Dockerfile"); err == nil {
		t.Error("a test left a Dockerfile")
	}
}

// A flag may have one dash or two, whatever its length, before and after what it is for.
func TestSpelling(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"", "serve"},
		{"-log-file -x -stdio", "serve --log-file -x --stdio"},
		{"-stdio=false", "serve --stdio=false"},
		{"--help", "help"},
		{"nonsense -file x", "nonsense -file x"},
		{"check -strict -- -strict", "check --strict -- -strict"},
		{"check - -format=json", "check - --format=json"},
		{"build -file x --f y -t -tag --t=z -q=true .", "build --file x -f y -t -tag -t=z -q=true ."},
		{"build -build-arg -target -target a", "build --build-arg -target --target a"},
		{"build -ta -qt -push -push", "build -ta -qt -push --push"},
		{"build -f- . -no-cache", "build -f- . --no-cache"},
		{"build -nonsense --x -f", "build -nonsense --x -f"},
		{"build . -help --h", "build . --help -h"},
		{"run -target a . -- x -target", "run --target a . -- x -target"},
		{"__complete", "__complete serve"},
		{"__complete build -target a", "__complete build --target a"},
		{"__complete build -f a --t", "__complete build -f a --t"},
		{"__complete -log", "__complete serve -log"},
		{"__complete --help", "__complete --help"},
	} {
		got := spell(rootCommand(discarding()), strings.Fields(c.given))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %q, want %q", c.given, got, c.want)
		}
	}
}

// Each command says what it is for, and each flag that is shown.
func TestHelp(t *testing.T) {
	for _, cmd := range rootCommand(discarding()).Commands() {
		var help strings.Builder
		cmd.SetOut(&help)
		if err := cmd.Help(); err != nil || cmd.Short == "" || cmd.Long == "" {
			t.Errorf("%s: %q, %q, %v", cmd.Name(), cmd.Short, cmd.Long, err)
		}
		for _, line := range strings.Split(help.String(), "\n") {
			if len(line) > 100 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: %q", cmd.Name(), line)
			}
		}
	}
}

func TestProgramOf(t *testing.T) {
	for _, c := range []struct {
		command, args string
		before        int // arguments before "--"
		want          []string
		ok            bool
	}{
		{"", "s", -1, nil, true},
		{"a 'b c'", "s", -1, []string{"a", "b c"}, true},
		{"", "s a -b", 1, []string{"a", "-b"}, true},
		{"", "s a", -1, nil, false},
		{"", "s", 1, nil, false},
		{"", "s a", 0, nil, false},
		{"", "s a b", 2, nil, false},
		{"a", "s b", 1, nil, false},
		{"'", "s", -1, nil, false},
		{"", "", -1, nil, false},
	} {
		got, err := programOf(c.command, strings.Fields(c.args), c.before)
		if (err == nil) != c.ok || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}
