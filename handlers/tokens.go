package handlers

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/workspace"
)

// tokenTypes are the protocol's names of language.TokenKind, in its order.
var tokenTypes = []protocol.SemanticTokenTypes{
	protocol.SemanticTokenTypesKeyword, protocol.SemanticTokenTypesComment, protocol.SemanticTokenTypesMacro, protocol.SemanticTokenTypesParameter,
	protocol.SemanticTokenTypesProperty, protocol.SemanticTokenTypesString, protocol.SemanticTokenTypesVariable, protocol.SemanticTokenTypesNamespace,
	protocol.SemanticTokenTypesClass, protocol.SemanticTokenTypesFunction, protocol.SemanticTokenTypesOperator, protocol.SemanticTokenTypesNumber,
}

// tokenMemory is what each open document was answered last, to answer what has changed since.
type tokenMemory struct {
	follows
	mu     sync.Mutex
	last   map[workspace.URI]answeredTokens
	parts  map[workspace.URI]*language.TokenMemory
	number int
}

// An answeredTokens is an answer, and the id that the client knows it by.
type answeredTokens struct {
	id   string
	data []uint32
}

func (m *tokenMemory) closed(uri workspace.URI) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.last, uri)
	delete(m.parts, uri)
}

// of is what is remembered of a document's instructions.
func (m *tokenMemory) of(uri workspace.URI) *language.TokenMemory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parts == nil {
		m.parts = map[workspace.URI]*language.TokenMemory{}
	}
	if m.parts[uri] == nil {
		m.parts[uri] = &language.TokenMemory{}
	}
	return m.parts[uri]
}

// swap remembers an answer, and returns its id and the one before it.
func (m *tokenMemory) swap(uri workspace.URI, data []uint32) (id string, before answeredTokens) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		m.last = map[workspace.URI]answeredTokens{}
	}
	m.number++
	id, before = strconv.Itoa(m.number), m.last[uri]
	m.last[uri] = answeredTokens{id, data}
	return id, before
}

// semanticTokens are those of a whole document.
func (s *Server) semanticTokens(_ context.Context, d document, _ *DocumentParams) (any, error) {
	data := d.tokens(0, namesOf(d.doc).Rows()-1, s.tokens.of(d.doc.URI))
	id, _ := s.tokens.swap(d.doc.URI, data)
	return &protocol.SemanticTokens{ResultID: &id, Data: data}, nil
}

type tokenDeltaParams struct {
	DocumentParams
	PreviousResultID string `json:"previousResultId"`
}

// semanticTokensDelta is what has changed since an answer: one edit from the first number that
// differs to the last.
func (s *Server) semanticTokensDelta(_ context.Context, d document, p *tokenDeltaParams) (any, error) {
	data := d.tokens(0, namesOf(d.doc).Rows()-1, s.tokens.of(d.doc.URI))
	id, before := s.tokens.swap(d.doc.URI, data)
	if before.id != p.PreviousResultID {
		return &protocol.SemanticTokens{ResultID: &id, Data: data}, nil
	}
	start, end := 0, 0
	for start < min(len(data), len(before.data)) && data[start] == before.data[start] {
		start++
	}
	for end < min(len(data), len(before.data))-start && data[len(data)-1-end] == before.data[len(before.data)-1-end] {
		end++
	}
	edit := protocol.SemanticTokensEdit{Start: uint32(start), DeleteCount: uint32(len(before.data) - start - end), Data: slices.Clone(data[start : len(data)-end])}
	out := &protocol.SemanticTokensDelta{ResultID: &id, Edits: []protocol.SemanticTokensEdit{}}
	if edit.DeleteCount > 0 || len(edit.Data) > 0 {
		out.Edits = append(out.Edits, edit)
	}
	return out, nil
}

type tokenRangeParams struct {
	DocumentParams
	Range protocol.Range `json:"range"`
}

// semanticTokensRange are those of the lines that a client shows.
func (s *Server) semanticTokensRange(_ context.Context, d document, p *tokenRangeParams) (any, error) {
	first, last := d.text.RowAt(d.offset(p.Range.Start)), d.text.RowAt(d.offset(p.Range.End))
	return &protocol.SemanticTokens{Data: d.tokens(first, last, s.tokens.of(d.doc.URI))}, nil
}

// tokens are those of some lines as the protocol has them: five numbers each, lines and characters
// from the one before.
func (d document) tokens(first, last int, memory *language.TokenMemory) []uint32 {
	list := namesOf(d.doc).Tokens(first, last, memory)
	data := make([]uint32, 0, 5*len(list))
	cursor := d.text.Cursor(d.encoding)
	var line, character uint32
	for _, t := range list {
		at := nearSpan(cursor, t.Span)
		if at.Start.Line != at.End.Line { // a lone \r ends a line of the editor's
			continue
		}
		if at.Start.Line != line {
			character = 0
		}
		declares := uint32(0)
		if t.Declares {
			declares = 1
		}
		data = append(data, at.Start.Line-line, at.Start.Character-character, at.End.Character-at.Start.Character, uint32(t.Kind), declares)
		line, character = at.Start.Line, at.Start.Character
	}
	return data
}
