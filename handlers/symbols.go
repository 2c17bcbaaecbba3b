package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// symbolKinds are the icons of an outline's entries.
var symbolKinds = map[language.OutlineKind]protocol.SymbolKind{
	language.OutlineStage:       protocol.SymbolKindModule,
	language.OutlineInstruction: protocol.SymbolKindFunction,
	language.OutlineVariable:    protocol.SymbolKindVariable,
	language.OutlineDirective:   protocol.SymbolKindProperty,
}

// documentSymbol is the outline of a Dockerfile: a tree, or a list for a client that shows none.
func (s *Server) documentSymbol(_ context.Context, d document, _ *DocumentParams) (any, error) {
	outline := language.Outline(plan.FileOf(d.doc))
	if s.features.symbolTree {
		return symbolTree(outline, d.text.Cursor(d.encoding)), nil
	}
	list := []protocol.SymbolInformation{}
	var add func(entries []language.Entry, in string)
	add = func(entries []language.Entry, in string) {
		for _, e := range entries {
			info := protocol.SymbolInformation{Location: d.location(e.Span)}
			info.Name, info.Kind, info.ContainerName = e.Name, symbolKinds[e.Kind], ptr(in)
			list = append(list, info)
			add(e.Children, e.Name)
		}
	}
	add(outline, "")
	return list, nil
}

func symbolTree(entries []language.Entry, at *workspace.Cursor) []protocol.DocumentSymbol {
	list := make([]protocol.DocumentSymbol, 0, len(entries)) // not null: a list
	for _, e := range entries {
		symbol := protocol.DocumentSymbol{Name: e.Name, Kind: symbolKinds[e.Kind], Range: nearSpan(at, e.Span), SelectionRange: nearSpan(at, e.Word)}
		if e.Detail != "" {
			symbol.Detail = &e.Detail
		}
		if len(e.Children) > 0 {
			symbol.Children = symbolTree(e.Children, at)
		}
		list = append(list, symbol)
	}
	return list
}
