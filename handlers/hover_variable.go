package handlers

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

var (
	// variableText is $NAME, ${NAME} or ${NAME:-…}, and what looks like it and is none.
	variableText = regexp.MustCompile(`\\.|\$(\w+)|\$\{(\w+)[^}]*\}`)
	// settingText is a name that ENV or ARG may set.
	settingText = regexp.MustCompile(`(?:^|\s)(\w+)(?:[=\s]|$)`)
)

// A mention is a variable in a line of text, and the bytes that it takes.
type mention struct {
	name string
	span [2]int
	sets bool // the instruction gives it a value
}

// mentionAt is the variable at a column of a line, in bytes. Whether an instruction sets it is
// for others to say.
func mentionAt(line string, column int) (m mention, ok bool) {
	for _, at := range variableText.FindAllStringSubmatchIndex(line, -1) {
		for _, i := range []int{2, 4} {
			if at[i] >= 0 && at[0] <= column && column < at[1] {
				return mention{line[at[i]:at[i+1]], [2]int{at[0], at[1]}, false}, true
			}
		}
	}
	for from := 0; from < len(line); {
		at := settingText.FindStringSubmatchIndex(line[from:])
		if at == nil {
			break
		}
		span := [2]int{from + at[2], from + at[3]}
		if span[0] <= column && column < span[1] {
			return mention{line[span[0]:span[1]], span, true}, true
		}
		from = span[1] // what ends one may begin the next
	}
	return mention{}, false
}

// hoverVariable says of a variable its value at that point, and where that comes from.
func (s *Server) hoverVariable(ctx context.Context, h *hover) {
	start := h.doc.Text.OffsetIn(h.line, 0)
	m, ok := mentionAt(h.doc.Text.Row(h.line), h.offset-start)
	if !ok {
		return
	}
	if !m.sets && !dockerfile.Expands(h.doc.Text.Bytes(), h.line, m.span[0]) {
		return
	}
	f, _, line, ok := s.builtAt(ctx, h)
	if !ok || m.sets && !f.baseline.Sets(line, m.name) {
		return // of what was not built nothing is known
	}
	v, err := f.baseline.VariableAt(ctx, m.name, line, m.sets)
	if err != nil {
		return
	}
	h.span = &[2]int{start + m.span[0], start + m.span[1]}
	h.prose.variable(v, f.baseline.Dockerfile)
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
	value = strings.ReplaceAll(value, "\n", `\n`)
	if len(value) > longest {
		return strings.ToValidUTF8(value[:longest], "") + "…"
	}
	return value
}
