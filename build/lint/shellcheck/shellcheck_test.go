package shellcheck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// real is ShellCheck as it is installed.
func real(t testing.TB) *Program {
	t.Helper()
	p, err := Find(Auto)
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		t.Skip("shellcheck is not on the PATH")
	}
	return p
}

// told are problems, each as "code line:from-to".
func told(problems []dockerfile.Problem) string {
	var list []string
	for _, p := range problems {
		list = append(list, fmt.Sprintf("%s %d:%d-%d", p.Code, p.Lines.First+1, p.Columns.Start, p.Columns.End))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func TestCheck(t *testing.T) {
	p := real(t)
	for _, c := range []struct{ what, text, want string }{
		{"a line", "FROM a\nRUN echo $x > b\n", "SC2086 2:9-11, SC2154 2:9-11"},
		{"continuations, a comment and tabs", "FROM a\nRUN true && \\\n# $y\n\techo \"é\" $X \\\n  b\n", "SC2086 4:11-13"},
		{"the other escape, with a shell", "# escape=`\nFROM a\nSHELL [\"bash\", \"-c\"]\nRUN true && `\n  echo $X\n", "SC2086 5:7-9"},
		{"a heredoc", "FROM a\nRUN <<E\n# of it\n  echo $X\nE\n", "SC2086 4:7-9"},
		{"a heredoc's directives", "FROM a\nRUN <<E\n#!/bin/bash\n# shellcheck disable=SC2086\na=(1); echo $X ${a[0]}\necho $X\nE\n", ""},
		{"JSON", "FROM a\nRUN [\"sh\", \"-c\", \"echo \\\"a\\\" $X\"]\n", "SC2086 2:29-31"},
		{"what is set above", "FROM a AS b\nARG one=1 two\nENV three 3 four\nFROM b\nENV five=5\nRUN echo \"$one$two$three$five$http_proxy\"\n", ""},
		{"what is set in another stage", "FROM a\nARG one\nFROM b\nRUN echo \"$one\"\n", "SC2154 4:10-14"},
		{"an array in sh", "FROM a\nRUN a=(1); echo \"${a[0]}\"\n", "SC3030 2:6-9, SC3054 2:17-24"},
		{"local in sh", "FROM a\nRUN f() { local x=1; echo \"$x\"; }; f\n", ""},
		{"what BusyBox' shell knows", "FROM golang:1-alpine3.20\nRUN [[ \"$PATH\" == b ]] && source /b && echo -e 'a' && a=(1)\n", "SC2034 2:54-55, SC3030 2:56-59"},
		{"what was meant as JSON", "FROM a\nCMD ['b', 'c']\nCMD [\"b\" \"c\"]\n", ""},
		{"an array in bash", "FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nRUN a=(1); echo \"${a[0]}\"\n", ""},
		{"a shell that stops at a failure", "FROM a\nSHELL [\"/bin/bash\", \"-ec\"]\nRUN cd /x; b\n", ""},
		{"ash", "FROM a\nSHELL [\"/bin/ash\", \"-c\"]\nRUN f() { local x=1; echo \"$x\"; }; f\n", ""},
		{"CMD, ENTRYPOINT, HEALTHCHECK, ONBUILD", "FROM a\nCMD b $X\nENTRYPOINT b $X\nHEALTHCHECK --timeout=1s CMD b $X\nONBUILD RUN b $X\n", "SC2086 2:6-8, SC2086 3:13-15, SC2086 4:31-33, SC2086 5:14-16"},
		{"what no shell reads", "FROM a\nRUN if b; then $X\n", ""},
		{"PowerShell", "FROM a\nSHELL [\"pwsh\", \"-c\"]\nRUN echo $X\n", ""},
		{"a shell that a comment names", "FROM a\n# hadolint shell=/bin/bash\nRUN a=(1); echo \"${a[0]}\"\n", ""},
		{"a comment's PowerShell, to the end of the stage", "# hadolint shell=pwsh\nFROM a\nRUN echo $X\nFROM a\nRUN echo $X\n", "SC2086 5:9-11"},
		{"Windows", "FROM mcr.microsoft.com/windows/nanoserver\nRUN echo $X\n", ""},
		{"another front end", "# syntax=example.com/other\nFROM a\nRUN echo $X\n", ""},
		{"the same twice", "FROM a\nRUN b $X\nRUN b $X\n", "SC2086 2:6-8, SC2086 3:6-8"},
	} {
		f := dockerfile.Parse([]byte(c.text))
		problems, err := p.Check(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if got := told(problems); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.what, c.text, got, c.want)
		}
		if known, all := p.Known(f); !all || told(known) != told(problems) {
			t.Errorf("%s: known are %s, all: %v", c.what, told(known), all)
		}
	}
}

// TestBusyBox holds what ShellCheck is not to say of BusyBox' shell to that shell.
func TestBusyBox(t *testing.T) {
	p := real(t)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("busybox is not on the PATH")
	}
	for code, c := range map[string]string{
		"SC3001": "cat <(echo yes)", "SC3003": "printf $'yes'", "SC3010": "[[ a = a ]] && echo yes", "SC3014": "[ a == a ] && echo yes",
		"SC3018": "x=1; echo $((x++)); echo yes", "SC3020": "echo a &>/dev/null; echo yes", "SC3036": "echo -n yes", "SC3037": "echo -e yes",
		"SC3039": "let x=1; echo yes", "SC3040": "set -o pipefail; echo yes", "SC3045": "echo yes | (read -r -p z v; echo $v)", "SC3046": "echo 'echo yes' >s.sh; source ./s.sh",
		"SC3057": "x=ayes; echo ${x:1:3}", "SC3060": "x=yas; echo ${x/a/e}",
	} {
		run := exec.Command(busybox, "ash", "-c", c)
		run.Dir = t.TempDir()
		if out, err := run.CombinedOutput(); err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "yes") {
			t.Errorf("%s: %v: %s", c, err, out)
		}
		problems, err := p.Check(t.Context(), dockerfile.Parse([]byte("FROM alpine\nRUN "+c+"\n")))
		if err != nil || strings.Contains(told(problems), code) {
			t.Errorf("%s: %v: %s", c, err, told(problems))
		}
	}
}

