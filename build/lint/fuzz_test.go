package lint

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
)

// FuzzCheck checks arbitrary bytes: no panic, no hang, no line that is not there, and a
// Checker that saw another text before says what a new one does.
func FuzzCheck(f *testing.F) {
	for _, s := range append(linttest.Written(f), linttest.Bytewise...) {
		f.Add([]byte(s.Dockerfile), []byte(s.Ignore))
	}
	f.Fuzz(func(t *testing.T, text, ignore []byte) {
		if len(text) > 20_000 {
			return // time is not the matter here
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		file := File{Dockerfile: dockerfile.Parse(text), Ignore: ignore}
		var c Checker
		c.Check(ctx, File{Dockerfile: dockerfile.Parse(text[len(text)/3:]), Ignore: ignore})
		problems := c.Check(ctx, file)
		if ctx.Err() != nil {
			t.Fatal("it takes too long")
		}
		mended := c.Mend(ctx, file)
		last := bytes.Count(text, []byte("\n"))
		if n := bytes.Count(mended.Text(), []byte("\n")); n < last || n > last+1 {
			t.Fatalf("%d lines are mended to %d", last, n)
		}
		(&dockerfile.Baseline{File: mended}).Compare(ctx, dockerfile.Parse(text))
		for i, p := range problems {
			if p.Lines.First < 0 || p.Lines.Last < p.Lines.First || p.Lines.Last > last || p.Message == "" {
				t.Fatalf("%+v, of a file of %d lines", p, last+1)
			}
			if p.Code == "unchecked" {
				t.Logf("%+v", p)
			}
			if slices.Contains(problems[:i], p) {
				t.Fatalf("twice: %+v", p)
			}
		}
	})
}

// What is canceled ends early, and is no less right afterwards.
func TestCanceled(t *testing.T) {
	text := sample(1500, 50, "STOPSIGNAL nope", 10)
	want := Check(t.Context(), File{Dockerfile: dockerfile.Parse(text)})
	var c Checker
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := c.Check(ctx, File{Dockerfile: dockerfile.Parse(text)}); len(got) >= len(want) {
		t.Errorf("a canceled check found %d problems of %d", len(got), len(want))
	}
	if got := c.Check(t.Context(), File{Dockerfile: dockerfile.Parse(text)}); !slices.Equal(got, want) {
		t.Error("a check after a canceled one differs from a new one")
	}
}
