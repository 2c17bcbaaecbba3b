package locate

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// Keyword finds the word that names the instruction.
func Keyword(s Site) []dockerfile.Token { return s.Tokens(s.Head()) }

// trigger finds the instruction behind ONBUILD.
func trigger(s Site) []dockerfile.Token { return s.Tokens(s.Keyword) }

// arguments finds all that follows the flags; the keyword if nothing does.
func arguments(s Site) []dockerfile.Token {
	if s.Rest.Empty() {
		return Keyword(s)
	}
	return s.Tokens(s.Rest)
}

// argument finds the nth argument.
func argument(n int) Finder {
	return func(s Site) []dockerfile.Token {
		if n >= len(s.Args) {
			return arguments(s)
		}
		return s.Tokens(s.Args[n])
	}
}

func lastArgument(s Site) []dockerfile.Token { return argument(max(0, len(s.Args)-1))(s) }

// stageToken finds the name in FROM … AS name.
func stageToken(s Site) []dockerfile.Token { return argument(2)(s) }

// afterType finds what follows HEALTHCHECK NONE.
func afterType(s Site) []dockerfile.Token {
	if len(s.Args) < 2 {
		return arguments(s)
	}
	return s.Tokens(dockerfile.Part{Start: s.Args[1].Start, End: s.Rest.End})
}

// wordToken finds the argument that the message names.
func wordToken(s Site) []dockerfile.Token { return s.argumentNamed(s.Named(0), s.Args) }

// argumentNamed finds the one of some parts of the arguments that the message names: as
// it is, or a piece of it, or with its variables expanded. If that may be several, it is
// all arguments.
func (s Site) argumentNamed(named string, parts []dockerfile.Part) []dockerfile.Token {
	piece := regexp.MustCompile(`(^|[^\pL\pN])` + regexp.QuoteMeta(named) + `($|[^\pL\pN])`)
	for _, is := range []func(dockerfile.Part) bool{
		func(sp dockerfile.Part) bool { return s.Slice(sp) == named || s.Unquoted(sp) == named },
		func(sp dockerfile.Part) bool { return named != "" && piece.MatchString(s.Unquoted(sp)) },
	} {
		if i := slices.IndexFunc(parts, is); i >= 0 {
			return s.Tokens(parts[i])
		}
	}
	if list := s.WithVariables(parts); len(list) == 1 {
		return s.Tokens(list...)
	}
	return arguments(s)
}

// Named is what the message names in the nth place, 0-based; empty if it names nothing there.
func (s Site) Named(n int) string {
	if n < len(s.Match) {
		return s.Match[n]
	}
	return ""
}

// unquoted is a name without the quotes that a message may put around it.
func unquoted(name string) string {
	if plain, err := strconv.Unquote(name); err == nil {
		return plain
	}
	return name
}

// keyToken finds the key of an ARG or ENV.
func keyToken(s Site) []dockerfile.Token {
	var keys []dockerfile.Part
	for _, a := range s.Args {
		key, _, _ := s.Cut(a, "=")
		keys = append(keys, key)
	}
	return s.argumentNamed(s.Named(1), keys)
}

func blankKey(s Site) []dockerfile.Token {
	for _, a := range s.Args {
		if strings.HasPrefix(s.Unquoted(a), "=") {
			return s.Tokens(a)
		}
	}
	return arguments(s)
}

// A Use is a place where a variable is expanded, and its name there.
type Use struct{ All, Name dockerfile.Token }

// Uses finds the variable that the message names wherever BuildKit expands it.
func Uses(s Site) []Use {
	var list []Use
	add := func(st *dockerfile.Instruction, in dockerfile.Part, escape byte, quotes bool) {
		for _, r := range st.References(in, escape, quotes) {
			if st.Slice(r.Name) == s.Named(0) {
				list = append(list, Use{st.Token(r.Part), st.Token(r.Name)})
			}
		}
	}
	if s.Name() != "RUN" {
		add(s.Instruction, s.Rest, s.File.Escape, true)
	}
	for _, f := range s.Flags {
		add(s.Instruction, f, s.File.Escape, false) // their quotes have gone by then
	}
	for _, body := range s.ExpandedBodies() {
		add(body, dockerfile.Part{Start: 0, End: len(body.Text)}, '\\', false)
	}
	return list
}

// variableToken finds the uses of the variable that the message names.
func variableToken(s Site) []dockerfile.Token {
	var list []dockerfile.Token
	for _, u := range Uses(s) {
		list = append(list, u.All)
	}
	return list
}

// requiredVariable finds ${X:?message}, or what is wrong with a value.
func requiredVariable(s Site) []dockerfile.Token {
	st, in := s.processed()
	s.Match = s.Match[1:]
	for _, r := range st.References(in, st.File.Escape, true) {
		if st.Slice(r.Name) == s.Named(0) && strings.Contains(st.Slice(r.Part), "?") {
			return st.Tokens(r.Part)
		}
	}
	return variableToken(s)
}

// processed finds the text that could not be processed, in the instruction or below it.
func (s Site) processed() (*dockerfile.Instruction, dockerfile.Part) {
	text := s.Named(0)
	if i := strings.Index(s.Text, text); text != "" && i >= 0 {
		return s.Instruction, dockerfile.Part{Start: i, End: i + len(text)}
	}
	for _, body := range s.ExpandedBodies() {
		if body.Text == text || strings.TrimSpace(body.Text) == strings.TrimSpace(text) {
			return body, dockerfile.Part{Start: 0, End: len(body.Text)}
		}
	}
	return s.Instruction, s.Rest
}