func TestSeverity(t *testing.T) {
	problems, err := real(t).Check(t.Context(), dockerfile.Parse([]byte("FROM a\nRUN echo `b` \"$y\" \"$@\"$@\n")))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Severity == dockerfile.Error || p.URL != "https://www.shellcheck.net/wiki/"+p.Code || p.Message == "" {
			t.Errorf("%+v", p)
		}
	}
	if len(problems) < 3 {
		t.Errorf("%+v", problems)
	}
}

// another is a program in ShellCheck's place.
func another(t *testing.T, script string) *Program {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("it is a script of sh")
	}
	path := filepath.Join(t.TempDir(), "shellcheck")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := Find(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBroken holds that a program that fails is run once, and that its error is told once.
func TestBroken(t *testing.T) {
	for what, script := range map[string]string{
		"it says why":        "echo no such flag >&2; exit 3",
		"no JSON":            "echo hello",
		"without an end":     "cat /dev/zero",
		"nothing":            "",
		"errors are bounded": "head -c 100000 /dev/zero | tr '\\0' y >&2; exit 4",
	} {
		count := filepath.Join(t.TempDir(), "runs")
		p := another(t, "echo >> '"+count+"'\n"+script+"\n")
		f := dockerfile.Parse([]byte("FROM a\nRUN b\n"))
		if _, err := p.Check(t.Context(), f); err == nil || len(err.Error()) > 2*maxError {
			t.Errorf("%s: %v", what, err)
		}
		if problems, err := p.Check(t.Context(), f); err != nil || len(problems) > 0 {
			t.Errorf("%s, again: %v, %v", what, problems, err)
		}
		if runs, err := os.ReadFile(count); err != nil || len(runs) != 1 {
			t.Errorf("%s: it was run %d times, %v", what, len(runs), err)
		}
		if _, all := p.Known(f); !all {
			t.Errorf("%s: more is waited for", what)
		}
	}
}

// TestCanceled holds that a process ends with who waits for it, and that the program is run again.
func TestCanceled(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	p := another(t, "echo > '"+started+"'\nexec sleep 1000\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	newer := errors.New("newer")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				cancel(newer)
			}
			runtime.Gosched()
		}
	}()
	f := dockerfile.Parse([]byte("FROM a\nRUN b\n"))
	if _, err := p.Check(ctx, f); !errors.Is(err, newer) {
		t.Error(err)
	}
	if _, all := p.Known(f); all {
		t.Error("a process that was ended has answered")
	}
}

func TestFind(t *testing.T) {
	if p, err := Find(Off); p != nil || err != nil {
		t.Error(p, err)
	}
	if p, err := Find(filepath.Join(t.TempDir(), "none")); p != nil || err == nil {
		t.Error(p, err)
	}
	t.Setenv("PATH", t.TempDir())
	if p, err := Find(Auto); p != nil || err != nil {
		t.Error(p, err)
	}
	if Accepts(Auto) != nil || Accepts(Off) != nil || Accepts("shellcheck") == nil || Accepts(t.TempDir()) != nil {
		t.Error("what is accepted")
	}
}

// FuzzFindings has any place told of any script; none is outside of the file.
func FuzzFindings(f *testing.F) {
	f.Add("FROM a\nRUN b \\\n# c\n  é $d\nRUN <<E\n#!/bin/bash -e\n# shellcheck disable=SC1\n\tq\nE\n", 2, 3, 4, 5)
	f.Add("FROM a\nARG x\nRUN [\"sh\", \"-c\", \"$x \\\"c\"]\nCMD x\\\ny\n", 3, 1, 1, 9)
	f.Add("FROM a\nSHELL [\"bash\", \"-c\"]\nHEALTHCHECK CMD a <<E\n", -1, 0, 9, 1<<40)
	f.Fuzz(func(t *testing.T, text string, line, column, endLine, endColumn int) {
		file := dockerfile.Parse([]byte(text))
		scripts := scriptsOf(file)
		for i := range scripts {
			s := &scripts[i]
			if len(s.given)-s.before != len(s.Text) {
				t.Errorf("%q is given for %q", s.given, s.Text)
			}
			found := findings(s.given, []comment{{Line: line, Column: column, EndLine: endLine, EndColumn: endColumn, Level: "info"}})
			for _, p := range s.problems(found) {
				token := dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End}
				if !file.Holds(token) {
					t.Errorf("%+v is not in %q", token, text)
				}
			}
		}
	})
}
