package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// A statement is one instruction, its continuation lines joined and the comments
// between them left out, in words.
type statement struct {
	src         *file
	text        string
	parts       []part
	first, last int   // lines, without heredocs
	blanks      []int // empty continuation lines
	commented   bool  // there are comments between the lines

	onbuild span // the word ONBUILD, if the rest is its trigger
	keyword span
	flags   []span
	rest    span   // all arguments
	args    []span // one by one, in their quotes

	heredocs []heredoc // in the order of their bodies
}

// A part is what one line gave to a statement's text.
type part struct{ offset, line, column int }

// A span is a part of a statement's text.
type span struct{ start, end int }

func (sp span) empty() bool { return sp.start >= sp.end }

func (st *statement) of(sp span) string { return st.text[sp.start:sp.end] }

// name is the instruction in upper case.
func (st *statement) name() string { return strings.ToUpper(st.of(st.keyword)) }

// place is where a byte of the text stands in the file.
func (st *statement) place(offset int) (line, column int) {
	p := st.parts[0]
	for _, next := range st.parts[1:] {
		if next.offset > offset {
			break
		}
		p = next
	}
	return p.line, p.column + offset - p.offset
}

func (st *statement) token(sp span) token {
	line, column := st.place(sp.start)
	if sp.empty() {
		return token{line, column, line, column}
	}
	last, end := st.place(sp.end - 1)
	return token{line, column, last, end + 1}
}

// tokens are spans in the file; those of nothing are left out.
func (st *statement) tokens(spans ...span) []token {
	var list []token
	for _, sp := range spans {
		if !sp.empty() {
			list = append(list, st.token(sp))
		}
	}
	return list
}

// skip is the first byte from at on that is not white space.
func (st *statement) skip(at int) int {
	return len(st.text) - len(strings.TrimLeftFunc(st.text[at:], unicode.IsSpace))
}

// blank is how many bytes of white space there are at some byte: a character, or none.
// Where quotes count that of other scripts does, too (parseWords, against reWhitespace).
func (st *statement) blank(at int, quotes bool) int {
	if strings.IndexByte(" \t\v\f\r", st.text[at]) >= 0 {
		return 1
	}
	if r, size := utf8.DecodeRuneInString(st.text[at:]); quotes && unicode.IsSpace(r) {
		return size
	}
	return 0
}

// wordEnd is where the word at some byte ends: at white space, outside of quotes if
// they count.
func (st *statement) wordEnd(at int, quotes bool) int {
	var quote byte
	for ; at < len(st.text); at++ {
		switch c := st.text[at]; {
		case quotes && c == st.src.escape && quote != '\'':
			at++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case quotes && (c == '\'' || c == '"'):
			quote = c
		case st.blank(at, quotes) > 0:
			return at
		}
	}
	return len(st.text)
}

// parse finds the words.
func (st *statement) parse() {
	at := st.skip(0)
	for {
		st.keyword = span{at, st.wordEnd(at, false)}
		at = st.parseFlags(st.skip(st.keyword.end))
		if st.name() != "ONBUILD" || !st.onbuild.empty() || at == len(st.text) {
			break
		}
		st.onbuild = st.keyword
	}
	end := len(strings.TrimRightFunc(st.text, unicode.IsSpace))
	st.rest = span{at, max(at, end)}
	quotes := strings.Contains("ENV LABEL ARG", st.name())
	for at < st.rest.end {
		word := span{at, min(st.wordEnd(at, quotes), st.rest.end)}
		st.args = append(st.args, word)
		at = st.skip(word.end)
	}
}

// parseFlags finds the flags from a byte on, and returns where the arguments begin.
func (st *statement) parseFlags(at int) int {
	st.flags = nil
	for strings.HasPrefix(st.text[at:], "--") {
		flag := span{at, st.wordEnd(at, true)}
		at = st.skip(flag.end)
		if st.of(flag) == "--" {
			break
		}
		st.flags = append(st.flags, flag)
	}
	return at
}

