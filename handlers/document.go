package handlers

import (
	"context"
	"slices"

	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// DocumentParams are what the params of every request about a document have. The URI stays in
// the client's spelling: it is answered in the same.
type DocumentParams struct {
	TextDocument struct {
		URI workspace.URI `json:"uri"`
	} `json:"textDocument"`
}

func (p *DocumentParams) uri() workspace.URI { return p.TextDocument.URI }

// A document is one that is open, as a request finds it.
type document struct {
	snapshot *workspace.Snapshot
	doc      *workspace.Document
	converter
}

// onDocument answers a request about an open document of some kinds, concurrently with
// everything else. About others there is nothing to say.
func onDocument[P any, PP interface {
	*P
	uri() workspace.URI
}](kinds []workspace.Kind, answer func(*Server, context.Context, document, *P) (any, error)) func(*Server, string) {
	return onRequest(func(s *Server, p *P) (lsp.Work, error) {
		snapshot := s.ws.Snapshot()
		doc := snapshot.Document(PP(p).uri())
		if doc == nil || !slices.Contains(kinds, doc.Kind()) {
			return nil, nil
		}
		return func(ctx context.Context) (any, error) {
			return answer(s, ctx, document{snapshot, doc, s.converter(doc)}, p)
		}, nil
	})
}
