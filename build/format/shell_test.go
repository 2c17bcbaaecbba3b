package format

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
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
		{"a comment between lines that stay", "RUN a \\\n    # why\n    && b\n", "RUN a \\\n    # why\n    && b\n", ""},
		{"a comment before the words", "RUN \\\n# why\n  a&&b\n", "RUN \\\n    # why\n    a && b\n", ""},
		{"a comment of the shell", "RUN a&&b # why\n", "RUN a&&b # why\n", "a comment of the shell ends it"},
		{"a mistake", "RUN a&&'b\n", "RUN a&&'b\n", "it cannot be read as sh: reached EOF without closing quote `'`"},
		{"quotes over lines", "RUN a&&echo 'b \\\n c' \"d \\\n   $e\\\n \" \\\nf&& \\\n g\n", "RUN a && echo 'b \\\n c' \"d \\\n   $e \" \\\n    f \\\n    && g\n", ""},
		{"a command in quotes", "RUN a;b \"$(c; \\\n  d)\" \\\n  e\n", "RUN a; \\\n    b \"$( \\\n        c; \\\n        d \\\n    )\" \\\n        e\n", ""},

		{"if behind RUN", "RUN \\\n  if a; then b; \\\n  else c; \\\n  fi\n", "RUN \\\n    if a; then \\\n        b; \\\n    else \\\n        c; \\\n    fi\n", ""},
		{"brackets behind RUN", "RUN \\\n  ( a; \\\n b )\n", "RUN \\\n    ( \\\n        a; \\\n        b; \\\n    )\n", ""},
		{"braces behind RUN", "RUN \\\n  { a; \\\n b; }\n", "RUN \\\n    { \\\n        a; \\\n        b; \\\n    }\n", ""},
		{"a list behind RUN", "RUN \\\na \\\n && b\n", "RUN \\\n    a \\\n    && b\n", ""},
		{"if behind a flag", "RUN --network=none \\\nif a; then \\\nb; fi\n", "RUN --network=none \\\n    if a; then \\\n        b; \\\n    fi\n", ""},

		{"case", "RUN case \"$x\" in a) b; c ;; esac\n", "RUN case \"$x\" in a) \\\n        b; \\\n        c; \\\n        ;; \\\n    esac\n", ""},
		{"case over lines", "RUN set -eux; \\\n\tcase \"$x\" in \\\n\t\ta|b) \\\n\t\t\tc; \\\n\t\t\td ;; \\\n\t\t'e') f ;; \\\n\t\t(g) ;; \\\n\t\t*) \\\n\t\t\th; \\\n\tesac; \\\n\ti\n",
			"RUN set -eux; \\\n    case \"$x\" in \\\n        a | b) \\\n            c; \\\n            d; \\\n            ;; \\\n        'e') f ;; \\\n        g) ;; \\\n        *) \\\n            h; \\\n            ;; \\\n    esac; \\\n    i\n", ""},
		{"case of shfmt", "RUN <<E\ncase x in\na) b;;\nesac\nE\n", "RUN <<E\ncase x in\na) b ;;\nesac\nE\n", ""},
		{"case with arms indented", "RUN <<E\ncase x in\n  a) b;;\nesac\nE\n", "RUN <<E\ncase x in\n    a) b ;;\nesac\nE\n", ""},
		{"lines that part", "RUN a; \\\n\\\n  b \\\n  \\\n    c; \\\n\t\\\n  'd \\\n\\\n'\n", "RUN a; \\\n    \\\n    b \\\n        \\\n        c; \\\n    \\\n    'd \\\n\\\n'\n", ""},
		{"; on a line of its own", "RUN a; \\\n  b \\\n  c \\\n; \\\n{ d \\\n  e \\\n & f; }\n", "RUN a; \\\n    b \\\n        c \\\n    ; \\\n    { \\\n        d \\\n            e \\\n        & \\\n        f; \\\n    }\n", ""},
		{"a function", "RUN f() { \\\na&b; }; f\n", "RUN f() { \\\n        a & \\\n        b; \\\n    }; \\\n    f\n", ""},
		{"an escaped escape", "RUN a\\\\;b\n", "RUN a\\\\; \\\n    b\n", ""},

		{"arithmetic of bash", "RUN ((2>1))&&a\n", "RUN ((2>1))&&a\n", "do not read it alike"},
		{"an assignment of bash", "RUN ((x=1))\n", "RUN ((x=1))\n", "do not read it alike"},
		{"a loop of bash", "RUN while ((n++<2)); do a; done\n", "RUN while ((n++ < 2)); do a; done\n", ""},
		{"an array", "RUN x=(1  2)\n", "RUN x=(1  2)\n", "do not read it alike"},
		{"an array that stays", "RUN x=(1 2)\n", "RUN x=(1 2)\n", ""},
		{"a test of bash", "RUN [[ a < b ]]&&c\n", "RUN [[ a < b ]] && c\n", ""},
		{"both outputs", "RUN a &>b&&c\n", "RUN a &>b&&c\n", "do not read it alike"},
		{"a heredoc of bash", "RUN <<E\n((2>1))\na&&b\nE\n", "RUN <<E\n((2>1))\na&&b\nE\n", "do not read it alike"},
		{"BusyBox", "SHELL [\"ash\", \"-c\"]\nRUN ((2>1))&&a\nRUN a&&b\n", "SHELL [\"ash\", \"-c\"]\nRUN ((2>1))&&a\nRUN a && b\n", "BusyBox"},
		{"arithmetic in bash", "SHELL [\"bash\", \"-c\"]\nRUN ((2>1))&&a\n", "SHELL [\"bash\", \"-c\"]\nRUN ((2 > 1)) && a\n", ""},
		{"a comment names bash", "# buildls shell=bash\nRUN ((2>1))&&a\n", "# buildls shell=bash\nRUN ((2 > 1)) && a\n", ""},
		{"bash of another stage", "SHELL [\"bash\", \"-c\"]\nFROM x AS y\nSHELL [\"bash\", \"-c\"]\nFROM y\nRUN ((2>1))&&a\n", "SHELL [\"bash\", \"-c\"]\n\nFROM x AS y\nSHELL [\"bash\", \"-c\"]\n\nFROM y\nRUN ((2 > 1)) && a\n", ""},
		{"a SHELL without -c", "SHELL [\"bash\", \"-x\"]\nRUN a&&b\n", "SHELL [\"bash\", \"-x\"]\nRUN a&&b\n", ""},
		{"zsh", "SHELL [\"/bin/zsh\", \"-c\"]\nRUN a &! b&&c\nRUN a&&b\n", "SHELL [\"/bin/zsh\", \"-c\"]\nRUN a &! b&&c\nRUN a&&b\n", "[its shell stays: zsh is not read]"},
		{"zsh reads a heredoc", "RUN zsh <<'E'\na&&b\nE\n", "RUN zsh <<'E'\na&&b\nE\n", "zsh is not read"},

		{"Python reads a heredoc", "RUN python3 - <<E\nx=(1\nE\nRUN python3 <<E\nx  (\nE\n", "RUN python3 - <<E\nx=(1\nE\nRUN python3 <<E\nx  (\nE\n", ""},
		{"beside a heredoc", "RUN a && b&&cat <<E\nx\nE\n", "RUN a && b&&cat <<E\nx\nE\n", "a heredoc follows it"},
		{"a heredoc with tabs", "RUN <<-E\n\ta&&b\n\tE\n", "RUN <<-E\n\ta&&b\n\tE\n", "<<- takes the tabs"},
		{"a heredoc with tabs that stays", "RUN <<-E\n\ta && b\n\tE\n", "RUN <<-E\n\ta && b\n\tE\n", ""},
		{"a heredoc with CRLF", "RUN <<E\r\na&&b\r\nE\r\n", "RUN <<E\r\na&&b\r\nE\r\n", "it has carriage returns"},
		{"a heredoc that a shell fills in", "RUN bash <<E\na&&b $x\nE\n", "RUN bash <<E\na&&b $x\nE\n", "another shell fills in variables"},
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
		if got != c.want || c.left == "" && len(left) > 0 || !strings.Contains(fmt.Sprint(left), c.left) {
			t.Errorf("%s:\ngot  %q\nwant %q\nleft %q", c.what, got, c.want, left)
		}
		if after := applied(file.String(), r.Edits()); after != r.Text() {
			t.Errorf("%s: the edits make %q", c.what, after)
		}
		if again := formatted(t, r.Text(), Style{Indent: "    ", Shell: &Shell{}}).Text(); again != r.Text() {
			t.Errorf("%s: and then %q", c.what, again)
		}
	}
}