// plain is a word without quotes and escapes.
func (st *statement) plain(sp span) string {
	var b strings.Builder
	for i := sp.start; i < sp.end; i++ {
		switch c := st.text[i]; {
		case c == '\'' || c == '"':
		case c == st.src.escape && i+1 < sp.end:
			i++
			b.WriteByte(st.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// cut splits a part at the first sep, like [strings.Cut].
func (st *statement) cut(sp span, sep string) (before, after span, found bool) {
	i := strings.Index(st.of(sp), sep)
	if i < 0 {
		return sp, span{sp.end, sp.end}, false
	}
	return span{sp.start, sp.start + i}, span{sp.start + i + len(sep), sp.end}, true
}

// flag returns the flags of a name, which begins with --.
func (st *statement) flag(name string) []span {
	var list []span
	for _, f := range st.flags {
		if before, _, _ := st.cut(f, "="); st.plain(before) == name {
			list = append(list, f)
		}
	}
	return list
}

// A field is one of a mount's key=value pairs.
type field struct {
	all, key, value span
	flag            span
}

// fields are those of all --mount and --device flags.
func (st *statement) fields() []field {
	var list []field
	for _, f := range append(st.flag("--mount"), st.flag("--device")...) {
		_, rest, _ := st.cut(f, "=")
		for more := true; more; {
			var one span
			one, rest, more = st.cut(rest, ",")
			key, value, _ := st.cut(one, "=")
			list = append(list, field{all: one, key: key, value: value, flag: f})
		}
	}
	return list
}

// A variableUse is a use of a variable.
type variableUse struct {
	span
	name span
}

// references are the variables that a part of the text uses, outside of single quotes
// if quotes count.
func (st *statement) references(in span, escape byte, quotes bool) []variableUse {
	var list []variableUse
	double := false
	for i := in.start; i < in.end; i++ {
		switch c := st.text[i]; {
		case c == escape:
			i++
		case quotes && c == '"':
			double = !double
		case quotes && c == '\'' && !double:
			if n := strings.IndexByte(st.text[i+1:in.end], '\''); n >= 0 {
				i += n + 1
			}
		case c == '$':
			if r, ok := st.reference(i, in.end, escape); ok {
				list = append(list, r)
				i = r.name.end - 1 // inside of braces there may be more
			}
		}
	}
	return list
}

// reference reads the variable at a dollar sign.
func (st *statement) reference(at, end int, escape byte) (variableUse, bool) {
	name := at + 1
	braces := name < end && st.text[name] == '{'
	if braces {
		name++
	}
	r := variableUse{name: span{name, name + nameLength(st.text[name:end])}}
	r.span = span{at, r.name.end}
	if braces {
		r.end = max(closing(st.text[:end], r.name.end, escape), r.end)
	}
	return r, !r.name.empty()
}

// closing is where the braces end that text is in from some byte on; 0 if they do not.
func closing(text string, from int, escape byte) int {
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

// nameLength is that of the variable's name that text begins with (shell.processName).
func nameLength(text string) int {
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

// A heredoc is one that a statement's line announces.
type heredoc struct {
	parser.Heredoc
	word        span
	first, last int  // lines of the body, last < first if it is empty
	terminated  bool // by a line after them
}

// readHeredocs finds the statement's heredocs, in the order of their bodies.
func (st *statement) readHeredocs() []heredoc {
	name := st.name()
	if !strings.Contains(st.text, "<<") || st.rest.empty() || st.text[st.rest.start] == '[' ||
		name != "RUN" && name != "COPY" && name != "ADD" {
		return nil
	}
	var list []heredoc
	line := st.last + 1
	for at := st.rest.start; at < st.rest.end; {
		word := st.heredocWord(at)
		if doc, err := parser.ParseHeredoc(st.of(word)); err == nil && doc != nil {
			d := heredoc{Heredoc: *doc, word: word, first: line}
			st.readBody(&d)
			line = d.last + 2
			list = append(list, d)
		}
		at = st.skip(word.end)
	}
	return list
}

// heredocWord is the word at some byte; the name after << may be a word apart.
func (st *statement) heredocWord(at int) span {
	end := st.wordEnd(at, true)
	if mark := strings.TrimLeft(st.text[at:end], "0123456789"); mark == "<<" || mark == "<<-" {
		end = st.wordEnd(st.skip(end), true)
	}
	return span{at, min(end, st.rest.end)}
}

func (st *statement) readBody(d *heredoc) {
	n := st.src.count()
	for d.last = d.first; d.last < n; d.last++ {
		line := st.src.line(d.last)
		if d.Chomp {
			line = strings.TrimLeft(line, "\t")
		}
		if d.terminated = line == d.Name; d.terminated {
			break
		}
	}
	d.last--
}

// end is the statement's last line, heredocs included.
func (st *statement) end() int {
	docs := st.heredocs
	if len(docs) == 0 {
		return st.last
	}
	d := docs[len(docs)-1]
	if d.terminated {
		return d.last + 1
	}
	return max(st.last, d.last)
}

// bodies are the heredocs in which BuildKit itself expands variables: a COPY's or ADD's
// without quotes.
func (st *statement) bodies() []*statement {
	if st.name() == "RUN" {
		return nil
	}
	var list []*statement
	for _, d := range st.heredocs {
		if d.Expand && d.first <= d.last {
			list = append(list, st.src.body(d.first, d.last))
		}
	}
	return list
}

// body is some lines as they are.
func (s *file) body(first, last int) *statement {
	st := &statement{src: s, first: first, last: last}
	var text strings.Builder
	for i := first; i <= last; i++ {
		st.parts = append(st.parts, part{text.Len(), i, 0})
		text.WriteString(s.line(i))
		text.WriteByte('\n')
	}
	st.text = text.String()
	return st
}
