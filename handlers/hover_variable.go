package handlers

import (
	"context"
	"fmt"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/handlers/plan"
)

// hoverVariable says of a variable its value at that point, and where that comes from.
func (s *Server) hoverVariable(ctx context.Context, h *hover) {
	file := plan.FileOf(h.doc)
	m, ok := file.VariableAt(h.offset)
	if !ok {
		return
	}
	f, _, line, ok := s.builtAt(ctx, h)
	if !ok || m.Sets && !f.baseline.Sets(line, m.Name) {
		return // of what was not built nothing is known
	}
	v, err := f.baseline.VariableAt(ctx, m.Name, line, m.Sets)
	if err != nil {
		return
	}
	h.span = &[2]int{file.Offset(m.Token.First, m.Token.Start), file.Offset(m.Token.Last, m.Token.End)}
	h.prose.variable(v, f.baseline.File.Text())
}

// variable says what a variable is, and where that comes from in the text that was built.
func (p *prose) variable(v *dockerfile.Variable, built []byte) {
	switch {
	case v.Set:
		p.paragraph("%s", p.code(v.Name+"="+shownValue(v.Name, v.Value)))
		from := v.Origin.What
		if v.Origin.Line != nil {
			from += fmt.Sprintf(" in line %d", editorLine(built, *v.Origin.Line)+1)
		}
		if from != "" {
			p.paragraph("from %s", p.text(from))
		}
	case v.Global:
		p.paragraph("%s is not set here: what stands in no stage sees the build arguments and defaults of each ARG before the first FROM", p.code(v.Name))
	default:
		p.paragraph("%s is not set here by the Dockerfile, a build argument or the base image", p.code(v.Name))
	}
}

// shownValue is a variable's value in one line, unless its name speaks of a secret.
func shownValue(name, value string) string {
	const longest = 200
	if dockerfile.SecretName(name) && value != "" {
		return "***"
	}
	value = redact.URLs(strings.ReplaceAll(value, "\n", `\n`))
	if len(value) > longest {
		return strings.ToValidUTF8(value[:longest], "") + "…"
	}
	return value
}
