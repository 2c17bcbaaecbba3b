package language

import (
	"cmp"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Kind is what a name names.
type Kind int

// The kinds of names.
const (
	Variable Kind = iota
	Stage
	Heredoc // the word that ends one
)

// An Occurrence is a place of the text where a name stands.
type Occurrence struct {
	Span        // the name alone, without $, braces and quotes
	Write       bool
	Instruction *dockerfile.Instruction
	scope       scope // of a variable
	bare        bool  // an ARG without a value: it gives one only if the build is given one
}

// A Symbol is a thing that has a name, with all places of the text where its name stands, in the
// text's order. A variable of one stage is not that of another, unless one stage is built on the
// other; a global ARG and the ARGs of stages that declare it again are one.
type Symbol struct {
	Kind        Kind
	Name        string
	Occurrences []Occurrence
}

// Writes are the places that give the name its meaning.
func (s *Symbol) Writes() []Occurrence {
	return slices.DeleteFunc(slices.Clone(s.Occurrences), func(o Occurrence) bool { return !o.Write })
}

// Names are all names of a Dockerfile. They do not change.
type Names struct {
	Symbols []*Symbol // in the order of their first places

	file *dockerfile.File
	base map[scope]scope // the stage that a stage is built on, or that a script stands in
}

// NamesOf reads the names of a Dockerfile.
func NamesOf(f *dockerfile.File) *Names {
	named := f.StageNames()
	b := bind(f, bases(f, named))
	n := &Names{file: f, base: b.base, Symbols: slices.Concat(b.variables(), stages(f, named), heredocs(f))}
	slices.SortStableFunc(n.Symbols, func(a, b *Symbol) int {
		return cmp.Compare(a.Occurrences[0].Start, b.Occurrences[0].Start)
	})
	return n
}

// At is the symbol whose name stands at a byte, and which of its places that is; nil if
// there is none. What begins at the byte goes before what ends there.
func (n *Names) At(offset int) (found *Symbol, at Occurrence) {
	for _, s := range n.Symbols {
		for _, o := range s.Occurrences {
			if o.Holds(offset) && (found == nil || o.Start > at.Start) {
				found, at = s, o
			}
		}
	}
	return found, at
}

// stages are the names of stages. Stages of the same name are one symbol: a target of that name
// may be any of them. Numbers are no names.
func stages(f *dockerfile.File, named []dockerfile.StageName) (list []*Symbol) {
	byName := map[string]*Symbol{}
	for _, n := range named {
		key := strings.ToLower(n.Name)
		s := byName[key]
		if s == nil {
			if !n.Defines {
				continue // a number
			}
			s = &Symbol{Kind: Stage, Name: n.Name}
			byName[key] = s
			list = append(list, s)
		}
		s.Occurrences = append(s.Occurrences, Occurrence{Span: spanOf(f, n.Token), Write: n.Defines, Instruction: n.Instruction})
	}
	return list
}

// heredocs are the words that end heredocs. Each heredoc is a symbol of its own.
func heredocs(f *dockerfile.File) (list []*Symbol) {
	for _, st := range f.Instructions() {
		for _, d := range st.Heredocs {
			word := partOf(st, d.Word)
			text := st.Slice(d.Word)
			at := strings.LastIndex(text, d.Name)
			if at < 0 || word.End-word.Start != len(text) {
				continue // escaped, or over two lines
			}
			name := Span{word.Start + at, word.Start + at + len(d.Name)}
			s := &Symbol{Kind: Heredoc, Name: d.Name, Occurrences: []Occurrence{{Span: name, Write: true, Instruction: st}}}
			if d.Terminated {
				end := f.Offset(d.Last+1, len(f.Line(d.Last+1)))
				s.Occurrences = append(s.Occurrences, Occurrence{Span: Span{end - len(d.Name), end}, Instruction: st})
			}
			list = append(list, s)
		}
	}
	return list
}

// Rows is how many lines the text has.
func (n *Names) Rows() int { return n.file.Rows() }

// IsArg says whether a build may be given the variable: an ARG declares it.
func (s *Symbol) IsArg() bool {
	return slices.ContainsFunc(s.Occurrences, func(o Occurrence) bool { return o.Write && o.Instruction.Name() == "ARG" })
}
