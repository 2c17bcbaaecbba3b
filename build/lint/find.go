package lint

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// keywordToken finds the word that names the instruction.
func keywordToken(s subject) []token { return s.tokens(s.head()) }

// trigger finds the instruction behind ONBUILD.
func trigger(s subject) []token { return s.tokens(s.keyword) }

// arguments finds all that follows the flags; the keyword if nothing does.
func arguments(s subject) []token {
	if s.rest.empty() {
		return keywordToken(s)
	}
	return s.tokens(s.rest)
}

// argument finds the nth argument.
func argument(n int) finder {
	return func(s subject) []token {
		if n >= len(s.args) {
			return arguments(s)
		}
		return s.tokens(s.args[n])
	}
}

func lastArgument(s subject) []token { return argument(max(0, len(s.args)-1))(s) }

// stageToken finds the name in FROM … AS name.
func stageToken(s subject) []token { return argument(2)(s) }

// afterType finds what follows HEALTHCHECK NONE.
func afterType(s subject) []token {
	if len(s.args) < 2 {
		return arguments(s)
	}
	return s.tokens(span{s.args[1].start, s.rest.end})
}

// wordToken finds the argument that the message names.
func wordToken(s subject) []token { return s.argumentNamed(s.named(0), s.args) }

// argumentNamed finds the one of some parts of the arguments that the message names: as
// it is, or a piece of it, or with its variables expanded. If that may be several, it is
// all arguments.
func (s subject) argumentNamed(named string, parts []span) []token {
	piece := regexp.MustCompile(`(^|[^\pL\pN])` + regexp.QuoteMeta(named) + `($|[^\pL\pN])`)
	for _, is := range []func(span) bool{
		func(sp span) bool { return s.of(sp) == named || s.plain(sp) == named },
		func(sp span) bool { return named != "" && piece.MatchString(s.plain(sp)) },
	} {
		if i := slices.IndexFunc(parts, is); i >= 0 {
			return s.tokens(parts[i])
		}
	}
	if list := s.withVariables(parts); len(list) == 1 {
		return s.tokens(list...)
	}
	return arguments(s)
}

