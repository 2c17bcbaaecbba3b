package format

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/linttest"
)

// usualText has about so many lines, of which most are to be laid out.
func usualText(lines int) string {
	var b strings.Builder
	b.WriteString("from  debian:12 as base\n")
	for i := 1; strings.Count(b.String(), "\n") < lines; i++ {
		fmt.Fprintf(&b, "env  A%d=1\\\n  B%d=2\nrun  apt-get update && \\\n    apt-get install -y curl  \nCOPY   a b   /c/\nCMD [\"a\",\"b\"]\n", i, i)
		if i%8 == 0 {
			fmt.Fprintf(&b, "FROM base as s%d\n", i)
		}
	}
	return b.String()
}

func BenchmarkFormat(b *testing.B) {
	for name, text := range map[string]string{
		"20": usualText(20), "1000": usualText(1000), "1000 with a mistake": usualText(1000) + "ENV x\n",
		"1000 random": linttest.Scribe{Rand: rand.New(rand.NewPCG(1, 1))}.Dockerfile(1000, 0),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Format(b.Context(), dockerfile.Parse([]byte(text)), usual); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Formatting ends, whatever the text; its edits make what it says, and it is done once.
func FuzzFormat(f *testing.F) {
	for _, sheet := range linttest.Corpus(f) {
		if len(sheet.Dockerfile) < 2000 {
			f.Add(sheet.Dockerfile, true)
		}
	}
	f.Fuzz(func(t *testing.T, text string, spaces bool) {
		if len(text) > 4000 {
			return
		}
		style := Style{Indent: "\t"}
		if spaces {
			style = Style{Indent: "  ", LineBreak: "\n"}
		}
		sameBuild(t, text, style)
	})
}
