package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
)

type onTypeParams struct {
	positionParams
	Typed   string            `json:"ch"`
	Options formattingOptions `json:"options"`
}

// onTypeTriggers are the characters that are typed: the first, and the others.
var onTypeTriggers = []string{"\n", `\`, "`", `"`}

// onTypeFormatting is what follows from a character that the author has typed.
func (s *Server) onTypeFormatting(_ context.Context, d document, p *onTypeParams) (any, error) {
	edits := []protocol.TextEdit{}
	for _, e := range language.OnTyped(plan.FileOf(d.doc), d.offset(p.Position), p.Typed, p.Options.indent()) {
		edits = append(edits, protocol.TextEdit{Range: d.span(e.Span), NewText: e.Text})
	}
	return edits, nil
}
