package handlers

import (
	"context"

	"github.com/buildls/buildls/build/language"
	"go.lsp.dev/protocol"
)

// linkedEditing are the word of a heredoc and its end, which are typed as one.
func (s *Server) linkedEditing(_ context.Context, d document, p *positionParams) (any, error) {
	symbol, _ := namesOf(d.doc).At(d.offset(p.Position))
	if symbol == nil || symbol.Kind != language.Heredoc || len(symbol.Occurrences) < 2 {
		return nil, nil
	}
	var list []protocol.Range
	for _, o := range symbol.Occurrences {
		list = append(list, d.span(o.Span))
	}
	return &protocol.LinkedEditingRanges{Ranges: list, WordPattern: ptr(`[A-Za-z0-9_.-]+`)}, nil
}
