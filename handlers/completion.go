package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// completionTriggers open completion where something is completed behind them: flags and their
// values, variables, paths, tags, digests, arguments.
var completionTriggers = []string{"-", "=", ",", "$", "{", "/", ":", "@", " ", "#", ";"}

// itemKinds are the icons of items.
var itemKinds = map[language.ItemKind]protocol.CompletionItemKind{
	language.ItemKeyword:   protocol.CompletionItemKindKeyword,
	language.ItemFlag:      protocol.CompletionItemKindProperty,
	language.ItemValue:     protocol.CompletionItemKindEnumMember,
	language.ItemVariable:  protocol.CompletionItemKindVariable,
	language.ItemStage:     protocol.CompletionItemKindModule,
	language.ItemImage:     protocol.CompletionItemKindReference,
	language.ItemFile:      protocol.CompletionItemKindFile,
	language.ItemDirectory: protocol.CompletionItemKindFolder,
	language.ItemName:      protocol.CompletionItemKindField,
}

// maxItems is how many items an answer has: of more the client asks again when more is typed.
const maxItems = 1000

// completion is what may be written at a place.
func (s *Server) completion(ctx context.Context, d document, p *positionParams) (any, error) {
	l := &lookup{server: s, document: d}
	var items []language.Item
	var encode func(int, language.Item) protocol.CompletionItem
	if offset := d.offset(p.Position); d.doc.Kind() == workspace.Ignore {
		items, encode = s.completionIgnored(ctx, d, offset)
	} else {
		items, encode = namesOf(d.doc).Complete(offset, l.given(ctx)), d.completionItem
	}
	list := &protocol.CompletionList{Items: []protocol.CompletionItem{}, IsIncomplete: l.late || len(items) > maxItems}
	for i, item := range items[:min(len(items), maxItems)] {
		list.Items = append(list.Items, encode(i, item))
	}
	return list, nil
}

// completionItem is the item that is shown as number i of those that are alike.
func (c converter) completionItem(i int, item language.Item) protocol.CompletionItem {
	group := 0
	if item.Last {
		group = 1
	}
	out := protocol.CompletionItem{
		Label:    item.Label,
		Kind:     itemKinds[item.Kind],
		SortText: protocol.NewOptional(fmt.Sprintf("%d%04d", group, i)), // the order is ours
		TextEdit: &protocol.TextEdit{Range: c.span(item.Span), NewText: item.Text},
	}
	if item.Detail != "" {
		out.Detail = protocol.NewOptional(redact.URLs(item.Detail))
	}
	if item.Filter != "" {
		out.FilterText = protocol.NewOptional(item.Filter)
	}
	if item.Snippet {
		out.InsertTextFormat = protocol.InsertTextFormatSnippet
	} else if strings.Contains(item.Text, "$") { // Neovim 0.10 takes what is not said for a snippet
		out.InsertTextFormat = protocol.InsertTextFormatPlainText
	}
	if item.Deprecated {
		out.Tags = []protocol.CompletionItemTag{protocol.CompletionItemTagDeprecated}
	}
	if item.Doc != "" {
		out.Data, _ = json.Marshal(item.Doc)
	}
	return out
}

// completionResolve adds what BuildKit's reference says of an item, and what a line of an ignore
// file would keep out.
func (s *Server) completionResolve(p *protocol.CompletionItem) (lsp.Work, error) {
	return func(ctx context.Context) (any, error) {
		var ignored ignoredItem
		if json.Unmarshal(p.Data, &ignored) == nil && ignored.URI != "" {
			if detail := s.resolveIgnored(ctx, ignored); detail != "" {
				p.Detail = protocol.NewOptional(detail)
			}
			return p, ctx.Err()
		}
		var doc string
		if json.Unmarshal(p.Data, &doc) != nil {
			return p, nil
		}
		if entry := language.Documentation(doc); entry != nil {
			prose := &prose{markdown: s.features.completionMarkdown}
			prose.entry(entry)
			p.Documentation = &protocol.MarkupContent{Kind: prose.kind(), Value: prose.String()}
		}
		return p, nil
	}, nil
}
