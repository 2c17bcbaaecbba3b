package shell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// written is a command as the test has it: its words with | between them, what runs it before
// them, and the place of its last word.
func written(st *dockerfile.Instruction, c Command) string {
	var words []string
	for _, w := range c.Words {
		words = append(words, w.Text)
	}
	t := c.Words[len(c.Words)-1].Token(st)
	through := ""
	if c.Through != "" {
		through = c.Through + "> "
	}
	return fmt.Sprintf("%s%s @%d:%d-%d", through, strings.Join(words, "|"), t.First+1, t.Start, t.End)
}

func TestCommands(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"RUN a b && c", "a|b @1:6-7; c @1:11-12"},
		{"RUN a \\\n  # no\n  b; c", "a|b @3:2-3; c @3:5-6"},
		{"RUN if a; then for x in 1 2; do b $x; done; else (c); fi", "a @1:7-8; b|$x @1:34-36; c @1:50-51"},
		{"RUN case x in x) a;; esac; f() { b; }; while c; do d; done", "a @1:17-18; b @1:33-34; c @1:45-46; d @1:51-52"},
		{"RUN a \"$(b 'c d')\"", "a|$(b 'c d') @1:6-18; b|c d @1:11-16"},
		{"RUN sudo -E -u me a b", "sudo|-E|-u|me|a|b @1:20-21; sudo> a|b @1:20-21"},
		{"RUN env -u X Y=1 nice -n 5 a", "env|-u|X|Y=1|nice|-n|5|a @1:27-28; env> nice|-n|5|a @1:27-28; nice> a @1:27-28"},
		{"RUN command -v a || exec b", "command|-v|a @1:15-16; exec|b @1:25-26; exec> b @1:25-26"},
		{"RUN a | xargs -0 -n 1 b", "a @1:4-5; xargs|-0|-n|1|b @1:22-23; xargs> b @1:22-23"},
		{"RUN sh -c 'a b'", "sh|-c|a b @1:10-15; a|b @1:13-14"},
		{`RUN bash -euo pipefail -c "a \"b c\" d"`, `bash|-euo|pipefail|-c|a "b c" d @1:26-39; a|b c|d @1:37-38`},
		{`RUN ["a", "b c"]`, "a|b c @1:10-15"},
		{`RUN ["sh", "-c", "a \"b\" c"]`, "a|b|c @1:26-27"},
		{"RUN <<E\na b\nc\nE", "a|b @2:2-3; c @3:0-1"},
		{"RUN <<E \nc\nE", "c @2:0-1"},
		{"RUN bash <<E\n  a b\nE", "a|b @2:4-5"},
		{"RUN <<E bash\n  a b\nE", "a|b @2:4-5"},
		{"RUN <<E python3\nprint(\"a\")\nE", ""},
		{"RUN <<E tee /f\na b\nE", "tee|/f @1:12-14"},
		{"RUN <<A cat >x && <<B cat\na (\nA\nb\nB", "cat @1:8-11; cat @1:22-25"},
		{"RUN <<E\n#!/usr/bin/env python\na b\nE", ""},
		{"RUN cat <<E > x && a\nE\nE", "cat @1:4-7; a @1:19-20"},
		{"ONBUILD RUN a", "a @1:12-13"},
		{"HEALTHCHECK --interval=5s CMD a b", "a|b @1:32-33"},
		{"HEALTHCHECK NONE", ""},
		{"CMD a 'b' c\\ d", "a|b|c d @1:10-14"},
		{"RUN export A=1 B && a", "export|A=1|B @1:15-16; a @1:20-21"},
		{"RUN a 'open", ""},
		{"RUN --mount=type=cache,target=/x a", "a @1:33-34"},
		{"RUN ls ${x:-a}b", "ls|${x:-a}b @1:7-15"},
	} {
		st := dockerfile.Parse([]byte(c.text + "\n")).Instructions()[0]
		var list []string
		for _, command := range Read(st, POSIX).Commands {
			list = append(list, written(st, command))
		}
		if got := strings.Join(list, "; "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestFlags(t *testing.T) {
	st := dockerfile.Parse([]byte("RUN x install -yqq --opt=1 --val 2 -t 3 a -- -b\n")).Instructions()[0]
	c := Read(st, POSIX).Commands[0]
	if !c.Has("-y") || !c.Has("--opt") || c.Has("-b") || c.Has("-z") || c.Count('q') != 2 {
		t.Error(c)
	}
	if w := (Word{Text: "-qO-"}); !w.has("-q") || !w.has("-O") || (Word{Text: "--quiet"}).has("-q") || (Word{Text: "-oA::y=1"}).has("-y") {
		t.Error("flags in one word")
	}
	if v, ok := c.Value("--val"); v != "2" || !ok {
		t.Error(v)
	}
	var operands []string
	for _, w := range c.Operands("--val", "-t") {
		operands = append(operands, w.Text)
	}
	if got := strings.Join(operands, " "); got != "install a -b" {
		t.Error(got)
	}
}

func TestDialects(t *testing.T) {
	for words, want := range map[string]Dialect{
		"/bin/sh -c": POSIX, "/bin/bash -o pipefail -c": Bash, "/bin/ash": Ash, "/usr/bin/env zsh": Zsh,
		"busybox sh": POSIX, "pwsh -c": Foreign, `C:\Windows\System32\cmd.exe /c`: Foreign, "": Foreign, "/bin/dash": POSIX,
	} {
		if got := DialectOf(strings.Fields(words)); got != want {
			t.Errorf("%s: %d", words, got)
		}
	}
}

// FuzzRead reads any text; no place is outside of the file.
func FuzzRead(f *testing.F) {
	f.Add("RUN a && sudo sh -c 'b | c' <<E\nx\nE\n")
	f.Add("RUN [\"sh\", \"-c\", \"a \\u0062 \\\"c\"]\nCMD x\\\ny\n")
	f.Add("RUN a 'b \\\n# c\n  \"d\nRUN <<-E\n\tif a\n\tE\nCMD [\"sh\", \"-c\", \"a \\\\\"b\"]\n")
	f.Add("HEALTHCHECK CMD bash -c \"a \\\n b\"\nONBUILD RUN <<-E\n\tq\n\tE\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := dockerfile.Parse([]byte(text))
		for _, st := range file.Instructions() {
			for _, dialect := range []Dialect{POSIX, Bash} {
				for _, fault := range Faults(st, dialect) {
					holds(t, file, st, fault.Place)
				}
			}
			r := Read(st, Bash)
			for _, p := range r.Pipes {
				holds(t, file, st, p)
			}
			for _, c := range r.Commands {
				for _, w := range c.Words {
					holds(t, file, st, w.Place)
				}
				c.Operands("-a")
				c.Value("-a")
			}
		}
	})
}

func holds(t *testing.T, file *dockerfile.File, st *dockerfile.Instruction, p Place) {
	t.Helper()
	if token := p.Token(st); !file.Holds(token) {
		t.Errorf("%+v of %q is not in the file", token, st.Text)
	}
}

// TestHostile reads scripts that nest as deep as they may.
func TestHostile(t *testing.T) {
	for _, open := range []string{"(", "$(", "{ ", "a|", "if ", "! ", "`", "$((-", "[[ ! ", "while do ", "a && ", "sudo ", "sh -c '"} {
		text := "RUN " + strings.Repeat(open, maxScript/len(open)-1) + "\n"
		Read(dockerfile.Parse([]byte(text)).Instructions()[0], POSIX)
	}
}
