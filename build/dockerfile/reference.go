package dockerfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Reference is a use of a variable in a text: $NAME, or ${NAME} with what may follow the name.
type Reference struct {
	Part
	Name Part
	// Modifier is what follows the name within braces, the brace included; empty without.
	Modifier Part
}

// References are the variables that a part of a text uses, outside of single quotes if quotes
// count, in the order of their first bytes. One may be within the braces of another. What
// follows escape is no variable; 0 is no escape.
func References(text string, in Part, escape byte, quotes bool) []Reference {
	var list []Reference
	double := false
	for i := in.Start; i < in.End; i++ {
		switch c := text[i]; {
		case c == escape:
			i++
		case quotes && c == '"':
			double = !double
		case quotes && c == '\'' && !double:
			if n := strings.IndexByte(text[i+1:in.End], '\''); n >= 0 {
				i += n + 1
			}
		case c == '$':
			if r, ok := referenceAt(text[:in.End], i, escape); ok {
				list = append(list, r)
				i = r.Name.End - 1 // inside of braces there may be more
			}
		}
	}
	return list
}

// referenceAt reads the variable at a dollar sign.
func referenceAt(text string, at int, escape byte) (Reference, bool) {
	name := at + 1
	braces := name < len(text) && text[name] == '{'
	if braces {
		name++
	}
	r := Reference{Name: Part{name, name + NameLength(text[name:])}}
	r.Part = Part{at, r.Name.End}
	if braces {
		r.End = max(ClosingBrace(text, r.Name.End, escape), r.End)
		r.Modifier = Part{r.Name.End, r.End}
	}
	return r, !r.Name.Empty()
}

// References are the variables that a part of the instruction uses (see [References]).
func (st *Instruction) References(in Part, escape byte, quotes bool) []Reference {
	return References(st.Text, in, escape, quotes)
}

// ClosingBrace is where the braces end that text is in from some byte on; 0 if they do not.
func ClosingBrace(text string, from int, escape byte) int {
	depth := 1
	for i := from; i < len(text); i++ {
		switch {
		case text[i] == escape:
			i++
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// NameLength is that of the variable's name that text begins with (shell.processName).
func NameLength(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	if size > 0 && strings.ContainsRune("@*#?-$!", first) {
		return size
	}
	n := strings.IndexFunc(text, func(r rune) bool {
		return !unicode.IsDigit(r) && (unicode.IsDigit(first) || r != '_' && !unicode.IsLetter(r))
	})
	if n < 0 {
		return len(text)
	}
	return n
}

// An Assignment is what an ENV or ARG sets.
type Assignment struct {
	Name  Part
	Value Part // empty, behind the name, if there is none
}

// Assignments are the variables that an ENV or ARG sets, that of an ONBUILD too (BuildKit's
// parser/line_parsers.go, parseNameVal and parseNameOrNameVal).
func (st *Instruction) Assignments() (list []Assignment) {
	if name := st.Name(); name != "ENV" && name != "ARG" {
		return nil
	}
	return st.namedValues()
}

// Labels are those that a LABEL sets, in the same ways as an ENV.
func (st *Instruction) Labels() []Assignment {
	if st.Name() != "LABEL" {
		return nil
	}
	return st.namedValues()
}

func (st *Instruction) namedValues() (list []Assignment) {
	if len(st.Args) == 0 {
		return nil
	}
	if first := st.Args[0]; st.Name() != "ARG" && !strings.Contains(st.Slice(first), "=") { // ENV name value
		value := Part{first.End, first.End}
		if len(st.Args) > 1 {
			value = Part{st.Args[1].Start, st.Rest.End}
		}
		return []Assignment{{first, value}}
	}
	for _, arg := range st.Args {
		key, value, _ := st.Cut(arg, "=")
		list = append(list, Assignment{key, value})
	}
	return list
}

// A Mention is a variable in a Dockerfile: where it is used, or where an ENV or ARG sets it.
type Mention struct {
	Name        string
	Token       Token        // with its dollar sign and braces
	Word        Token        // its name alone
	Instruction *Instruction // that it stands in
	Sets        bool         // the instruction gives it a value
}

// Mentions are the variables of an instruction: those that it sets, and those that BuildKit, or
// the shell of a RUN, CMD or ENTRYPOINT, expands. None is in single quotes, in a heredoc whose
// name is quoted, or in the JSON form of what is run.
func (st *Instruction) Mentions() (list []Mention) {
	for _, a := range st.Assignments() {
		at := st.Token(a.Name)
		list = append(list, Mention{st.Unquoted(a.Name), at, at, st, true})
	}
	add := func(in *Instruction, part Part, escape byte, quotes bool) {
		for _, r := range in.References(part, escape, quotes) {
			list = append(list, Mention{in.Slice(r.Name), in.Token(r.Part), in.Token(r.Name), st, false})
		}
	}
	for _, f := range st.Flags {
		add(st, f, st.File.Escape, true)
	}
	if len(st.Heredocs) == 0 && strings.IndexByte(st.Text, '$') < 0 {
		return list
	}
	escape, runs := st.File.Escape, st.Runs()
	if runs {
		escape = '\\' // the shell's own
	}
	if _, err := st.Command().JSONArray(); !runs || err != nil {
		add(st, st.Rest, escape, true)
	}
	for _, d := range st.Heredocs {
		script := runs && strings.HasPrefix(st.Slice(st.Rest), "<<") // which its shell expands
		if d.First <= d.Last && (script || d.Expand) {
			body := st.File.body(d.First, d.Last)
			add(body, Part{0, len(body.Text)}, '\\', script)
		}
	}
	return list
}

// VariableAt is the variable at a byte (0-based) of the text, the innermost if one stands in
// another's braces; ok is false if there is none.
func (f *File) VariableAt(offset int) (found Mention, ok bool) {
	line := f.LineOf(offset)
	st := f.At(line)
	for _, m := range st.Mentions() {
		if f.Offset(m.Token.First, m.Token.Start) <= offset && offset < f.Offset(m.Token.Last, m.Token.End) {
			found, ok = m, true
		}
	}
	return found, ok
}
