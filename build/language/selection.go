package language

import (
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
)

// Selection is what an editor selects step by step around a byte, from the inside out: a
// variable's name, the variable, a value, a flag or an argument, the body of a heredoc, the
// instruction, its stage, the whole text. Each holds the one before it.
func Selection(f *dockerfile.File, offset int) []Span {
	all := []Span{{0, len(f.Text())}}
	for _, l := range stageLines(f) {
		all = append(all, linesOf(f, l))
	}
	for _, st := range f.Instructions() {
		if at := linesOf(f, st.Lines()); at.Holds(offset) {
			all = append(append(all, at), parts(st)...)
		}
	}
	all = slices.DeleteFunc(all, func(s Span) bool { return !s.Holds(offset) || s.Start == s.End })
	slices.SortStableFunc(all, func(a, b Span) int { return (a.End - a.Start) - (b.End - b.Start) })
	chain := all[:0]
	for _, s := range all {
		if n := len(chain); n == 0 || s != chain[n-1] && s.Start <= chain[n-1].Start && chain[n-1].End <= s.End {
			chain = append(chain, s)
		}
	}
	if len(chain) == 0 { // an empty text
		chain = append(chain, Span{offset, offset})
	}
	return chain
}

// parts are the parts of an instruction that mean something by themselves.
func parts(st *dockerfile.Instruction) (list []Span) {
	add := func(parts ...dockerfile.Part) {
		for _, p := range parts {
			if !p.Empty() {
				list = append(list, partOf(st, p))
			}
		}
	}
	add(st.Onbuild, st.Keyword, st.Rest)
	add(st.Args...)
	for _, flag := range st.Flags {
		name, value, _ := st.Cut(flag, "=")
		add(flag, name, value)
	}
	for _, field := range st.Fields() {
		add(field.All, field.Key, field.Value)
	}
	for _, e := range st.Elements() {
		add(e.Part)
		if e.Kind == '"' && e.End-e.Start > 2 && st.Text[e.Start] == '"' {
			add(dockerfile.Part{Start: e.Start + 1, End: e.End - 1})
		}
	}
	for _, a := range st.Assignments() {
		add(a.Name, a.Value)
	}
	for _, m := range st.Mentions() {
		list = append(list, spanOf(st.File, m.Token), spanOf(st.File, m.Word))
	}
	for _, d := range st.Heredocs {
		if d.First <= d.Last {
			list = append(list, linesOf(st.File, dockerfile.Lines{First: d.First, Last: d.Last}))
		}
	}
	return list
}

// stageLines are the lines of each stage, from its FROM to its last instruction.
func stageLines(f *dockerfile.File) (list []dockerfile.Lines) {
	for _, st := range f.Instructions() {
		switch {
		case beginsStage(st):
			list = append(list, st.Lines())
		case len(list) > 0:
			list[len(list)-1].Last = st.End()
		}
	}
	return list
}
