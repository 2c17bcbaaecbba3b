package language

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

// FuzzNames holds the features that read any text to their bounds: nothing panics, and what they
// answer is inside of the text.
func FuzzNames(f *testing.F) {
	f.Add("ARG A=1\nFROM x AS y\nRUN <<E\n$A\nE\n", 8)
	f.Add("FROM scratch\nRUN a=$(b <<'E' \\\n) ${A:-$B}\nE", 20)
	f.Add("# syntax=x:\nFROM x:l\nCOPY --from=x@s", 12)
	f.Fuzz(func(t *testing.T, text string, offset int) {
		if len(text) > 4<<10 || offset < 0 || offset > len(text) {
			return
		}
		file := dockerfile.Parse([]byte(text))
		inside := func(s Span) {
			if s.Start < 0 || s.Start > s.End || s.End > len(text) {
				t.Fatalf("%v is outside of %q", s, text)
			}
		}
		for _, s := range Selection(file, offset) {
			inside(s)
		}
		var entries func([]Entry)
		entries = func(list []Entry) {
			for _, e := range list {
				inside(e.Span)
				if e.Word.Start < e.Span.Start || e.Word.End > e.Span.End || strings.TrimSpace(e.Name) == "" {
					t.Fatalf("%+v of %q", e, text)
				}
				entries(e.Children)
			}
		}
		entries(Outline(file))
		for _, l := range Links(file) {
			inside(l.Span)
		}
		Folds(file)
		IgnoreFolds(text)
		for _, typed := range []string{"\n", `\`, "`", `"`} {
			for _, e := range OnTyped(file, offset, typed, "\t") {
				inside(e.Span)
			}
		}
		for _, l := range IgnoredPaths(text) {
			inside(l.Span)
		}
		for _, item := range CompleteIgnored(text, offset, func(_, _ string) []File { return []File{{Name: "x"}} }) {
			inside(item.Span)
		}
		names := NamesOf(file)
		tags := func(string) []string { return []string{"latest"} }
		digest := func(string) string { return "sha256:x" }
		for _, snippets := range []bool{false, true} {
			for _, item := range names.Complete(offset, Given{Snippets: snippets, Images: func() []Image { return []Image{{Name: "x"}} }, Tags: tags, Digest: digest}) {
				inside(item.Span)
				if item.Span.End < offset || strings.Contains(text[item.Span.Start:offset], "\n") || item.Text == "" {
					t.Fatalf("%+v at %d of %q", item, offset, text)
				}
			}
		}
		if help := names.Signature(offset); help != nil {
			for _, s := range help.Signatures {
				if help.Active >= len(help.Signatures) || s.Active >= len(s.Params) {
					t.Fatalf("%+v of %q", help, text)
				}
			}
		}
		d, ok := Describe(file, offset, func() *Names { return names })
		if ok {
			inside(d.Span)
		}
		if s, _ := names.At(offset); s != nil && s.Kind != Heredoc && d.Symbol != s {
			t.Fatalf("%s is not described, but %+v at %d of %q", s.Name, d, offset, text)
		}
		end := 0
		tokens := names.Tokens(0, names.Rows()-1, nil)
		var memory TokenMemory
		for range 2 {
			if got := names.Tokens(0, names.Rows()-1, &memory); !slices.Equal(got, tokens) {
				t.Fatalf("from memory: %+v, and not %+v, of %q", got, tokens, text)
			}
		}
		for _, token := range tokens {
			if inside(token.Span); token.Start < end || strings.Contains(text[token.Start:token.End], "\n") {
				t.Fatalf("%+v of %q", token, text)
			}
			end = token.End
		}
		edits, err := names.Rename(offset, "new")
		if err != nil {
			if _, _, plain := names.Renamable(offset); errors.Is(plain, ErrNoName) && !errors.Is(err, ErrNoName) {
				t.Fatal(err)
			}
			return
		}
		for _, e := range edits {
			inside(e.Span)
		}
	})
}