// openQuote finds the quote that is not closed.
func openQuote(s Site) []dockerfile.Token {
	st, in := s.processed()
	if open := st.OpenQuote(in); open >= 0 {
		in.Start = open
	}
	return st.Tokens(dockerfile.Part{Start: in.Start, End: st.TrimEnd(in)})
}

// substitution finds the ${…} that BuildKit cannot read: the one that is not closed, or
// the first whose name is followed by something odd.
func substitution(s Site) []dockerfile.Token {
	st, in := s.processed()
	for i := in.Start; i+1 < in.End; i++ {
		if st.Text[i] == st.File.Escape {
			i++
		} else if st.Text[i:i+2] == "${" && odd(st.Text[i+2:in.End]) {
			end := dockerfile.ClosingBrace(st.Text[:in.End], i+2, st.File.Escape)
			if end == 0 {
				end = st.TrimEnd(in)
			}
			return st.Tokens(dockerfile.Part{Start: i, End: end})
		}
	}
	return st.Tokens(dockerfile.Part{Start: in.Start, End: st.TrimEnd(in)})
}

// odd says whether what follows ${ is no plain use of a variable.
func odd(text string) bool {
	n := dockerfile.NameLength(text)
	if n == 0 || dockerfile.ClosingBrace(text, n, '\\') == 0 {
		return true
	}
	rest := text[n:]
	plain := rest[0] == '}' || strings.ContainsRune("-+?", rune(rest[0])) ||
		len(rest) > 1 && rest[0] == ':' && strings.ContainsRune("-+?", rune(rest[1]))
	return !plain
}

// emptyLine finds the empty continuation line. BuildKit reports the last line of the
// instruction instead.
func emptyLine(s Site) []dockerfile.Token {
	first := s.Reported.Last
	for i := s.Reported.Last; i >= 0; i-- {
		line, _ := s.File.Content(i)
		_, more := s.File.Continued(line)
		skipped := s.File.IsBlank(i) || s.File.IsComment(i)
		if i < s.Reported.Last && !skipped && !more {
			break
		}
		if !skipped {
			first = i
		}
	}
	for _, i := range s.File.ReadAt(first).Blanks {
		return []dockerfile.Token{{First: i, Start: 0, Last: i, End: len(s.File.Line(i))}}
	}
	return nil
}

// Description finds the comment above the instruction.
func Description(s Site) []dockerfile.Token {
	for i := s.First - 1; i >= 0 && (s.File.IsBlank(i) || s.File.IsComment(i)); i-- {
		if text, column := s.File.Trimmed(i); text != "" {
			return []dockerfile.Token{{First: i, Start: column, Last: i, End: column + len(strings.TrimRight(text, " \t\v\f\r"))}}
		}
	}
	return nil
}

// unterminated finds the word <<EOF.
func unterminated(s Site) []dockerfile.Token {
	for _, d := range s.Heredocs {
		if !d.Terminated {
			return s.Tokens(d.Word)
		}
	}
	return arguments(s)
}

// repeatedDirective finds the second directive of a name. BuildKit's line for it is the
// one above.
func repeatedDirective(s Site) []dockerfile.Token {
	seen := false
	for _, d := range append(s.File.Directives(true), dockerfile.Directive{}) {
		if d.Name != strings.ToLower(s.Named(0)) {
			continue
		}
		if seen {
			return []dockerfile.Token{{First: d.Line, Start: 0, Last: d.Line, End: len(s.File.Line(d.Line))}}
		}
		seen = true
	}
	return nil
}

// directiveValue finds the value of a directive, or the part of it that the message
// names.
func directiveValue(name string) Finder {
	return func(s Site) []dockerfile.Token {
		for _, d := range s.File.Directives(name == "escape") {
			if d.Name != name {
				continue
			}
			t := d.Token
			if i := strings.Index(d.Value, s.Named(0)); s.Named(0) != "" && i >= 0 {
				t.Start, t.End = t.Start+i, t.Start+i+len(s.Named(0))
			}
			return []dockerfile.Token{t}
		}
		return nil
	}
}

// longLine finds the line that is too long. BuildKit's is the one above.
func longLine(s Site) []dockerfile.Token {
	for i := range s.File.Rows() {
		if n := len(s.File.Line(i)); n >= 1<<16-1 {
			return []dockerfile.Token{{First: i, Start: 0, Last: i, End: n}}
		}
	}
	return nil
}

// ignoredSource finds the source of a COPY that the message names.
func ignoredSource(s Site) []dockerfile.Token {
	sources := s.Elements()
	if len(sources) > 0 {
		sources = sources[:len(sources)-1]
	}
	var spans []dockerfile.Part
	for _, e := range sources {
		if path.Clean(e.Value) == s.Named(0) {
			return s.Tokens(e.Part)
		}
		spans = append(spans, e.Part)
	}
	if list := s.WithVariables(spans); len(list) == 1 {
		return s.Tokens(list...)
	}
	return arguments(s)
}

// remoteSource finds the source of a COPY that is a URL or a repository.
func remoteSource(s Site) []dockerfile.Token {
	for _, e := range s.Elements() {
		for _, mark := range []string{"://", "git@", ".git", "github.com/"} {
			if strings.Contains(e.Value, mark) {
				return s.Tokens(e.Part)
			}
		}
	}
	return arguments(s)
}

// notString finds the element of a JSON array that is no string.
func notString(s Site) []dockerfile.Token {
	for _, e := range s.Command().Elements() {
		if e.Kind != '"' {
			return s.Tokens(e.Part)
		}
	}
	return arguments(s)
}

// emptyString finds the element that is an empty string.
func emptyString(s Site) []dockerfile.Token {
	for _, e := range s.Elements() {
		if strings.TrimSpace(e.Value) == "" {
			return s.Tokens(e.Part)
		}
	}
	return arguments(s)
}