// Of the shells of Windows nothing is read, and little is said. With another escape too, what a known
// shell reads is laid out.
func TestShellOfWindows(t *testing.T) {
	for _, c := range []struct{ text, want, left string }{
		{"FROM mcr.microsoft.com/windows/nanoserver\nRUN a\nRUN a&&b\nRUN a&&b\nRUN 'a\n", "", "[{{2 2} its shell stays: its image may be one of Windows, and no SHELL says which shell reads it}]"},
		{"FROM windows\nRUN bash <<'E'\na&&b\nE\n", "FROM windows\nRUN bash <<'E'\na && b\nE\n", "[]"},
		{"# escape=`\nFROM a\nRUN a\nRUN b `\n    && c\n", "", "[]"},
		{"FROM windows\nSHELL [\"cmd\", \"/S\", \"/C\"]\nRUN a&&b\n", "", "[]"},
		{"# escape=`\nFROM a\nSHELL [\"sh\", \"-c\"]\nRUN a&&b `\n&& 'c `\nd\\'\n", "# escape=`\nFROM a\nSHELL [\"sh\", \"-c\"]\nRUN a && b `\n    && 'c `\nd\\'\n", "[]"},
	} {
		r := formatted(t, c.text, Style{Indent: "    ", Shell: &Shell{}})
		if want := cmp.Or(c.want, c.text); r.Text() != want || fmt.Sprint(r.Left) != c.left {
			t.Errorf("got  %q\nwant %q, %v", r.Text(), want, r.Left)
		}
	}
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

// sameScripts holds that the shells which may read them take scripts before and after for the same.
type sameScripts struct {
	before, after []string
	sh            []bool // it is not known to be bash
}

// add formats a text, and takes the scripts that change.
func (s *sameScripts) add(t *testing.T, text string, style Style) {
	t.Helper()
	file := dockerfile.Parse([]byte(text))
	r, err := Format(t.Context(), file, style)
	if err != nil {
		return
	}
	now := dockerfile.Parse([]byte(r.Text()))
	for i, in := range shellsOf(file) {
		olds, news := shell.Scripts(file.Instructions()[i], in.Dialect), shell.Scripts(now.Instructions()[i], in.Dialect)
		for j := range olds {
			if olds[j].Text != news[j].Text {
				s.before, s.after = append(s.before, olds[j].Text), append(s.after, news[j].Text)
				s.sh = append(s.sh, olds[j].Dialect != shell.Bash)
			}
		}
	}
	if again, err := Format(t.Context(), now, style); err != nil || again.Text() != r.Text() {
		t.Errorf("%s\nbecomes\n%s\nand then\n%s\n%v", text, r.Text(), again.Text(), err)
	}
}

// arithmetic is what bash prints with its blanks as they are; a subshell in one it prints as ( (.
var arithmetic = func() *regexp.Regexp {
	inner := "[^()]"
	for range 4 {
		inner = `(?:[^()]|\(` + inner + `*\))`
	}
	return regexp.MustCompile(`\(\(` + inner + `*\)\)`)
}()

// hold asks the shells, each once.
func (s *sameScripts) hold(t *testing.T) {
	t.Helper()
	for _, c := range []struct {
		shell []string
		says  string // of the function f
	}{
		{[]string{"bash", "--norc"}, "eval \"$f\" && declare -f f"},
		{[]string{"dash"}, "(eval \"$f\"); echo $?"},
		{[]string{"busybox", "sh"}, "(eval \"$f\"); echo $?"},
	} {
		if _, err := exec.LookPath(c.shell[0]); err != nil {
			t.Logf("SKIPPED, needs %s", c.shell[0])
			continue
		}
		ask := func(scripts []string) []string {
			loop := "for s; do f=\"f() {\n$s\n}\"\n" + c.says + "\necho @@; done 2>/dev/null"
			out, err := exec.Command(c.shell[0], append(append(c.shell[1:], "-c", loop, "x"), scripts...)...).Output()
			list := strings.Split(string(out), "@@\n")
			if err != nil || len(list) != len(scripts)+1 {
				t.Fatalf("%s: %v, %d answers to %d", c.shell, err, len(list), len(scripts))
			}
			return list
		}
		before, after := ask(s.before), ask(s.after)
		for i := range s.before {
			a, b := before[i], after[i]
			for _, text := range []*string{&a, &b} {
				*text = arithmetic.ReplaceAllStringFunc(*text, func(s string) string { return strings.Join(strings.Fields(s), "") })
				*text = strings.ReplaceAll(*text, " ", "")
			}
			if a != b && (s.sh[i] || c.shell[0] == "bash") {
				t.Errorf("%s: %q became %q:\n%s\n%s", c.shell, s.before[i], s.after[i], before[i], after[i])
			}
		}
	}
}

// The shells read each script of the corpus as before, and a second time changes nothing.
func TestShellSameProgram(t *testing.T) {
	var s sameScripts
	for i, sheet := range linttest.Corpus(t) {
		s.add(t, sheet.Dockerfile, Style{Indent: "    ", Shell: &Shell{OperatorsLast: i%2 == 1}})
	}
	s.hold(t)
	if len(s.before) < 20 {
		t.Errorf("%d scripts were laid out", len(s.before))
	}
}

// someCommand is a command of a shell, with one blank where there may be more.
func someCommand(r *rand.Rand, depth int) string {
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	if depth == 0 && r.IntN(8) == 0 { // of bash, or something else in it
		return one("((x+1))", "((2>1))", "((x=1))", "[[ a < b ]]", "[[ -f a && b ]]", "x=(1 2)", "echo ${x//a/b}", "m &>n", "echo {1..3}", "((r); s)", "cat <<<x", "let t=1", "time u")
	} else if depth == 0 {
		return one("a", "b c", "echo 'x y'", "echo \"$x  y\"", "X=1 d", "e >f 2>&1", "g <h", "! i", "echo $(j)", "echo \"$(l | m)\"",
			"[ -f x ]", "echo $((1 + 2))", "echo \\; \\\\", "echo '#' a#b", "echo `o p`", "set -eux", "(q)", "echo a\\ b")
	}
	c := func() string { return someCommand(r, r.IntN(depth)) }
	list := func() string {
		if r.IntN(2) == 0 {
			return c()
		}
		return c() + one("; ", " && ", " || ", " | ", " & ", ";", "&&") + c()
	}
	switch r.IntN(12) {
	case 0:
		return "if " + list() + "; then " + list() + "; fi"
	case 1:
		return "if " + c() + "; then " + list() + "; elif " + c() + "; then " + c() + "; else " + list() + "; fi"
	case 2:
		return one("while ", "until ") + list() + "; do " + list() + "; done"
	case 3:
		return "for x in 1 \"2 3\" $y; do " + list() + "; done" + one("", " >z", " | w")
	case 4:
		return "case \"$x\" in " + one("", "(") + "a | 'b c') " + list() + one(" ;; ", "; ;; ") + "d) ;; *) " + list() + one(" ;; ", "; ") + "esac"
	case 5:
		return "{ " + list() + "; }"
	case 6:
		return "(" + one("", " ") + list() + one("", " ") + ")"
	case 7:
		return "f() { " + list() + "; }"
	case 8:
		if r.IntN(3) > 0 {
			break
		}
		return "(( " + list() + "))" // a subshell in one, or what bash refuses
	}
	return list() + one("; ", " && ", " || ", " | ", " & ") + list()
}

// They read random ones as before.
func TestShellSameProgramRandom(t *testing.T) {
	var s sameScripts
	all := enginetest.Some(800)
	for seed := range uint64(all) {
		r := rand.New(rand.NewPCG(seed, 33))
		var b strings.Builder
		b.WriteString([]string{"FROM a\n", "FROM a\n", "FROM a\nSHELL [\"bash\", \"-c\"]\n", "# escape=`\nFROM a\nSHELL [\"ash\", \"-c\"]\n"}[r.IntN(4)])
		end := "\\\n"
		if b.String()[0] == '#' {
			end = "`\n"
		}
		text, body := someCommand(r, 3), r.IntN(4) == 0
		b.WriteString([]string{"RUN ", "RUN " + end + "  "}[r.IntN(2)])
		if body {
			b.Reset()
			b.WriteString("FROM a\nRUN <<END\n")
			end = "\n"
			text = strings.ReplaceAll(text, "; ;;", ";;")
		}
		for i, word := range strings.Split(text, " ") {
			switch {
			case i == 0:
			case body:
				b.WriteString([]string{" ", "  ", "\t"}[r.IntN(3)])
			default:
				b.WriteString([]string{" ", " ", " ", "  ", " " + end, " " + end + "\t\t", end + "  "}[r.IntN(7)])
			}
			if body && strings.HasSuffix(word, ";") && !strings.HasSuffix(word, ";;") && !strings.HasSuffix(word, "\\;") && r.IntN(2) == 0 {
				word = strings.TrimSuffix(word, ";") + "\n"
			}
			b.WriteString(word)
		}
		b.WriteString("\n")
		if body {
			b.WriteString("END\n")
		}
		s.add(t, b.String(), Style{Indent: "  ", Shell: &Shell{OperatorsLast: r.IntN(3) == 0}})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	s.hold(t)
	if len(s.before) < all/3 {
		t.Errorf("%d of %d scripts were laid out", len(s.before), all)
	}
	t.Logf("%d of %d scripts were laid out", len(s.before), all)
}
