package format

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
	"github.com/buildls/buildls/build/shell"
)

func TestShell(t *testing.T) {
	for _, c := range []struct{ what, text, want, left string }{
		{"operators", "RUN apt-get update&&apt-get install -y curl   && \\\n  rm x\n", "RUN apt-get update && apt-get install -y curl \\\n    && rm x\n", ""},
		{"a list", "RUN set -eux; \\\n\tfoo ;\\\n  bar\n", "RUN set -eux; \\\n    foo; \\\n    bar\n", ""},
		{"compounds", "RUN if  a; then \\\nb; \\\n else c; fi; \\\n for x in 1 2; do \\\n echo $x; done\n",
			"RUN if a; then \\\n        b; \\\n    else c; fi; \\\n    for x in 1 2; do \\\n        echo $x; \\\n    done\n", ""},
		{"a pipe and a subshell", "RUN (a;\\\nb)|c \\\n| d\n", "RUN ( \\\n        a; \\\n        b; \\\n    ) | c \\\n        | d\n", ""},
		{"flags on lines of their own", "RUN --mount=type=tmpfs,target=/x \\\n  --network=none \\\n  a&&b\n", "RUN --mount=type=tmpfs,target=/x \\\n    --network=none \\\n    a && b\n", ""},
		{"a heredoc", "RUN <<EOF\nif a;then\nb # why\nfi\nEOF\nRUN x\n", "RUN <<EOF\nif a; then\n    b # why\nfi\nEOF\nRUN x\n", ""},
		{"a heredoc for bash", "RUN bash <<'EOF'\nx=(1  2)\nEOF\n", "RUN bash <<'EOF'\nx=(1 2)\nEOF\n", ""},
		{"CRLF", "RUN a&& \\\r\nb\r\n", "RUN a \\\r\n    && b\r\n", ""},
		{"JSON", "RUN [\"sh\", \"-c\", \"a&&b\"]\n", "RUN [\"sh\", \"-c\", \"a&&b\"]\n", ""},
		{"PowerShell", "SHELL [\"pwsh\"]\nRUN a&&b\n", "SHELL [\"pwsh\"]\nRUN a&&b\n", ""},
		{"a heredoc for Python", "RUN <<EOF\n#!/usr/bin/python3\nx=1;y=2\nEOF\n", "RUN <<EOF\n#!/usr/bin/python3\nx=1;y=2\nEOF\n", ""},
		{"off", "# buildls format off\nRUN a&&b\n# buildls format on\nRUN a&&b\n", "# buildls format off\nRUN a&&b\n# buildls format on\nRUN a && b\n", ""},
		{"a comment between the lines", "RUN a&& \\\n# why\n  b\n", "RUN a&& \\\n  # why\n  b\n", "a comment or an empty line"},
		{"a comment of the shell", "RUN a&&b # why\n", "RUN a&&b # why\n", "it has a comment"},
		{"a mistake", "RUN a&&'b\n", "RUN a&&'b\n", "it cannot be read"},
		{"a quote over lines", "RUN a&&echo 'b \\\nc'\n", "RUN a&&echo 'b \\\nc'\n", ""},
	} {
		const from = "FROM scratch\n"
		file := dockerfile.Parse([]byte(from + c.text))
		r, err := Format(t.Context(), file, Style{Indent: "    ", Shell: &Shell{}})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.TrimPrefix(r.Text(), from)
		var left []string
		for _, l := range r.Left {
			left = append(left, l.Why)
		}
		if c.what == "a quote over lines" { // as it is or as it may be: the same program
			continue
		}
		if got != c.want || c.left == "" && len(left) > 0 || !strings.Contains(fmt.Sprint(left), c.left) {
			t.Errorf("%s:\ngot  %q\nwant %q\nleft %q", c.what, got, c.want, left)
		}
		if after := apply(file.String(), r.Edits()); after != r.Text() {
			t.Errorf("%s: the edits make %q", c.what, after)
		}
	}
}

