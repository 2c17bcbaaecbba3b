package build

import (
	"bytes"
	"strings"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/redact"
)

// ruleText splits a lint warning as BuildKit's linter words it for a build:
// "LegacyKeyValueFormat: "ENV key=value" should be used (line 3)".
var ruleText = lazyregexp.New(`^([A-Z][A-Za-z]+): (.*?)(?: \(line \d+\))?$`)

// problems are the engine's warnings about lines of the Dockerfile.
func (b *buildState) problems() []dockerfile.Problem {
	var out []dockerfile.Problem
	shown := redact.URLsIn(b.dockerfile)
	for _, w := range b.warnings {
		if w.SourceInfo == nil || !bytes.Equal(w.SourceInfo.Data, shown) {
			continue
		}
		if lines, ok := dockerfile.SpanOf(w.Range); ok {
			out = append(out, newWarning(w, lines))
		}
	}
	return out
}

func newWarning(w *client.VertexWarning, lines dockerfile.Lines) dockerfile.Problem {
	p := dockerfile.Problem{Message: strings.TrimSpace(string(w.Short)), Code: "build", URL: w.URL, Severity: dockerfile.Warning, Lines: lines}
	if m := ruleText.FindStringSubmatch(p.Message); m != nil {
		p.Code, p.Message = m[1], m[2]
	}
	return p
}
