package practice

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// TestRules reads testdata/rules.txt: cases are parted by lines of ---. The first line of a case
// says what is found in the rest, with 1-based lines and 0-based columns: CODE@LINE:FROM-TO, nothing
// else of the codes that the case is about, which are those it names or has behind "no".
func TestRules(t *testing.T) {
	data, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	cases := strings.Split(string(data), "\n---\n")
	for _, c := range cases {
		head, text, _ := strings.Cut(c, "\n")
		text = strings.ReplaceAll(text, "~\n", "\\\n")
		var want, got []string
		about := map[string]bool{}
		for _, word := range strings.Fields(head) {
			code, place, found := strings.Cut(word, "@")
			if about[code], seen[code] = true, seen[code] || found; found {
				want = append(want, code+"@"+place)
			}
		}
		for _, p := range Check(dockerfile.Parse([]byte(text+"\n")), config) {
			if about[p.Code] {
				got = append(got, written(p))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", text, got, want)
		}
	}
	for _, r := range Rules() {
		if !seen[r.Code] {
			t.Errorf("%s, %s, has no case", r.Code, r.Title)
		}
	}
}

var config = Config{Set: All, TrustedRegistries: []string{"docker.io", "*.example.com"}, StrictLabels: true,
	LabelSchema: map[string]string{"title": "text", "site": "url", "made": "rfc3339", "license": "spdx", "commit": "hash", "version": "semver", "mail": "email"}}

func written(p dockerfile.Problem) string {
	at := fmt.Sprintf("%s@%d:%d-%d", p.Code, p.Lines.First+1, p.Columns.Start, p.Columns.End)
	if p.Lines.Last > p.Lines.First {
		at = fmt.Sprintf("%s@%d:%d-%d:%d", p.Code, p.Lines.First+1, p.Columns.Start, p.Lines.Last+1, p.Columns.End)
	}
	return at
}

// TestTable holds the table to what it says of itself.
func TestTable(t *testing.T) {
	if !slices.IsSortedFunc(Rules(), func(a, b Rule) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("the rules are not in order")
	}
	for _, r := range Rules() {
		if r.Title == "" || r.text == nil && r.stage == nil && r.file == nil {
			t.Errorf("%s has no title, or does nothing", r.Code)
		}
	}
	if got := Numbers("MultipleInstructionsDisallowed"); !slices.Equal(got, []string{"DL3012", "DL4003", "DL4004"}) {
		t.Error(got)
	}
	if got := Same("DL4000"); !slices.Equal(got, []string{"MaintainerDeprecated"}) {
		t.Error(got)
	}
}

func TestSets(t *testing.T) {
	file := dockerfile.Parse([]byte("FROM debian\nRUN cd /x\n"))
	for set, want := range map[Set]string{"": "", BuildKit: "", Recommended: "DL3006", All: "DL3003 DL3006 DL3057"} {
		var codes []string
		for _, p := range Check(file, Config{Set: set}) {
			codes = append(codes, p.Code)
		}
		slices.Sort(codes)
		if got := strings.Join(codes, " "); got != want {
			t.Errorf("%s: %s", set, got)
		}
	}
}

// A name that a build gives to a context is no image.
func TestContexts(t *testing.T) {
	file := dockerfile.Parse([]byte("FROM base\nCOPY --from=lib a /b\n"))
	if found := Check(file, Config{Set: Recommended, Contexts: []string{"base", "lib"}}); len(found) > 0 {
		t.Error(found)
	}
	if found := Check(file, Config{Set: Recommended}); len(found) != 2 {
		t.Error(found)
	}
}

// TestRemembered holds what a checker says after edits to what a new one says.
func TestRemembered(t *testing.T) {
	var c Checker
	for _, text := range []string{
		"FROM a\nRUN apt-get install x\n",
		"FROM a\n\nRUN apt-get install x\n",
		"FROM a\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b\n",
		"FROM a\nRUN a | b\n",
		"# escape=`\nFROM a\nRUN a `\n && cd /x\n",
		"FROM a\nRUN a `\n && cd /x\n",
		"FROM a\nRUN <<E\ncd /x\nE\n",
		"FROM a\nENV B=1\nRUN <<E\ncd /y\nE\n",
		"",
	} {
		file := dockerfile.Parse([]byte(text))
		if got, want := c.Check(file, config), Check(file, config); !slices.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", text, got, want)
		}
	}
}

// TestHostile checks texts that are as long as they may be.
func TestHostile(t *testing.T) {
	for name, text := range map[string]string{
		"mounts":    "RUN " + strings.Repeat("--mount=type=cache,target=/a ", 20_000) + strings.Repeat("apk add b;", 3000),
		"variables": "ENV " + strings.Repeat("A=$B ", 100_000),
		"a heredoc": "RUN <<E\n" + strings.Repeat("cd /\n", 6000) + "E",
		"pip":       "RUN " + strings.Repeat("pip install a;", 2300),
		"lines":     strings.Repeat("RUN cd / \\\n && cd b\n", 24_000),
		"stages":    strings.Repeat("FROM a AS a\nCOPY --from=a x y\n", 24_000),
		"labels":    "LABEL " + strings.Repeat("a=b ", 200_000),
	} {
		file := dockerfile.Parse([]byte("FROM a\n" + text + "\n"))
		if n := len(Check(file, config)); n > maxProblems {
			t.Errorf("%s: %d problems", name, n)
		}
	}
}

// FuzzCheck checks any text; all that is said is of a place in it.
func FuzzCheck(f *testing.F) {
	data, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range strings.Split(string(data), "\n---\n") {
		_, text, _ := strings.Cut(c, "\n")
		f.Add(strings.ReplaceAll(text, "~\n", "\\\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := dockerfile.Parse([]byte(text))
		for _, p := range Check(file, config) {
			at := dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End}
			if !file.Holds(at) {
				t.Errorf("%s at %+v, which is not in the file: %q", p.Code, at, text)
			}
		}
	})
}

// large is a Dockerfile of many lines.
func large(lines int) []string {
	list := []string{"FROM debian:12"}
	for i := 1; i < lines; i++ {
		line := "RUN apt-get update && apt-get install -y curl=1 \"x-" + fmt.Sprint(i) + "\" | cat"
		switch i % 5 {
		case 1:
			line = fmt.Sprintf("ENV A%d=1", i)
		case 2:
			line = fmt.Sprintf("COPY a%d b /c/", i)
		case 3:
			line = fmt.Sprintf("LABEL org.example.l%d=x", i)
		}
		list = append(list, line)
	}
	return list
}

func BenchmarkCheck(b *testing.B) {
	for _, lines := range []int{20, 1000} {
		list := large(lines)
		b.Run(fmt.Sprintf("new/%d", lines), func(b *testing.B) {
			for b.Loop() {
				Check(dockerfile.Parse([]byte(strings.Join(list, "\n"))), Config{Set: All})
			}
		})
		b.Run(fmt.Sprintf("edit/%d", lines), func(b *testing.B) {
			var c Checker
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				list[lines/2] = fmt.Sprintf("RUN echo %d | cat", i)
				file := dockerfile.Parse([]byte(strings.Join(list, "\n")))
				file.Instructions()
				b.StartTimer()
				c.Check(file, Config{Set: All})
			}
		})
		b.Run(fmt.Sprintf("read/%d", lines), func(b *testing.B) {
			for b.Loop() {
				dockerfile.Parse([]byte(strings.Join(list, "\n"))).Instructions()
			}
		})
	}
}