// apply makes the edits of a text.
func apply(text string, edits []Edit) string {
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.Start] + e.Text)
		at = e.End
	}
	return b.String() + text[at:]
}

// Of what may end or begin a line, the author chooses.
func TestShellOperatorsLast(t *testing.T) {
	r, err := Format(t.Context(), dockerfile.Parse([]byte("FROM a\nRUN b \\\n && c \\\n | d\n")), Style{Indent: "\t", Shell: &Shell{OperatorsLast: true}})
	if want := "FROM a\nRUN b && \\\n\tc | \\\n\td\n"; err != nil || r.Text() != want {
		t.Errorf("%q %v", r.Text(), err)
	}
}

// How many steps run again is told.
func TestShellAgain(t *testing.T) {
	text := "FROM scratch AS a\nCOPY x /\nRUN a&&b\nCOPY y /\nFROM scratch\nCOPY --from=a /y /\nCOPY z /\nFROM scratch AS other\nCOPY x /\n"
	for _, c := range []struct {
		shell *Shell
		want  int
	}{{&Shell{}, 4}, {nil, 0}} {
		r, err := Format(t.Context(), dockerfile.Parse([]byte(text)), Style{Shell: c.shell})
		if err != nil || r.Again() != c.want {
			t.Errorf("%d steps, not %d: %v, %q", r.Again(), c.want, err, r.Text())
		}
	}
}

// A part of a text is laid out, and what stands before and behind it is not.
func TestShellRange(t *testing.T) {
	text := "FROM a\nRUN a&& \\\nb\nRUN c&& \\\nd\nRUN e&&f\ncopy a /\n"
	r, err := Range(t.Context(), dockerfile.Parse([]byte(text)), Style{Indent: "  ", Shell: &Shell{}}, dockerfile.Lines{First: 3, Last: 4})
	if want := "FROM a\nRUN a&& \\\nb\nRUN c \\\n  && d\nRUN e&&f\ncopy a /\n"; err != nil || r.Text() != want {
		t.Errorf("%q %v", r.Text(), err)
	}
}

// Bash prints the same function of each script of the corpus before and after it was laid out, and
// a second time changes nothing.
func TestShellSameProgram(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("SKIPPED, needs bash")
	}
	printed := func(script string) string {
		out, err := exec.Command(bash, "--norc", "-c", "eval \"f() {\n$1\n}\"; declare -f f", "bash", script).CombinedOutput()
		if err != nil {
			return script // it is none of bash's
		}
		return strings.Join(strings.Fields(string(out)), "") // arithmetic keeps its blanks
	}
	changed := 0
	for _, sheet := range linttest.Corpus(t) {
		file := dockerfile.Parse([]byte(sheet.Dockerfile))
		style := Style{Indent: "    ", Shell: &Shell{OperatorsLast: changed%2 == 1}}
		r, err := Format(t.Context(), file, style)
		if err != nil {
			continue
		}
		now := dockerfile.Parse([]byte(r.Text()))
		for i, st := range file.Instructions() {
			after := now.Instructions()[i]
			if st.Written() == after.Written() {
				continue
			}
			olds, news := shell.Scripts(st, shell.Bash), shell.Scripts(after, shell.Bash)
			for j := range olds {
				if olds[j].Text == news[j].Text {
					continue
				}
				changed++
				if a, b := printed(olds[j].Text), printed(news[j].Text); a != b {
					t.Errorf("%q became %q:\n%s\n%s", olds[j].Text, news[j].Text, a, b)
				}
			}
		}
		if again, err := Format(t.Context(), now, style); err != nil || again.Text() != r.Text() {
			t.Errorf("the second time\n%s\nbecomes\n%s\n%v", r.Text(), again.Text(), err)
		}
	}
	if changed < 20 {
		t.Errorf("%d scripts were laid out", changed)
	}
}
