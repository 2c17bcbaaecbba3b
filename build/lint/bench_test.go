package lint

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/practice"
)

// A sample is a Dockerfile of some lines, with problems in it, in stages of some lines.
func sample(lines, perStage int, problem string, every int) []byte {
	var b bytes.Buffer
	for i := range lines {
		switch {
		case i%perStage == 0:
			fmt.Fprintf(&b, "FROM scratch AS stage%d\n", i/perStage)
		case i%every == 1:
			b.WriteString(problem + "\n")
		case i%10 == 2:
			fmt.Fprintf(&b, "ENV PATH_%d=/opt/%d\n", i, i)
		case i%10 == 3:
			b.WriteString("WORKDIR /app\n")
		case i%10 == 4:
			b.WriteString("COPY a b /c/\n")
		case i%10 == 5:
			b.WriteString("LABEL org.example.title=\"what it is\"\n")
		default:
			b.WriteString("RUN apt-get update && apt-get install -y --no-install-recommends curl\n")
		}
	}
	return b.Bytes()
}

var samples = []struct {
	name, problem          string
	lines, perStage, every int
}{
	{"20 lines, 10 problems", "RUN $UNSET", 20, 20, 2},
	{"20 lines, 5 mistakes", "STOPSIGNAL nope", 20, 20, 4},
	{"1000 lines, 100 problems", "ENV a b", 1000, 25, 10},
	{"1000 lines, 100 problems, one stage", "ENV a b", 1000, 1000, 10},
	{"1000 lines, 100 mistakes", "STOPSIGNAL nope", 1000, 25, 10},
	{"1000 lines, 100 mistakes, one stage", "STOPSIGNAL nope", 1000, 1000, 10},
	{"1000 lines, 100 syntax errors", "RUNN x", 1000, 25, 10},
	{"10000 lines, 1000 problems", "ENV a b", 10000, 25, 10},
	{"10000 lines, 1000 problems, one stage", "ENV a b", 10000, 10000, 10},
}

// Each is measured in pairs against one bare call of BuildKit's lint of the same text,
// which stops at its first mistake: "x floor" is the median of the ratios.
func BenchmarkCheck(b *testing.B) {
	for _, s := range samples {
		text := sample(s.lines, s.perStage, s.problem, s.every)
		b.Run("new/"+s.name, func(b *testing.B) {
			pairs(b, text, func(int) { Check(context.Background(), File{Dockerfile: dockerfile.Parse(text)}) })
		})
		for _, set := range []practice.Set{practice.BuildKit, practice.All} {
			name, rules := "edit/", practice.Config{Set: set}
			if set == practice.All {
				name = "edit, all rules/"
			}
			b.Run(name+s.name, func(b *testing.B) {
				var c Checker
				c.Check(context.Background(), File{Dockerfile: dockerfile.Parse(text), Rules: rules})
				edited := bytes.SplitAfter(text, []byte("\n"))
				line := len(edited) / 2
				pairs(b, text, func(i int) {
					edited[line] = fmt.Appendf(nil, "RUN echo %d\n", i)
					c.Check(context.Background(), File{Dockerfile: dockerfile.Parse(bytes.Join(edited, nil)), Rules: rules})
				})
			})
		}
	}
}

func pairs(b *testing.B, text []byte, check func(i int)) {
	var ratios, times []float64
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		check(i)
		took := time.Since(start)
		start = time.Now()
		bareFloor(text)
		ratios = append(ratios, float64(took)/float64(time.Since(start)))
		times = append(times, float64(took)/1e6)
	}
	slices.Sort(ratios)
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2], "ms")
	b.ReportMetric(ratios[len(ratios)/2], "x-floor")
}

func bareFloor(text []byte) {
	sm := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", text)
	sm.Definition = &llb.Definition{}
	opt := dockerfile2llb.ConvertOpt{SourceMap: sm, MetaResolver: dockerfile.Images(nil)}
	if _, err := dockerfile2llb.DockerfileLint(context.Background(), text, opt); err != nil {
		panic(err)
	}
}
