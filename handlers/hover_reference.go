package handlers

import (
	"context"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
)

// hoverWord says what a word within an instruction is: what BuildKit's reference says of a flag, a
// value, a mount's key, a directive or a rule; of a variable its value as the text has it; of a
// stage what it is built on. What a build knows of a variable goes before it.
func (s *Server) hoverWord(_ context.Context, h *hover) {
	d, ok := s.describe(h)
	if !ok || d.Instruction {
		return
	}
	switch {
	case d.Doc != "":
		h.prose.entry(language.Documentation(d.Doc))
	case !d.Defined:
		return
	case d.Symbol.Kind == language.Stage:
		h.prose.paragraph("Stage %s: %s", h.prose.code(d.Symbol.Name), h.prose.code(d.From.Instruction.Written()))
	default:
		value := d.Value
		if value == "" {
			value = "…"
		}
		h.prose.paragraph("%s", h.prose.code(d.Symbol.Name+"="+shownValue(d.Symbol.Name, value)))
		line := editorLine(h.doc.Text.Bytes(), d.From.Instruction.First)
		h.prose.paragraph("as %s sets it in line %d", d.From.Instruction.Name(), line+1)
	}
	h.span = &[2]int{d.Span.Start, d.Span.End}
}

// hoverInstruction adds what BuildKit's reference says of an instruction to what builds know of it.
func (s *Server) hoverInstruction(_ context.Context, h *hover) {
	d, ok := s.describe(h)
	if !ok || !d.Instruction {
		return
	}
	if h.prose.empty() {
		h.span = &[2]int{d.Span.Start, d.Span.End}
	}
	h.prose.entry(language.Documentation(d.Doc))
}

// describe is what stands at the place of a hover, unless somebody else says that.
func (s *Server) describe(h *hover) (language.Description, bool) {
	if !s.helps(h.doc) {
		return language.Description{}, false
	}
	return language.Describe(plan.FileOf(h.doc), h.offset, func() *language.Names { return namesOf(h.doc) })
}
