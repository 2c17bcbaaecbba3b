package plan

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/locate"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// An inline Dockerfile stands in a compose or bake file. That file is the build's
// document, its text the Dockerfile's; what the build says of places in the text is moved
// to where they are written.

// Inline is the Dockerfile in the file of the plan's profile; nil if it is a file.
func (p *Setup) Inline() *project.Inline {
	if p.Profile == nil || p.Profile.Inline == nil || p.Doc == nil || !p.Doc.IsAt(p.Profile.Inline.Key.File) {
		return nil
	}
	return p.Profile.Inline
}

// Text is the Dockerfile that is built.
func (p *Setup) Text() []byte {
	if in := p.Inline(); in != nil {
		return []byte(in.Text)
	}
	return p.Doc.Text.Bytes()
}

// File is the model of the Dockerfile that is built.
func (p *Setup) File() *dockerfile.File {
	if in := p.Inline(); in != nil {
		return dockerfile.Parse([]byte(in.Text))
	}
	return FileOf(p.Doc)
}

// FileOf is the model of a document's text, read once for each text: of one that is too long to
// be read anyway, no more than shows it.
func FileOf(doc *workspace.Document) *dockerfile.File {
	type key struct{}
	return doc.Text.Derive(key{}, func() any {
		text := doc.Text.String()
		return dockerfile.Parse([]byte(text[:min(len(text), dockerfile.MaxBytes+1)]))
	}).(*dockerfile.File)
}

// Relocate moves an outcome to where its lines are written in the document.
func (p *Plan) Relocate(out *build.Outcome) {
	in := p.Inline()
	if in == nil {
		return
	}
	for i := range out.Steps {
		step := &out.Steps[i]
		step.Lines, step.Columns, _ = p.written(in, step.Lines, dockerfile.Columns{})
	}
	locate.Narrow(out.Warnings, p.File())
	for i := range out.Warnings {
		p.move(in, &out.Warnings[i])
	}
	if f := out.Failure; f != nil && f.Lines != nil && f.Build == "" {
		found := []dockerfile.Problem{{Message: f.Message, Code: f.Code, Lines: *f.Lines}}
		locate.Narrow(found, p.File())
		p.move(in, &found[0])
		f.Message, f.Lines, f.Columns = found[0].Message, &found[0].Lines, found[0].Columns
	}
}

// move moves a problem to where its lines are written, or to the attribute; then it says
// in which line of the text it is.
func (p *Plan) move(in *project.Inline, problem *dockerfile.Problem) {
	lines, columns, ok := p.written(in, problem.Lines, problem.Columns)
	if !ok {
		problem.Message = fmt.Sprintf("line %d of the inline Dockerfile: %s", problem.Lines.First+1, problem.Message)
	}
	problem.Lines, problem.Columns = lines, columns
}

// written is where a place of an inline Dockerfile is written. ok is false if that is not
// known; then it is the attribute.
func (p *Plan) written(in *project.Inline, l dockerfile.Lines, c dockerfile.Columns) (dockerfile.Lines, dockerfile.Columns, bool) {
	text := workspace.NewText(in.Text)
	if c == (dockerfile.Columns{}) {
		first, last := text.Row(l.First), text.Row(l.Last)
		c = dockerfile.Columns{Start: len(first) - len(strings.TrimLeftFunc(first, unicode.IsSpace)), End: len(last)}
	}
	at, ok := in.Source(text.OffsetIn(l.First, c.Start), text.OffsetIn(l.Last, c.End))
	lines, columns := linesOf(p.Doc.Text, at.Start, at.End)
	return lines, columns, ok
}

// linesOf are the lines and columns, as a problem has them, from one byte of a text to another.
func linesOf(text *workspace.Text, start, end int) (dockerfile.Lines, dockerfile.Columns) {
	l := dockerfile.Lines{First: text.RowAt(start), Last: text.RowAt(end)}
	return l, dockerfile.Columns{Start: start - text.OffsetIn(l.First, 0), End: end - text.OffsetIn(l.Last, 0)}
}
