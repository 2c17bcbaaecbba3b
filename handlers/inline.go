package handlers

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// An inline Dockerfile stands in a compose or bake file. That file is the build's
// document, its text the Dockerfile's; what the build says of places in the text is moved
// to where they are written.

// inline is the Dockerfile in the file of the plan's profile; nil if it is a file.
func (p *setup) inline() *project.Inline {
	if p.profile == nil || p.profile.Inline == nil || p.doc == nil || !p.doc.IsAt(p.profile.Inline.Key.File) {
		return nil
	}
	return p.profile.Inline
}

// text is the Dockerfile that is built.
func (p *setup) text() []byte {
	if in := p.inline(); in != nil {
		return []byte(in.Text)
	}
	return p.doc.Text.Bytes()
}

// place moves an outcome to where its lines are written in the document.
func (p *plan) place(out *build.Outcome) {
	in := p.inline()
	if in == nil {
		return
	}
	for i := range out.Steps {
		step := &out.Steps[i]
		step.Lines, step.Columns, _ = p.written(in, step.Lines, dockerfile.Columns{})
	}
	lint.Narrow(out.Warnings, p.text())
	for i := range out.Warnings {
		p.move(in, &out.Warnings[i])
	}
	if f := out.Failure; f != nil && f.Lines != nil && f.Build == "" {
		found := []dockerfile.Problem{{Message: f.Message, Code: f.Code, Lines: *f.Lines}}
		lint.Narrow(found, p.text())
		p.move(in, &found[0])
		f.Message, f.Lines, f.Columns = found[0].Message, &found[0].Lines, found[0].Columns
	}
}

// move moves a problem to where its lines are written, or to the attribute; then it says
// in which line of the text it is.
func (p *plan) move(in *project.Inline, problem *dockerfile.Problem) {
	lines, columns, ok := p.written(in, problem.Lines, problem.Columns)
	if !ok {
		problem.Message = fmt.Sprintf("line %d of the inline Dockerfile: %s", problem.Lines.First+1, problem.Message)
	}
	problem.Lines, problem.Columns = lines, columns
}

// written is where a place of an inline Dockerfile is written. ok is false if that is not
// known; then it is the attribute.
func (p *plan) written(in *project.Inline, l dockerfile.Lines, c dockerfile.Columns) (dockerfile.Lines, dockerfile.Columns, bool) {
	text := workspace.NewText(in.Text)
	if c == (dockerfile.Columns{}) {
		first, last := text.Row(l.First), text.Row(l.Last)
		c = dockerfile.Columns{Start: len(first) - len(strings.TrimLeftFunc(first, unicode.IsSpace)), End: len(last)}
	}
	at, ok := in.Source(text.OffsetIn(l.First, c.Start), text.OffsetIn(l.Last, c.End))
	lines, columns := linesOf(p.doc.Text, at.Start, at.End)
	return lines, columns, ok
}

// linesOf are the lines and columns, as a problem has them, from one byte of a text to another.
func linesOf(text *workspace.Text, start, end int) (dockerfile.Lines, dockerfile.Columns) {
	l := dockerfile.Lines{First: text.RowAt(start), Last: text.RowAt(end)}
	return l, dockerfile.Columns{Start: start - text.OffsetIn(l.First, 0), End: end - text.OffsetIn(l.Last, 0)}
}
