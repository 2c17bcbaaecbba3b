package handlers

import (
	"context"
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
	"go.lsp.dev/protocol"
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

// onText is onDocument for what helps to write a Dockerfile, or what belongs to one, unless the
// setting editing says that somebody else does.
func onText[P any, PP interface {
	*P
	uri() workspace.URI
}](kinds []workspace.Kind, answer func(*Server, context.Context, document, *P) (any, error)) func(*Server, string) {
	return onDocument[P, PP](kinds, func(s *Server, ctx context.Context, d document, p *P) (any, error) {
		if !s.helps(d.doc) {
			return nil, nil
		}
		return answer(s, ctx, d, p)
	})
}

// positionParams are those of a request about a place.
type positionParams struct {
	DocumentParams
	Position protocol.Position `json:"position"`
}

// offset is the byte of the text that a position names.
func (d document) offset(p protocol.Position) int {
	return d.text.OffsetOf(fromPosition(p), d.encoding)
}

// helps says whether buildls helps to write a document: nobody else does, and it is not larger
// than what is read here.
func (s *Server) helps(doc *workspace.Document) bool {
	return s.settings.now().Editing != editingOff && doc.Text.Len() <= dockerfile.MaxBytes
}
