package handlers

import (
	"context"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/handlers/plan"
)

type foldingRangeParams struct{ DocumentParams }

// A fold is lines that can be folded away behind the first.
type fold struct {
	dockerfile.Lines
	kind protocol.FoldingRangeKind // empty for what is neither a comment nor a region
}

// foldingRange says what can be folded: stages, instructions of several lines, the heredocs
// behind these, and comments of several lines.
func (s *Server) foldingRange(_ context.Context, d document, _ *foldingRangeParams) (any, error) {
	file := plan.FileOf(d.doc)
	ranges := []protocol.FoldingRange{} // not null: a list
	for _, f := range slices.Concat(stageFolds(file), instructionFolds(file), commentFolds(file)) {
		at := d.lineRange(f.Lines)
		if at.Start.Line < at.End.Line {
			ranges = append(ranges, protocol.FoldingRange{StartLine: at.Start.Line, EndLine: at.End.Line, Kind: f.kind})
		}
	}
	return ranges, nil
}

// stageFolds are stages, each from its FROM to its last instruction.
func stageFolds(file *dockerfile.File) (list []fold) {
	for _, in := range file.Instructions() {
		switch {
		case in.Name() == "FROM" && in.Onbuild.Empty():
			list = append(list, fold{in.Lines(), protocol.FoldingRangeKindRegion})
		case len(list) > 0:
			list[len(list)-1].Last = in.End()
		}
	}
	return list
}

// instructionFolds are instructions, and heredocs that do not begin where their instruction does:
// a client folds one range for each first line.
func instructionFolds(file *dockerfile.File) (list []fold) {
	for _, in := range file.Instructions() {
		if in.Name() != "FROM" { // whose first line is its stage's
			list = append(list, fold{Lines: in.Lines()})
		}
		for _, d := range in.Heredocs {
			if d.First-1 > in.First {
				list = append(list, fold{Lines: dockerfile.Lines{First: d.First - 1, Last: d.Last}})
			}
		}
	}
	return list
}

// commentFolds are comments on lines that follow each other, in no instruction.
func commentFolds(file *dockerfile.File) (list []fold) {
	line, open := 0, false
	until := func(end int) {
		for ; line < end; line++ {
			switch comment := file.IsComment(line); {
			case comment && open:
				list[len(list)-1].Last = line
			case comment:
				list = append(list, fold{dockerfile.Lines{First: line, Last: line}, protocol.FoldingRangeKindComment})
				open = true
			default:
				open = false
			}
		}
	}
	for _, in := range file.Instructions() {
		until(in.First)
		line, open = in.End()+1, false
	}
	until(file.Count())
	return list
}