// named is what the message names in the nth place, if it does.
func (s subject) named(n int) string {
	if n < len(s.match) {
		return s.match[n]
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
func keyToken(s subject) []token {
	var keys []span
	for _, a := range s.args {
		key, _, _ := s.cut(a, "=")
		keys = append(keys, key)
	}
	return s.argumentNamed(s.named(1), keys)
}

func blankKey(s subject) []token {
	for _, a := range s.args {
		if strings.HasPrefix(s.plain(a), "=") {
			return s.tokens(a)
		}
	}
	return arguments(s)
}

// A use is a place where a variable is expanded, and its name there.
type use struct{ all, name token }

// uses finds the variable that the message names wherever BuildKit expands it.
func uses(s subject) []use {
	var list []use
	add := func(st *statement, in span, escape byte, quotes bool) {
		for _, r := range st.references(in, escape, quotes) {
			if st.of(r.name) == s.named(0) {
				list = append(list, use{st.token(r.span), st.token(r.name)})
			}
		}
	}
	if s.name() != "RUN" {
		add(s.statement, s.rest, s.src.escape, true)
	}
	for _, f := range s.flags {
		add(s.statement, f, s.src.escape, false) // their quotes have gone by then
	}
	for _, body := range s.bodies() {
		add(body, span{0, len(body.text)}, '\\', false)
	}
	return list
}

// variableToken finds the uses of the variable that the message names.
func variableToken(s subject) []token {
	var list []token
	for _, u := range uses(s) {
		list = append(list, u.all)
	}
	return list
}

// requiredVariable finds ${X:?message}, or what is wrong with a value.
func requiredVariable(s subject) []token {
	st, in := s.processed()
	s.match = s.match[1:]
	for _, r := range st.references(in, st.src.escape, true) {
		if st.of(r.name) == s.named(0) && strings.Contains(st.of(r.span), "?") {
			return st.tokens(r.span)
		}
	}
	return variableToken(s)
}

// processed finds the text that could not be processed, in the instruction or below it.
func (s subject) processed() (*statement, span) {
	text := s.named(0)
	if i := strings.Index(s.text, text); text != "" && i >= 0 {
		return s.statement, span{i, i + len(text)}
	}
	for _, body := range s.bodies() {
		if body.text == text || strings.TrimSpace(body.text) == strings.TrimSpace(text) {
			return body, span{0, len(body.text)}
		}
	}
	return s.statement, s.rest
}

// openQuote finds the quote that is not closed.
func openQuote(s subject) []token {
	st, in := s.processed()
	if open := st.openQuote(in); open >= 0 {
		in.start = open
	}
	return st.tokens(span{in.start, st.trimEnd(in)})
}

// substitution finds the ${…} that BuildKit cannot read: the one that is not closed, or
// the first whose name is followed by something odd.
func substitution(s subject) []token {
	st, in := s.processed()
	for i := in.start; i+1 < in.end; i++ {
		if st.text[i] == st.src.escape {
			i++
		} else if st.text[i:i+2] == "${" && odd(st.text[i+2:in.end]) {
			end := closing(st.text[:in.end], i+2, st.src.escape)
			if end == 0 {
				end = st.trimEnd(in)
			}
			return st.tokens(span{i, end})
		}
	}
	return st.tokens(span{in.start, st.trimEnd(in)})
}

// odd says whether what follows ${ is no plain use of a variable.
func odd(text string) bool {
	n := nameLength(text)
	if n == 0 || closing(text, n, '\\') == 0 {
		return true
	}
	rest := text[n:]
	plain := rest[0] == '}' || strings.ContainsRune("-+?", rune(rest[0])) ||
		len(rest) > 1 && rest[0] == ':' && strings.ContainsRune("-+?", rune(rest[1]))
	return !plain
}

// emptyLine finds the empty continuation line. BuildKit reports the last line of the
// instruction instead.
func emptyLine(s subject) []token {
	first := s.lines.Last
	for i := s.lines.Last; i >= 0; i-- {
		line, _ := s.src.content(i)
		_, more := s.src.continued(line)
		skipped := s.src.blank(i) || s.src.comment(i)
		if i < s.lines.Last && !skipped && !more {
			break
		}
		if !skipped {
			first = i
		}
	}
	for _, i := range s.src.read(first).blanks {
		return []token{{i, 0, i, len(s.src.line(i))}}
	}
	return nil
}

// description finds the comment above the instruction.
func description(s subject) []token {
	for i := s.first - 1; i >= 0 && (s.src.blank(i) || s.src.comment(i)); i-- {
		if text, column := s.src.trimmed(i); text != "" {
			return []token{{i, column, i, column + len(strings.TrimRight(text, " \t\v\f\r"))}}
		}
	}
	return nil
}

// unterminated finds the word <<EOF.
func unterminated(s subject) []token {
	for _, d := range s.heredocs {
		if !d.terminated {
			return s.tokens(d.word)
		}
	}
	return arguments(s)
}

// repeatedDirective finds the second directive of a name. BuildKit's line for it is the
// one above.
func repeatedDirective(s subject) []token {
	seen := false
	for _, d := range append(s.src.directives(true), directive{}) {
		if d.name != strings.ToLower(s.named(0)) {
			continue
		}
		if seen {
			return []token{{d.line, 0, d.line, len(s.src.line(d.line))}}
		}
		seen = true
	}
	return nil
}

// directiveValue finds the value of a directive, or the part of it that the message
// names.
func directiveValue(name string) finder {
	return func(s subject) []token {
		for _, d := range s.src.directives(name == "escape") {
			if d.name != name {
				continue
			}
			t := d.token
			if i := strings.Index(d.value, s.named(0)); s.named(0) != "" && i >= 0 {
				t.Start, t.End = t.Start+i, t.Start+i+len(s.named(0))
			}
			return []token{t}
		}
		return nil
	}
}

// longLine finds the line that is too long. BuildKit's is the one above.
func longLine(s subject) []token {
	for i := range s.src.rows() {
		if n := len(s.src.line(i)); n >= 1<<16-1 {
			return []token{{i, 0, i, n}}
		}
	}
	return nil
}

// ignoredSource finds the source of a COPY that the message names.
func ignoredSource(s subject) []token {
	sources := s.elements()
	if len(sources) > 0 {
		sources = sources[:len(sources)-1]
	}
	var spans []span
	for _, e := range sources {
		if path.Clean(e.value) == s.named(0) {
			return s.tokens(e.span)
		}
		spans = append(spans, e.span)
	}
	if list := s.withVariables(spans); len(list) == 1 {
		return s.tokens(list...)
	}
	return arguments(s)
}

// remoteSource finds the source of a COPY that is a URL or a repository.
func remoteSource(s subject) []token {
	for _, e := range s.elements() {
		for _, mark := range []string{"://", "git@", ".git", "github.com/"} {
			if strings.Contains(e.value, mark) {
				return s.tokens(e.span)
			}
		}
	}
	return arguments(s)
}

// notString finds the element of a JSON array that is no string.
func notString(s subject) []token {
	st := *s.statement
	if st.name() == "HEALTHCHECK" && len(st.args) > 1 {
		st.rest.start = st.args[1].start // behind CMD
	}
	for _, e := range st.elements() {
		if e.kind != '"' {
			return s.tokens(e.span)
		}
	}
	return arguments(s)
}

// emptyString finds the element that is an empty string.
func emptyString(s subject) []token {
	for _, e := range s.elements() {
		if strings.TrimSpace(e.value) == "" {
			return s.tokens(e.span)
		}
	}
	return arguments(s)
}
