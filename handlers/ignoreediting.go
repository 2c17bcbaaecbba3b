package handlers

import (
	"context"
	"encoding/json"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// An ignoredItem is what an item of an ignore file is resolved by: the file, and the line as it
// would be.
type ignoredItem struct {
	URI  workspace.URI `json:"uri"`
	Row  int           `json:"row"` // 0-based, "\n" alone ends one
	Line string        `json:"line"`
}

// completionIgnored is what may be written at a byte of an ignore file, and how that is sent.
func (s *Server) completionIgnored(ctx context.Context, d document, offset int) (items []language.Item, encode func(int, language.Item) protocol.CompletionItem) {
	text, row := string(d.doc.Text.Bytes()), d.text.RowAt(offset)
	before := text[strings.LastIndexByte(text[:offset], '\n')+1 : offset]
	encode = func(i int, item language.Item) protocol.CompletionItem {
		out := d.completionItem(i, item)
		line := before[:len(before)-(item.Span.End-item.Span.Start)] + item.Text
		if item.Kind != language.ItemKeyword && !strings.HasPrefix(strings.TrimSpace(line), "!") {
			out.Data, _ = json.Marshal(ignoredItem{d.doc.URI, row, line})
		}
		return out
	}
	dir := s.ignoredDir(d.snapshot, d.doc)
	if dir == "" {
		return nil, encode
	}
	how := plan.NewSetup(d.snapshot, d.doc, dir, s.settings.now().Defaults)
	return language.CompleteIgnored(text, offset, func(dir, prefix string) []language.File { return filesIn(ctx, how, dir, prefix, nil) }), encode
}

// resolveIgnored says of an item how much its line would keep out.
func (s *Server) resolveIgnored(ctx context.Context, item ignoredItem) string {
	snapshot := s.ws.Snapshot()
	doc := snapshot.Document(item.URI)
	if doc == nil || item.Row >= doc.Text.Rows() {
		return ""
	}
	rows := strings.SplitAfter(string(doc.Text.Bytes()), "\n")
	rows[item.Row] = item.Line + "\n"
	kept, err := s.keptOut(ctx, snapshot, doc, []byte(strings.Join(rows, "")), item.Row)
	switch {
	case err != nil:
		return ""
	case kept == nil:
		return "keeps nothing out"
	}
	return "keeps out " + (&prose{}).kept(*kept)
}
