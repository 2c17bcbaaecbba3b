package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
)

type inlayHintParams struct {
	DocumentParams
	Range protocol.Range `json:"range"`
}

// inlayHint says behind each instruction what became of it in the newest build.
func (s *Server) inlayHint(ctx context.Context, d document, p *inlayHintParams) (any, error) {
	hints := []protocol.InlayHint{} // not null: a list
	for _, m := range s.marks.of(ctx, d.snapshot, d.doc) {
		if h := d.hint(m); !before(h.Position, p.Range.Start) && !before(p.Range.End, h.Position) {
			hints = append(hints, h)
		}
	}
	return hints, nil
}

// hint is a mark behind the words of its instruction.
func (c converter) hint(m mark) protocol.InlayHint {
	return protocol.InlayHint{
		Position:    c.lineRange(dockerfile.Lines{First: m.Words, Last: m.Words}).End,
		Label:       protocol.String(m.label),
		PaddingLeft: ptr(true),
	}
}
