package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// BenchmarkHoverBuilt is from a key to what a hover says of a COPY, where the text of 1,000 lines was
// built: what became of the step, and what it takes from the context now. The text has a hundred
// stages, of which the build needs two. The key is in a comment, or in the COPY itself.
func BenchmarkHoverBuilt(b *testing.B) {
	s := buildkitdSite(enginetest.Buildkitd(b))
	var t strings.Builder
	t.WriteString("FROM scratch AS base\nCOPY a.txt /\n")
	for i := range 99 {
		fmt.Fprintf(&t, "FROM base AS s%d\nARG V%d=1\nENV E%d=$V%d\nLABEL a%d=b\nWORKDIR /w%d\nCOPY a.txt /x%d/\nCMD [\"x\"]\nEXPOSE 80\n# a comment\n\n", i, i, i, i, i, i, i)
	}
	t.WriteString("FROM base\nCOPY a.txt /last/\n")
	text := t.String()
	last := strings.Count(text, "\n") - 1
	dir := workspace(b, "a.txt", "a")
	uri := "file://" + dir + "/Dockerfile"
	e := lsptest.New(b, quiet(shipped(b, s.env)), lsptest.Options{Folders: []string{dir}})
	e.Open(uri, "dockerfile", text)
	var r result
	if err := e.Execute("buildls.build", map[string]any{"uri": uri, "wait": true}, &r); err != nil || r.Status != "succeeded" {
		b.Fatalf("%v: %+v", err, r)
	}
	for _, key := range []struct {
		name            string
		line, character int
		says            string
	}{
		{"comment", 10, 1, "Not cached"},
		{"copy", last, len("COPY a.txt /last/"), "1 file"},
	} {
		b.Run(key.name, func(b *testing.B) {
			var waits []float64
			for b.Loop() {
				waits = append(waits, measure(func() {
					e.Insert(uri, key.line, key.character, "x")
					if said := e.Hover(uri, last, 4); said == nil || !strings.Contains(said.Contents.Value, key.says) {
						b.Fatalf("%+v", said)
					}
				}))
			}
			b.ReportMetric(median(waits), "ours-ms")
			b.ReportMetric(0, "ns/op")
			tell(figure{"hover on a COPY of a built text of 1000 lines, after a key in a " + key.name, fmt.Sprintf("%.1f ms", median(waits)), "", "", "≤ 10 ms"})
		})
	}
}
