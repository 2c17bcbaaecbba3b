package pragma

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// Each line of a text that ends with "!RULE" has a problem of that rule; those that are left are
// told by line.
func TestIgnore(t *testing.T) {
	for _, c := range []struct {
		what, text   string
		left, unused string
	}{
		{"the next instruction", "# buildls ignore=A why not\nFROM a !A\nRUN b !A\n", "3:A", ""},
		{"past comments and blank lines", "FROM a\n# hadolint ignore=A\n# of something\n\nRUN b !A\n", "", ""},
		{"several, one of which is not there", "# buildls ignore=A, B,C\nFROM a !B\n", "", "1:18:A 1:23:C"},
		{"hadolint's are never unused", "# hadolint ignore=A\nFROM a\n", "", ""},
		{"lines of an instruction", "# buildls ignore=A\nRUN a \\\n  b !A\n  c !A\n", "4:A", ""},
		{"between the lines of an instruction", "RUN a !A \\\n# buildls ignore=A\n# another\n  b !A \\\n  c !A\n", "1:A 5:A", ""},
		{"no comment: a heredoc", "RUN <<E\n# buildls ignore=A\nb !A\nE\n", "3:A", ""},
		{"no comment: an argument", "RUN a # buildls ignore=A !A\n", "1:A", ""},
		{"the stage", "FROM a !A\n# hadolint stage ignore=A\nRUN b !A\nFROM c !A\nRUN d !A\n", "4:A 5:A", ""},
		{"the stage that a comment stands before", "FROM a !A\n# buildls stage ignore=A\nFROM c !A\nRUN d !A\n", "1:A", ""},
		{"the first stage, and what stands before it", "# buildls stage ignore=A\nARG a !A\nFROM b !A\nFROM c !A\n", "4:A", ""},
		{"the file", "FROM a !A\nRUN b !A\n#hadolint  global ignore = A\nRUN c !A\n", "", ""},
		{"an alias", "# buildls ignore=DL1\nFROM a !Alias\n", "", ""},
		{"nothing follows", "FROM a !A\n# buildls ignore=A\n", "1:A", "2:18:A"},
		{"no names", "# buildls ignore=\nFROM a !A\n# buildls ignore=-\nRUN b !B\n", "2:A 4:B", ""},
		{"the line ends with CRLF", "# buildls ignore=A\r\nFROM a !A\r\n", "", ""},
	} {
		file := dockerfile.Parse([]byte(c.text))
		var problems []dockerfile.Problem
		for i, line := range strings.Split(c.text, "\n") {
			if _, code, ok := strings.Cut(strings.TrimRight(line, "\r \\"), "!"); ok {
				problems = append(problems, dockerfile.Problem{Code: code, Lines: dockerfile.Lines{First: i, Last: i}})
			}
		}
		left, unused := Ignore(problems, Read(file), func(code string) []string {
			if code == "Alias" {
				return []string{"DL1"}
			}
			return nil
		})
		var got, over []string
		for _, p := range left {
			got = append(got, fmt.Sprintf("%d:%s", p.Lines.First+1, p.Code))
		}
		for _, r := range unused {
			over = append(over, fmt.Sprintf("%d:%d:%s", r.Token.First+1, r.Token.Start+1, r.Name))
		}
		if strings.Join(got, " ") != c.left || strings.Join(over, " ") != c.unused {
			t.Errorf("%s: left %q, unused %q", c.what, got, over)
		}
	}
}

// What begins as a comment of buildls' own and is none is found, and no prose is.
func TestUnknown(t *testing.T) {
	for text, want := range map[string]bool{
		"# buildls ignore DL3014": true, "#buildls  ignore=": true, "# buildls format of": true, "# buildls global ignored=A": true, "# buildls ignore=-": true,
		"# buildls format off": false, "# buildls format on ": false, "# buildls ignore=A": false, "# buildls builds this": false, "# hadolint ignore": false,
	} {
		comments := Read(dockerfile.Parse([]byte(text + "\nFROM a\n")))
		if got := slices.ContainsFunc(comments, func(c Comment) bool { return c.Unknown }); got != want {
			t.Errorf("%q: %+v", text, comments)
		}
	}
}

func TestShell(t *testing.T) {
	comments := Read(dockerfile.Parse([]byte("# hadolint shell=powershell\nFROM a\n# hadolint shell=/bin/ash\nRUN b\n")))
	shells := slices.Collect(func(yield func(string) bool) {
		for _, c := range comments {
			yield(c.Shell)
		}
	})
	if !slices.Equal(shells, []string{"powershell", "ash"}) {
		t.Errorf("%q", shells)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("# buildls ignore=A, B x\nFROM a\nRUN b \\\n# hadolint stage ignore=A\n c\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := dockerfile.Parse([]byte(text))
		for _, c := range Read(file) {
			for _, r := range c.Rules {
				if !file.Holds(r.Token) || file.Line(r.Token.First)[r.Token.Start:r.Token.End] != r.Name {
					t.Errorf("%+v", r)
				}
			}
		}
	})
}
