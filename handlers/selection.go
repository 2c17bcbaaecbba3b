package handlers

import (
	"context"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"go.lsp.dev/protocol"
)

type selectionRangeParams struct {
	DocumentParams
	Positions []protocol.Position `json:"positions"`
}

// selectionRange is what is selected around each position, step by step.
func (s *Server) selectionRange(_ context.Context, d document, p *selectionRangeParams) (any, error) {
	file := plan.FileOf(d.doc)
	list := make([]protocol.SelectionRange, len(p.Positions))
	for i, at := range p.Positions {
		next := &list[i]
		spans := language.Selection(file, d.offset(at))
		for j, span := range spans {
			next.Range = d.span(span)
			if j+1 < len(spans) {
				next.Parent = &protocol.SelectionRange{}
				next = next.Parent
			}
		}
	}
	return list, nil
}
