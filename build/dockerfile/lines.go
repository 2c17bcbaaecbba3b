package dockerfile

import (
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
)

// Lines is an inclusive range of 0-based lines of the Dockerfile, as BuildKit's parser
// counts them (parser.go, scanLines): "\n" alone ends one. A "\r" is a blank, where an
// editor may see the end of a line: workspace.Text has these lines as rows.
type Lines struct{ First, Last int }

// SpanOf joins BuildKit's ranges, one for each line, 1-based.
func SpanOf(ranges []*pb.Range) (Lines, bool) {
	if len(ranges) == 0 {
		return Lines{}, false
	}
	l := Lines{First: int(ranges[0].Start.Line) - 1, Last: int(ranges[0].Start.Line) - 1}
	for _, r := range ranges {
		l.First = min(l.First, int(r.Start.Line)-1)
		l.Last = max(l.Last, int(r.Start.Line)-1, int(r.End.Line)-1)
	}
	return l, l.First >= 0
}

// SpanOfParser joins the parser's ranges, whose lines are 1-based.
func SpanOfParser(ranges []parser.Range) (Lines, bool) {
	if len(ranges) == 0 || ranges[0].Start.Line < 1 {
		return Lines{}, false
	}
	l := Lines{First: ranges[0].Start.Line - 1, Last: ranges[0].Start.Line - 1}
	for _, r := range ranges {
		l.First = min(l.First, r.Start.Line-1)
		l.Last = max(l.Last, r.Start.Line-1, r.End.Line-1)
	}
	return l, true
}
