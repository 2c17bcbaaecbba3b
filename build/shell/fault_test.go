package shell_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
	"github.com/buildls/buildls/build/shell"
)

// faultsIn are the faults of an instruction, each as "line:from-to message".
func faultsIn(text string) string {
	var list []string
	for _, st := range dockerfile.Parse([]byte(text)).Instructions() {
		for _, f := range shell.Faults(st, shell.POSIX) {
			t := f.Token(st)
			list = append(list, fmt.Sprintf("%d:%d-%d %s", t.First+1, t.Start, t.End, f.Message))
		}
	}
	return strings.Join(list, "; ")
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"RUN echo 'a", "1:9-10 the shell finds no closing ' for this one"},
		{"RUN echo \\\n# of it\n  \"a", "3:2-3 the shell finds no closing \" for this one"},
		{"# escape=`\nRUN a `\n  && echo \"b", "3:10-11 the shell finds no closing \" for this one"},
		{"RUN if a; then b", "1:4-6 the shell finds no fi for this if"},
		{"RUN if a; b; fi", "1:13-15 the shell does not expect fi here"},
		{"RUN for x in a; b; done", "1:4-7 the shell finds no do for this for"},
		{"RUN a && \\\n  b &&", "2:4-6 the shell finds no command behind this &&"},
		{"RUN a $(b", "1:6-8 the shell finds no ) for this $("},
		{"RUN (a; b", "1:4-5 the shell finds no ) for this ("},
		{"RUN a )", "1:6-7 the shell does not expect ) here"},
		{"RUN a >", "1:6-7 the shell finds no file behind this >"},
		{"RUN echo a (b)", "1:11-12 the shell does not expect ( here"},
		{"RUN echo (b)", "1:9-10 the shell does not expect ( here"},
		{"RUN case a; esac", "1:4-8 the shell finds no in for this case"},
		{"RUN (a) b", "1:8-9 the shell finds no ; before this"},
		{"RUN { a }", "1:4-5 the shell finds no } for this {"},
		{"ONBUILD RUN echo 'a", "1:17-18 the shell finds no closing ' for this one"},
		{"CMD echo 'a", "1:9-10 the shell finds no closing ' for this one"},
		{"HEALTHCHECK --interval=3s CMD a || (b", "1:35-36 the shell finds no ) for this ("},
		{"RUN <<E\na\nif b; then c\nE", "3:0-2 the shell finds no fi for this if"},
		{"RUN <<-E\n\ta\n\techo \"b\n\tE", "3:6-7 the shell finds no closing \" for this one"},
		{"RUN bash <<'E'\necho 'a\nE", "2:5-6 the shell finds no closing ' for this one"},
		{`RUN ["sh", "-c", "a \"b\" 'c"]`, "1:26-27 the shell finds no closing ' for this one"},
		{"RUN a `b` 'c", "1:10-11 the shell finds no closing ' for this one"},
		// What is right in bash, or may be right, is not told of sh.
		{"RUN x=(a b)\nRUN [[ a == b ]] && cat <(c) &> d", ""},
		{"RUN a # 'b \\\n  c", ""},
		{"RUN a \\# 'b'", ""},
		{"RUN", ""},
		{"RUN \\\n", ""},
		{"RUN echo `a 'b` c", ""},
		{"RUN echo $((1 + )) $((a", ""},
		{"RUN <<E\ncat <<F\nit's\nF\nE", ""},
		{"RUN <<-E\n\tcat <<F\n\tit's\n\tF\n\tE", ""},
		{"RUN cat <<E > x\nit's\nE", ""},
		{"RUN bash <<E\n$A 'a\nE", ""},
		{"RUN <<E\n#!/usr/bin/env python\nprint('it\\'s')\nE", ""},
		{`RUN ["sh", "-c", "a \u0027b'"]`, ""},
		{`RUN ["echo", "it's"]`, ""},
		{"HEALTHCHECK NONE", ""},
		{"RUN (a $b#c)", ""},
		{"RUN >a fi", ""},
		{"RUN a <<'b", ""},
		{"RUN <<E\necho 'a\n", ""}, // the heredoc is what is not closed
	} {
		if got := faultsIn(c.text + "\n"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestFaultsNestedTooDeep(t *testing.T) {
	if got := faultsIn("RUN " + strings.Repeat("(", 3000) + "\n"); got != "" {
		t.Error(got)
	}
}

// TestCorpusAgreement holds that Dockerfiles of others have none, but for one that is there for it.
func TestCorpusAgreement(t *testing.T) {
	for _, s := range linttest.Corpus(t) {
		wrong := s.Name == "BuildKit/jeztah-invalid-json-unterminated-string"
		if got := faultsIn(s.Dockerfile); (got != "") != wrong {
			t.Errorf("%s: %s", s.Name, got)
		}
	}
}

// mutated is a script with one to three small changes, as slips of an author.
func mutated(s linttest.Scribe, text string) string {
	for range 1 + s.IntN(3) {
		at := s.IntN(len(text) + 1)
		if s.IntN(2) == 0 {
			text = text[:at] + s.Pick("'", `"`, "(", ")", "{", "}", "`", "$(", "${", " if ", " fi ", "; then ", "; do ", "; done", " case x in ", ";;", "&&", "|", ">", "<", "&", "\\", "#", "[[ ", " ]] ", "$((", "))", "<<X", "\n", " while ", " else ", "!") + text[at:]
			continue
		}
		all := signs.FindAllStringIndex(text, -1)
		if len(all) > 0 {
			cut := all[s.IntN(len(all))]
			text = text[:cut[0]] + text[cut[1]:]
		}
	}
	return text
}

var signs = regexp.MustCompile("['\"(){}`;|&\\\\\n]|\\b(?:if|then|else|fi|do|done|for|while|case|esac|in)\\b")

// TestFaultsAgreement holds that what is called a mistake is one to real shells.
func TestFaultsAgreement(t *testing.T) {
	shells := map[shell.Dialect][][]string{shell.Bash: {{"bash"}}, shell.POSIX: {{"dash"}, {"bash"}, {"busybox", "sh"}}}
	for _, words := range shells[shell.POSIX] {
		if _, err := exec.LookPath(words[0]); err != nil {
			t.Skipf("%s is not on the PATH", words[0])
		}
	}
	s := linttest.Scribe{Rand: rand.New(rand.NewPCG(15, 4))}
	var scripts []string
	for _, sheet := range linttest.Corpus(t) {
		for _, st := range dockerfile.Parse([]byte(sheet.Dockerfile)).Instructions() {
			for _, script := range shell.Scripts(st, shell.POSIX) {
				if len(script.Text) < 4000 {
					scripts = append(scripts, script.Text)
				}
			}
		}
	}
	scripts = append(scripts, written...)
	found, tried := 0, 200
	if os.Getenv("CI") != "" {
		tried = 600
	}
	for range tried {
		text := mutated(s, scripts[s.IntN(len(scripts))])
		file := "RUN <<'E'\n" + text + "\nE\n"
		if strings.Contains("\n"+text+"\n", "\nE\n") || strings.Contains(text, "\x00") {
			continue
		}
		st := dockerfile.Parse([]byte(file)).Instructions()[0]
		for dialect, all := range shells {
			faults := shell.Faults(st, dialect)
			if len(faults) == 0 {
				continue
			}
			found++
			for _, words := range all {
				if exec.CommandContext(context.Background(), words[0], append(words[1:], "-n", "-c", text+"\n")...).Run() == nil {
					t.Errorf("%s takes what is told to be wrong: %s\n%q", words, faults[0].Message, text)
				}
			}
		}
	}
	t.Logf("%d mistakes in %d scripts", found, tried)
	if found < tried/10 {
		t.Errorf("only %d mistakes in %d scripts", found, tried)
	}
}

// written are scripts with more of the shell's grammar than the corpus has.
var written = []string{
	"if [ -f x ]; then\n  a \"$b\" 'c d'\nelif d; then e\nelse f; fi\n",
	"for x in a b \"$c\"; do echo \"${x%.*}\" | sed 's/a/b/'; done && g || h\n",
	"case \"$(uname -m)\" in x86_64|amd64) a=1;; arm*) a=\"2\" ;; *) exit 1 ;; esac; echo $a\n",
	"set -eux; f() { echo \"$1\"; }; f \"$(cat <<X\nit's\nX\n)\" > out 2>&1\n",
	"while read -r l; do (cd \"$l\" && make) & done < list; wait; echo $((1 + 2))\n",
	"a=`date +%s`; [ \"$a\" -gt 1 ] && { b; c; } || echo \"it's ${d:-none}\" # don't\n",
	"cat > x <<'X'\nif \"\n(\nX\nchmod +x x; test -x x && echo ok\n",
}
