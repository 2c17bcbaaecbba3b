// Package language answers what an editor asks about a place in the text of a Dockerfile: what a
// name stands for and where else it stands, what a rename would change, what the text is made of.
// Each answer is a pure function of the model (package dockerfile) and a byte of the text; each
// feature has a file.
//
// It knows no protocol, no engine, no network and no file but the text.
package language

import "github.com/buildls/buildls/build/dockerfile"

// A Span is a part of the text: bytes from its beginning, 0-based, the end exclusive.
type Span struct{ Start, End int }

// Holds says whether a cursor at a byte touches the span: its end counts.
func (s Span) Holds(offset int) bool { return s.Start <= offset && offset <= s.End }

// spanOf is the span of a token of the model.
func spanOf(f *dockerfile.File, t dockerfile.Token) Span {
	return Span{f.Offset(t.First, t.Start), f.Offset(t.Last, t.End)}
}

// partOf is the span of a part of an instruction.
func partOf(st *dockerfile.Instruction, p dockerfile.Part) Span { return spanOf(st.File, st.Token(p)) }

// linesOf is the span of some lines, without the blanks before the first and the break of the last.
func linesOf(f *dockerfile.File, l dockerfile.Lines) Span {
	_, column := f.Trimmed(l.First)
	return Span{f.Offset(l.First, column), f.Offset(l.Last, len(f.Line(l.Last)))}
}

// beginsStage says whether an instruction is a FROM. One behind ONBUILD, which BuildKit refuses,
// begins no stage.
func beginsStage(st *dockerfile.Instruction) bool {
	return st.Name() == "FROM" && st.Onbuild.Empty()
}
