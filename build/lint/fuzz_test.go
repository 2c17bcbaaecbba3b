package lint

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
)

// FuzzCheck checks arbitrary bytes: no panic, no hang, no line that is not there, and a
// Checker that saw another text before says what a new one does.
func FuzzCheck(f *testing.F) {
	for _, s := range append(written(f), bytewise...) {
		f.Add([]byte(s.dockerfile), []byte(s.ignore))
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

// What ends early ends soon, and is no less right afterwards.
func TestCanceled(t *testing.T) {
	text := sample(1500, 50, "STOPSIGNAL nope", 10)
	var c Checker
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	c.Check(ctx, File{Dockerfile: dockerfile.Parse(text)})
	if took := time.Since(start); took > 500*time.Millisecond {
		t.Errorf("a canceled check took %v", took)
	}
	if got, want := c.Check(t.Context(), File{Dockerfile: dockerfile.Parse(text)}), Check(t.Context(), File{Dockerfile: dockerfile.Parse(text)}); !slices.Equal(got, want) {
		t.Error("a check after a canceled one differs from a new one")
	}
}
