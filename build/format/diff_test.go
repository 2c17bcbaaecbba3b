package format

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
)

func TestDiff(t *testing.T) {
	if got := formatted(t, "FROM a\n", usual).Diff(); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	got := formatted(t, "from a\nRUN 1\nRUN 2\nRUN 3\nRUN 4\nRUN 5\nRUN 6\nRUN 7\nRUN 8\nFROM b\nrun x", usual).Diff()
	want := "@@ -1,4 +1,4 @@\n-from a\n+FROM a\n RUN 1\n RUN 2\n RUN 3\n@@ -7,5 +7,6 @@\n RUN 6\n RUN 7\n RUN 8\n+\n FROM b\n-run x\n\\ No newline at end of file\n+RUN x\n"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A diff has no line twice that stays, however it was laid out.
func TestDiffIsMinimal(t *testing.T) {
	long, same := strings.Repeat("    && b \\\n", 20), strings.Repeat("     && b \\\n", 3)
	for _, c := range []struct{ text, want string }{
		{"FROM a\nRUN x\nFROM b\nRUN y\n", "@@ -1,4 +1,5 @@\n FROM a\n RUN x\n+\n FROM b\n RUN y\n"},
		{"FROM a\nRUN a \\\n" + long + "  # why\n" + long + "    && c\n", "@@ -20,7 +20,7 @@\n" + same + "-  # why\n+    # why\n" + same},
	} {
		for _, shell := range []*Shell{nil, {}} {
			if got := formatted(t, c.text, Style{Indent: "    ", Shell: shell}).Diff(); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		}
	}
	for _, sheet := range linttest.Corpus(t) {
		for _, shell := range []*Shell{nil, {}} {
			r, err := Format(t.Context(), dockerfile.Parse([]byte(sheet.Dockerfile)), Style{Indent: "  ", Shell: shell})
			if err != nil {
				continue
			}
			changes := func(diff string) int { return strings.Count(diff, "\n+") + strings.Count(diff, "\n-") }
			if got, want := changes(r.Diff()), changes(Diff(sheet.Dockerfile, r.Text())); got != want {
				t.Errorf("%s: %d lines differ, of which %d must\n%s", sheet.Name, got, want, r.Diff())
			}
			if made := applied(sheet.Dockerfile, r.Edits()); made != r.Text() {
				t.Errorf("%s: edits make\n%q, not\n%q", sheet.Name, made, r.Text())
			}
		}
	}
}

// git applies each diff, and what it makes is the formatted text.
func TestDiffApplies(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "Dockerfile")
	for _, sheet := range linttest.Corpus(t) {
		r, err := Format(t.Context(), dockerfile.Parse([]byte(sheet.Dockerfile)), Style{LineBreak: "\n", Indent: "\t"})
		if err != nil || !r.Changed() {
			continue
		}
		if err := os.WriteFile(path, []byte(sheet.Dockerfile), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
		cmd.Stdin = bytes.NewBufferString("--- a/Dockerfile\n+++ b/Dockerfile\n" + r.Diff())
		out, err := cmd.CombinedOutput()
		now, _ := os.ReadFile(path)
		if err != nil || string(now) != r.Text() {
			t.Errorf("%s: %v %s\n%s", sheet.Name, err, out, r.Diff())
		}
	}
}

// git applies the diff of any two texts.
func TestDiffOfTexts(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	if got, want := Diff("a\nb\nc\n", "a\nx\nc\ny"), "@@ -1,3 +1,4 @@\n a\n-b\n+x\n c\n+y\n\\ No newline at end of file\n"; got != want {
		t.Errorf("%q", got)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "Dockerfile")
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		text := ""
		for range 1 + r.IntN(20) {
			text += []string{"a\n", "b\n", "c\r\n", "\n", "d e\n"}[r.IntN(5)]
		}
		return strings.TrimRight(text, "\n") + strings.Repeat("\n", r.IntN(2)) + "z"
	}
	many := strings.Repeat("x\n", 3000)
	pairs := [][2]string{{"a\n" + many + "b\n", "c\n" + many + "d\n"}}
	for range 60 {
		pairs = append(pairs, [2]string{text(), text()})
	}
	for _, pair := range pairs {
		if err := os.WriteFile(path, []byte(pair[0]), 0o666); err != nil {
			t.Fatal(err)
		}
		diff := Diff(pair[0], pair[1])
		if (diff == "") != (pair[0] == pair[1]) {
			t.Fatalf("%q", pair)
		}
		if diff == "" {
			continue
		}
		cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
		cmd.Stdin = bytes.NewBufferString("--- a/Dockerfile\n+++ b/Dockerfile\n" + diff)
		out, err := cmd.CombinedOutput()
		if now, _ := os.ReadFile(path); err != nil || string(now) != pair[1] {
			t.Errorf("%v %s\n%q\n%s", err, out, pair, diff)
		}
	}
}
