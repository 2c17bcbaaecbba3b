package handlers

import (
	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/project"
)

// An inline Dockerfile stands in a compose or bake file. That file is the build's
// document, its text the Dockerfile's; the lines of what the build says are moved to
// where they stand.

// inline is the Dockerfile in the file of the plan's profile; nil if it is a file.
func (p *setup) inline() *project.Inline {
	if p.profile == nil || p.profile.Inline == nil || p.doc == nil || p.doc.Path != p.profile.File {
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

// place moves the lines of an outcome to where they stand in the document; all are the
// profile's name if the Dockerfile does not stand there line by line.
func (p *plan) place(out *build.Outcome) {
	in := p.inline()
	if in == nil {
		return
	}
	name := lineOfByte(p.doc.Text.Bytes(), p.profile.Start)
	move := func(l build.Lines) build.Lines {
		if in.Line < 0 {
			return build.Lines{First: name, Last: name}
		}
		return build.Lines{First: l.First + in.Line, Last: l.Last + in.Line}
	}
	for i := range out.Steps {
		out.Steps[i].Lines = move(out.Steps[i].Lines)
	}
	for i := range out.Warnings {
		out.Warnings[i].Lines, out.Warnings[i].Columns = move(out.Warnings[i].Lines), build.Columns{}
	}
	if f := out.Failure; f != nil && f.Lines != nil && f.Build == "" {
		f.Lines = ptr(move(*f.Lines))
	}
}

// lineOfByte is the 0-based line of a byte.
func lineOfByte(text []byte, offset int) (line int) {
	for _, c := range text[:min(offset, len(text))] {
		if c == '\n' {
			line++
		}
	}
	return line
}

func (p *profile) result() *profileResult {
	if p == nil {
		return nil
	}
	return &profileResult{Name: p.Name, Source: p.source()}
}
