package lint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/lint/linttest"
)

// floor is what BuildKit's own lint of the whole file says, in one pass, as sorted
// lines of text without doubles, and the mistake that ended it.
func floor(text []byte, ignore string) (warnings []string, mistake string) {
	var i ignoring
	i.set([]byte(ignore))
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", text)
	sm.Definition = &llb.Definition{}
	opt := dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: dockerfile.Images(nil), Client: i.client, Config: i.client.Config}
	res, err := dockerfile2llb.DockerfileLint(context.Background(), text, opt)
	if err != nil {
		panic(err)
	}
	set := map[string]bool{}
	for _, w := range res.Warnings {
		set[fmt.Sprintf("%d %s: %s", w.Location.Ranges[0].Start.Line, w.RuleName, w.Detail)] = true
	}
	if res.Error != nil && !strings.HasPrefix(res.Error.Message, "lint violation") {
		mistake = dockerfile.PlainError(errors.New(res.Error.Message))
		if r := res.Error.Location.Ranges; len(r) > 0 {
			mistake = fmt.Sprintf("%d: %s", max(1, r[0].Start.Line), mistake)
		}
	}
	return slices.Sorted(maps.Keys(set)), mistake
}

// split are a check's warnings and mistakes in the form of floor.
func split(problems []dockerfile.Problem) (warnings, mistakes []string) {
	for _, p := range problems {
		if p.Code == "syntax" || p.Code == "unchecked" {
			mistakes = append(mistakes, fmt.Sprintf("%d: %s", p.Lines.First+1, p.Message))
		} else {
			warnings = append(warnings, fmt.Sprintf("%d %s: %s", p.Lines.First+1, p.Code, p.Message))
		}
	}
	slices.Sort(warnings)
	return warnings, mistakes
}

// A file without a mistake: units together must say what BuildKit says of the whole.
func TestRandomFilesAgreeWithOnePass(t *testing.T) {
	compared := 0
	for seed := range uint64(enginetest.Some(400)) {
		s := linttest.Scribe{Rand: rand.New(rand.NewPCG(seed, 1))}
		text := s.Dockerfile(1+s.IntN(60), 0)
		ignore := s.Pick("", "secret*\n")
		want, mistake := floor([]byte(text), ignore)
		got, mistakes := split(new(Checker).find(context.Background(), File{Dockerfile: dockerfile.Parse([]byte(text)), Ignore: []byte(ignore)}))
		if mistake != "" {
			if !slices.ContainsFunc(mistakes, func(m string) bool { return strings.HasSuffix(m, mistake) }) {
				t.Fatalf("seed %d: BuildKit's mistake %q is not among %q\n%s", seed, mistake, mistakes, numbered(text))
			}
			continue
		}
		compared++
		if len(mistakes) > 0 {
			t.Fatalf("seed %d: mistakes that BuildKit does not see: %q\n%s", seed, mistakes, numbered(text))
		}
		if !slices.Equal(want, got) {
			t.Fatalf("seed %d:\n%s\n%s", seed, diff(want, got), numbered(text))
		}
	}
	t.Logf("%d files without a mistake", compared)
}

// same says whether two problems are, but for which of several near words BuildKit
// suggests: it takes any.
func same(a, b dockerfile.Problem) bool {
	a.Message, _, _ = strings.Cut(a.Message, " (did you mean")
	b.Message, _, _ = strings.Cut(b.Message, " (did you mean")
	return a == b
}

func diff(want, got []string) string {
	var b strings.Builder
	for _, w := range want {
		if !slices.Contains(got, w) {
			fmt.Fprintf(&b, "missing: %s\n", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			fmt.Fprintf(&b, "extra:   %s\n", g)
		}
	}
	return b.String()
}

func numbered(text string) string {
	var b strings.Builder
	for i, l := range strings.Split(text, "\n") {
		fmt.Fprintf(&b, "%3d %s\n", i+1, l)
	}
	return b.String()
}

// A Checker that saw other texts before must say what a new one says.
func TestRandomEditsAgreeWithNewCheck(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(enginetest.Some(20)) {
		s := linttest.Scribe{Rand: rand.New(rand.NewPCG(seed, 2))}
		wrong := float64(seed%3) * 0.05
		lines := strings.SplitAfter(s.Dockerfile(20+s.IntN(100), wrong), "\n")
		var c Checker
		for range 15 {
			at := s.IntN(len(lines))
			switch s.IntN(4) {
			case 0:
				lines = slices.Delete(lines, at, min(len(lines), at+1+s.IntN(3)))
			case 1, 2:
				lines = slices.Insert(lines, at, s.Instruction([]string{"a", "b"}, wrong)+"\n")
			default:
				l := lines[at]
				i := s.IntN(len(l) + 1)
				lines[at] = l[:i] + s.Pick("x", "#", " ", "$", "\\\n", "<<E", "\"") + l[i:]
			}
			if len(lines) == 0 {
				break
			}
			f := File{Dockerfile: dockerfile.Parse([]byte(strings.Join(lines, ""))), Ignore: []byte(s.Pick("", "secret*\n"))}
			got, want := c.Check(ctx, f), Check(ctx, f)
			if !slices.EqualFunc(got, want, same) {
				g1, g2 := split(got)
				w1, w2 := split(want)
				t.Fatalf("seed %d:\n%s%s\n%s", seed, diff(w1, g1), diff(w2, g2), numbered(f.Dockerfile.String()))
			}
		}
	}
}
