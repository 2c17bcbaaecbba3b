package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// inlayHintParams keep the document's URI in the client's spelling.
type inlayHintParams struct {
	TextDocument struct {
		URI workspace.URI `json:"uri"`
	} `json:"textDocument"`
	Range protocol.Range `json:"range"`
}

// inlayHint says behind each instruction what became of it in the newest build.
func (s *Server) inlayHint(p *inlayHintParams) (lsp.Work, error) {
	snapshot := s.ws.Snapshot()
	doc := snapshot.Document(p.TextDocument.URI)
	if doc == nil || doc.Kind() != workspace.Dockerfile {
		return nil, nil
	}
	return func(ctx context.Context) (any, error) {
		c := s.converter(doc)
		hints := []protocol.InlayHint{} // not null: a list
		for _, m := range s.marks.of(ctx, snapshot, doc) {
			if h := c.hint(m); !before(h.Position, p.Range.Start) && !before(p.Range.End, h.Position) {
				hints = append(hints, h)
			}
		}
		return hints, nil
	}, nil
}

// hint is a mark behind the words of its instruction.
func (c converter) hint(m mark) protocol.InlayHint {
	return protocol.InlayHint{
		Position:    c.lineRange(dockerfile.Lines{First: m.Words, Last: m.Words}).End,
		Label:       protocol.String(m.label),
		PaddingLeft: ptr(true),
	}
}
