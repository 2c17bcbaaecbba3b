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

// A scribe writes random Dockerfiles.
type scribe struct{ *rand.Rand }

func (s scribe) pick(of ...string) string { return of[s.IntN(len(of))] }

var vars = []string{"A", "B", "TOKEN", "DIR", "PORT", "VERSION", "TARGETARCH"}

func (s scribe) v() string {
	v := s.pick(vars...)
	return s.pick("$"+v, "${"+v+"}", "${"+v+":-x}", "x", "/a/b", "1", v)
}

func (s scribe) instruction(stages []string, wrong float64) string {
	if s.Float64() < wrong {
		return s.pick("RUNN x", "COPY --form=a b c", "RUN --mount=type=nope x", "ENV X", "EXPOSE 99999", "COPY a", "STOPSIGNAL nope",
			"HEALTHCHECK FOO", "WORKDIR", "RUN --mount=type=bind,from=nope$,target=/x y", "COPY --chmod=9 a b", "CMD [1]", "SHELL x",
			"COPY --from=99 a b", "COPY --from=$A a b", "ENVV A=b", "LABEL =x", "VOLUME $", "COPY ${A:?no} b", "ADD --checksum=x a b")
	}
	from := s.pick(append(stages, "image", "0")...)
	kw := func(w string) string {
		switch s.IntN(12) {
		case 0:
			return strings.ToLower(w)
		case 1:
			return w[:1] + strings.ToLower(w[1:])
		}
		return w
	}
	comment := ""
	if s.IntN(8) == 0 {
		comment = s.pick("# text\n", "# check=skip=UndefinedVar\n", "# check=skip=all\n", "# A the arg\n", "\n", "#\n", "# x\n\n# y\n")
	}
	switch s.IntN(24) {
	case 0, 1, 2:
		return comment + kw("ENV") + " " + s.pick(vars...) + "=" + s.v()
	case 3:
		return comment + kw("ENV") + " " + s.pick(vars...) + " " + s.v()
	case 4, 5:
		return comment + kw("ARG") + " " + s.pick(vars...) + s.pick("", "=", "="+s.v())
	case 6, 7:
		return comment + kw("WORKDIR") + " " + s.v()
	case 8:
		return comment + kw("COPY") + " secret" + s.pick("", ".txt", "/x") + " " + s.v()
	case 9:
		return comment + kw("COPY") + " --from=" + from + " a " + s.v()
	case 10:
		return comment + kw("RUN") + " --mount=type=bind,target=/x,from=" + s.pick(append(stages, "image")...) + " x " + s.v()
	case 11:
		return comment + kw("CMD") + " " + s.pick("foo", `["a"]`)
	case 12:
		return comment + kw("ENTRYPOINT") + " " + s.pick("foo", `["a"]`)
	case 13:
		return kw("HEALTHCHECK") + " CMD x"
	case 14:
		return kw("SHELL") + ` ["sh"]`
	case 15:
		return kw("MAINTAINER") + " me"
	case 16:
		return comment + kw("EXPOSE") + " " + s.pick("80", "80/TCP", "1:2", "$PORT", "80 81/UDP")
	case 17:
		return kw("LABEL") + " " + s.pick("a=b", "a b", "a=$A")
	case 18:
		return "RUN <<EOF\nfrom x\n# y\n  $A\nEOF"
	case 19:
		return "RUN a \\\n" + s.pick("", "\n", "# c\n") + "  b $A"
	case 20:
		return kw("ONBUILD") + " " + s.pick("ENV A=b", "WORKDIR x", "CMD foo", "ARG DIR", "RUN $B", "COPY secret "+s.v(), "SHELL [\"x\"]")
	case 21:
		return kw("USER") + " " + s.v()
	case 22:
		return "COPY <<E /x\n$A\n" + s.pick("", "FROM scratch\n") + "E"
	}
	return comment + kw("ADD") + " a secret " + s.v()
}

func (s scribe) dockerfile(lines int, wrong float64) string {
	var b strings.Builder
	b.WriteString(s.pick("", "", "", "# escape=`\n", "# check=skip=JSONArgsRecommended\n", "# check=error=true;skip=StageNameCasing\n", "# check=experimental=all\n", "# hello\n"))
	for range s.IntN(4) {
		b.WriteString(s.pick("ARG A=scratch", "ARG A", "ARG B=$A", "ARG VERSION=1 DIR=x", "# d\nARG TOKEN=x", "arg PORT=80") + "\n")
	}
	var names []string
	for i := 0; i < lines; {
		name := s.pick("a", "b", "c", "Build", "context", "d1", "e")
		base := "scratch"
		if len(names) > 0 && s.IntN(2) == 0 {
			base = s.pick(names...)
		}
		b.WriteString(s.pick("", "", "# "+name+" is it\n", "# check=skip=all\n") + s.pick("FROM ", "FROM ", "from ", "FROM --platform=$TARGETPLATFORM ", "FROM --platform=linux/arm64 ") + base)
		if s.IntN(5) > 0 {
			b.WriteString(s.pick(" AS ", " as ") + name)
			names = append(names, strings.ToLower(name))
		}
		b.WriteString("\n")
		for range s.IntN(30) {
			b.WriteString(s.instruction(names, wrong) + "\n")
			i++
		}
		i++
	}
	return b.String()
}

// A file without a mistake: units together must say what BuildKit says of the whole.
func TestRandomFilesAgreeWithOnePass(t *testing.T) {
	compared := 0
	for seed := range uint64(400) {
		s := scribe{rand.New(rand.NewPCG(seed, 1))}
		text := s.dockerfile(1+s.IntN(60), 0)
		ignore := s.pick("", "secret*\n")
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
	for seed := range uint64(8) {
		s := scribe{rand.New(rand.NewPCG(seed, 2))}
		wrong := float64(seed%3) * 0.05
		lines := strings.SplitAfter(s.dockerfile(20+s.IntN(100), wrong), "\n")
		var c Checker
		for range 15 {
			at := s.IntN(len(lines))
			switch s.IntN(4) {
			case 0:
				lines = slices.Delete(lines, at, min(len(lines), at+1+s.IntN(3)))
			case 1, 2:
				lines = slices.Insert(lines, at, s.instruction([]string{"a", "b"}, wrong)+"\n")
			default:
				l := lines[at]
				i := s.IntN(len(l) + 1)
				lines[at] = l[:i] + s.pick("x", "#", " ", "$", "\\\n", "<<E", "\"") + l[i:]
			}
			if len(lines) == 0 {
				break
			}
			f := File{Dockerfile: dockerfile.Parse([]byte(strings.Join(lines, ""))), Ignore: []byte(s.pick("", "secret*\n"))}
			got, want := c.Check(ctx, f), Check(ctx, f)
			if !slices.EqualFunc(got, want, same) {
				g1, g2 := split(got)
				w1, w2 := split(want)
				t.Fatalf("seed %d:\n%s%s\n%s", seed, diff(w1, g1), diff(w2, g2), numbered(f.Dockerfile.String()))
			}
		}
	}
}
