package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// foldKinds are the protocol's names; of an instruction it has none.
var foldKinds = map[language.FoldKind]protocol.FoldingRangeKind{
	language.FoldStage:   protocol.FoldingRangeKindRegion,
	language.FoldComment: protocol.FoldingRangeKindComment,
}

// foldingRange says what can be folded.
func (s *Server) foldingRange(_ context.Context, d document, _ *DocumentParams) (any, error) {
	ranges := []protocol.FoldingRange{} // not null: a list
	folds := language.IgnoreFolds
	if d.doc.Kind() == workspace.Dockerfile {
		folds = func(string) []language.Fold { return language.Folds(plan.FileOf(d.doc)) }
	}
	for _, f := range folds(string(d.doc.Text.Bytes())) {
		at := d.lineRange(f.Lines)
		if at.Start.Line < at.End.Line {
			ranges = append(ranges, protocol.FoldingRange{StartLine: at.Start.Line, EndLine: at.End.Line, Kind: foldKinds[f.Kind]})
		}
	}
	return ranges, nil
}
