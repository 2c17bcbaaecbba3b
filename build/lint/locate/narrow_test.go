package locate_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/linttest"
	"github.com/buildls/buildls/build/lint/locate"
)

// narrow narrows one problem.
func narrow(p *dockerfile.Problem, file *dockerfile.File) {
	one := []dockerfile.Problem{*p}
	locate.Narrow(one, file)
	*p = one[0]
}

func TestNarrow(t *testing.T) {
	for _, c := range linttest.UnderlinedCases {
		want, text := linttest.Marked(c.Text)
		var got []dockerfile.Token
		var messages []string
		for _, p := range lint.Check(context.Background(), lint.File{Dockerfile: dockerfile.Parse([]byte(text)), Ignore: []byte(c.Ignore)}) {
			if p.Code == c.Code {
				messages = append(messages, p.Message)
				got = append(got, dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End})
			}
		}
		if shown := markup(text, got); shown != c.Text && !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q\n%s", c.Code, shown, c.Text, strings.Join(messages, "\n"))
		}
	}
}

// markup puts marks around what is underlined.
func markup(text string, list []dockerfile.Token) string {
	lines := strings.SplitAfter(text, "\n")
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		if t.Start != 0 || t.End != 0 {
			lines[t.Last] = lines[t.Last][:t.End] + "»" + lines[t.Last][t.End:]
			lines[t.First] = lines[t.First][:t.Start] + "«" + lines[t.First][t.Start:]
		}
	}
	return strings.Join(lines, "")
}

// TestNarrowed checks messages that a check of one file alone does not give.
func TestNarrowed(t *testing.T) {
	for _, c := range []struct{ Code, Message, Text string }{
		{"InvalidBaseImagePlatform", "Base image b was pulled with platform \"a\", expected \"c\" for current build", "FROM --platform=$P «b» AS c\n"},
		{"InvalidDefaultArgInFrom", "Default value for ARG image:$V results in empty or invalid base image name", "FROM «image:$V» AS x\n"},
		{"syntax", "example.com/x is not Docker's own front end, so", "#syntax = «example.com/x»\nFROM scratch\n"},
		{"syntax", "unknown stage", "FROM a\n"},
		{"syntax", "unknown flag: --nope", "FROM a\n"},
		{"syntax", "unterminated heredoc", "RUN «<<a» \n"},
	} {
		want, text := linttest.Marked(c.Text)
		p := dockerfile.Problem{Code: c.Code, Message: c.Message}
		narrow(&p, dockerfile.Parse([]byte(text)))
		got := dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End}
		if len(want) == 0 && got != (dockerfile.Token{}) || len(want) == 1 && got != want[0] {
			t.Errorf("%s: got %q, want %q", c.Message, markup(text, []dockerfile.Token{got}), c.Text)
		}
	}
}

// FuzzNarrow checks that no message on no text leads outside of it.
func FuzzNarrow(f *testing.F) {
	for i, c := range linttest.UnderlinedCases {
		_, text := linttest.Marked(c.Text)
		f.Add([]byte(text), c.Code, "unknown flag: --form", uint8(i), uint8(1))
	}
	for _, m := range locate.Mistakes {
		f.Add([]byte("FROM «é\\\n\r\n\tb\r\nRUN --mount=type=é,é=\"é <<é"), "syntax", strings.ReplaceAll(m.Message, "%", "é"), uint8(0), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, code, message string, first, more uint8) {
		p := dockerfile.Problem{Code: code, Message: message, Lines: dockerfile.Lines{First: int(first), Last: int(first) + int(more)}}
		before := p.Lines
		narrow(&p, dockerfile.Parse(text))
		if p.Columns == (dockerfile.Columns{}) && p.Lines == before {
			return
		}
		lines := bytes.Split(text, []byte("\n"))
		if p.Lines.First < 0 || p.Lines.First > p.Lines.Last || p.Lines.Last >= len(lines) {
			t.Fatalf("lines %+v of %d", p.Lines, len(lines))
		}
		onBoundary(t, lines[p.Lines.First], p.Columns.Start)
		onBoundary(t, lines[p.Lines.Last], p.Columns.End)
		if p.Lines.First == p.Lines.Last && p.Columns.Start > p.Columns.End {
			t.Fatalf("backwards: %+v", p)
		}
	})
}

func onBoundary(t *testing.T, line []byte, column int) {
	t.Helper()
	line = bytes.TrimRight(line, "\r")
	if column < 0 || column > len(line) {
		t.Fatalf("column %d of %q", column, line)
	}
	if utf8.Valid(line) && column < len(line) && !utf8.RuneStart(line[column]) {
		t.Fatalf("column %d of %q is inside of a character", column, line)
	}
}

// The second of two like problems gets the second token.
func TestNarrowSecond(t *testing.T) {
	one := dockerfile.Problem{Code: "UndefinedVar", Message: "Usage of undefined variable '$a'"}
	want, text := linttest.Marked("COPY «$a» b«${a:-x}» c«$a» /\n")
	list := []dockerfile.Problem{one, one, one, one}
	locate.Narrow(list, dockerfile.Parse([]byte(text)))
	for i, p := range list {
		if p.Columns != (dockerfile.Columns{Start: want[min(i, 2)].Start, End: want[min(i, 2)].End}) {
			t.Errorf("%d: %+v", i, p)
		}
	}
}
