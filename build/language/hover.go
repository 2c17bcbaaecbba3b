package language

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Description is what a word of the text is, whatever was built.
type Description struct {
	Span        Span
	Doc         string // for Documentation; empty for a name of the text's own
	Instruction bool   // it is the name of an instruction

	// Of a variable or a stage: what gives the name its meaning at the place, if the text does.
	Symbol  *Symbol
	From    Occurrence
	Defined bool
	Value   string // of a variable, as it is written; empty for what may be a secret
}

// Describe is what stands at a byte; ok is false if there is nothing to say. The names of the file take
// longer to find than all else, and are asked for only where one may stand.
func Describe(f *dockerfile.File, offset int, names func() *Names) (d Description, ok bool) {
	line := f.LineOf(offset)
	if f.IsComment(line) {
		return describeDirective(f, line, offset)
	}
	st := f.At(line)
	if d, ok := describeKeyword(st, offset); ok {
		return d, ok
	}
	if mayName(st) {
		if d, ok := names().describe(offset); ok {
			return d, ok
		}
	}
	return describeWord(st, offset)
}

// mayName says whether a name of a stage or a variable may stand in an instruction: to be sure,
// all scripts of the file are read.
func mayName(st *dockerfile.Instruction) bool {
	switch st.Name() {
	case "FROM", "ARG", "ENV", "RUN":
		return true
	}
	return !st.Onbuild.Empty() || len(st.Heredocs) > 0 || len(st.FlagsNamed("--from")) > 0 || strings.Contains(st.Text, "$")
}

// describe is the name that stands at a byte.
func (n *Names) describe(offset int) (d Description, ok bool) {
	s, at := n.At(offset)
	if s == nil || s.Kind == Heredoc {
		return d, false
	}
	d = Description{Span: at.Span, Symbol: s}
	if d.From, d.Defined = n.Definition(s, at); d.Defined && s.Kind == Variable {
		d.Value = s.valueAt(d.From)
	}
	if dockerfile.IsPredefined(s.Name) && !d.Defined {
		d.Doc = "arg " + s.Name
	}
	return d, true
}

// describeKeyword is what the name of an instruction is.
func describeKeyword(st *dockerfile.Instruction, offset int) (d Description, ok bool) {
	if at := partOf(st, st.Onbuild); !st.Onbuild.Empty() && at.Holds(offset) {
		return instruction(at, "ONBUILD")
	}
	if at := partOf(st, st.Keyword); at.Holds(offset) {
		return instruction(at, st.Name())
	}
	return d, false
}

// describeWord is what a flag or its value, a mount's type or key is.
func describeWord(st *dockerfile.Instruction, offset int) (Description, bool) {
	name := st.Name()
	for _, field := range st.Fields() {
		if !partOf(st, field.All).Holds(offset) {
			continue
		}
		kind, key := st.TypeOf(field), st.KeyOf(field)
		switch at := partOf(st, field.Value); {
		case !at.Holds(offset) || field.Value.Empty():
			if key == "type" {
				return known(partOf(st, field.Key), "RUN --mount")
			}
			return known(partOf(st, field.Key), "mount "+kind+" "+key)
		case key == "type":
			return known(at, "mount "+kind)
		default:
			return known(at, "mount "+kind+" "+key+" "+st.Slice(field.Value))
		}
	}
	for _, flag := range st.Flags {
		key, value, _ := st.Cut(flag, "=")
		if at := partOf(st, key); at.Holds(offset) {
			return known(at, name+" "+st.Slice(key))
		}
		if at := partOf(st, value); at.Holds(offset) && !value.Empty() {
			return known(at, name+" "+st.Slice(key)+" "+st.Slice(value))
		}
	}
	return Description{}, false
}

// describeDirective is what a directive is, or a rule that check= names.
func describeDirective(f *dockerfile.File, line, offset int) (Description, bool) {
	for _, d := range directives(f) {
		if d.Line != line {
			continue
		}
		value := spanOf(f, d.Token)
		if !value.Holds(offset) {
			e := directiveEntry(f, d)
			if e.Word.Holds(offset) {
				return known(e.Word, "directive "+d.Name)
			}
			return Description{}, false
		}
		text := f.String()
		start, end := offset, offset
		for start > value.Start && !strings.ContainsRune(",;=", rune(text[start-1])) {
			start--
		}
		for end < value.End && !strings.ContainsRune(",;=", rune(text[end])) {
			end++
		}
		if d.Name == "check" {
			return known(Span{start, end}, "rule "+strings.TrimSpace(text[start:end]))
		}
	}
	return Description{}, false
}

func instruction(at Span, name string) (Description, bool) {
	d, ok := known(at, name)
	d.Instruction = true
	return d, ok
}

// known is the description of a word that BuildKit's reference has.
func known(at Span, doc string) (Description, bool) {
	e := Documentation(doc)
	return Description{Span: at, Doc: doc}, e != nil && e.Text != ""
}
