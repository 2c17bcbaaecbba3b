package language

import (
	"strings"
	"sync/atomic"

	"github.com/buildls/buildls/build/dockerfile"
)

// A TokenKind is what a token of the text is; the names are those of the protocol's token types.
type TokenKind uint8

// The kinds of tokens.
const (
	TokenKeyword TokenKind = iota
	TokenComment
	TokenMacro     // a directive; the word of a heredoc
	TokenParameter // a flag; a word without a meaning of its own
	TokenProperty  // a key of a mount
	TokenString
	TokenVariable
	TokenNamespace // a stage
	TokenClass     // an image
	TokenFunction  // a command
	TokenOperator
	TokenNumber
)

// A Token is a part of a line.
type Token struct {
	Span
	Kind     TokenKind
	Declares bool // the name gets its meaning here
}

// A TokenMemory remembers the tokens of the instructions of a whole text, so that when it is edited
// only the edited instructions are read again. Its zero value is ready; several may use it at once.
type TokenMemory struct{ known atomic.Pointer[remembered] }

// remembered does not change once it is known.
type remembered struct {
	escape byte
	tokens map[string][]Token // by an instruction's text; each begins at byte 0
}

// Tokens are the parts of lines from the 0-based line first to last that mean something, in the
// text's order. None overlap. memory may be nil.
func (n *Names) Tokens(first, last int, memory *TokenMemory) []Token {
	f := n.file
	first, last = max(first, 0), min(last, f.Rows()-1)
	if first > last {
		return nil
	}
	start := f.Offset(first, 0)
	p := &painter{f: f, start: start, ids: make([]int32, f.Offset(last, len(f.Line(last)))-start)}
	p.list = make([]Token, 0, last-first+1)
	p.comments(first, last)
	now := &remembered{f.Escape, map[string][]Token{}}
	known := now
	if memory != nil {
		if last := memory.known.Load(); last != nil && last.escape == f.Escape {
			known = last
		}
	}
	for _, st := range f.Instructions() {
		if st.First <= last && st.End() >= first {
			p.remember(st, known, now)
		}
	}
	if memory != nil && first == 0 && last == f.Rows()-1 {
		memory.known.Store(now)
	}
	for _, s := range n.Symbols {
		for _, o := range s.Occurrences {
			switch {
			case s.Kind == Stage:
				p.span(o.Span, TokenNamespace, o.Write)
			case s.Kind == Variable && o.Write:
				p.span(o.Span, TokenVariable, true)
			}
		}
	}
	return p.tokens()
}

// A painter gives bytes of the text to tokens; what is painted later goes over what is there.
type painter struct {
	f     *dockerfile.File
	start int     // of the first byte, in the text
	ids   []int32 // of each byte: its token, from 1
	list  []Token
}

// remember paints an instruction as it is known, and knows it from now on.
func (p *painter) remember(st *dockerfile.Instruction, known, now *remembered) {
	start := p.f.Offset(st.First, 0)
	end := p.f.Offset(st.End(), len(p.f.Line(st.End())))
	key := p.f.String()[start:end]
	list, ok := known.tokens[key]
	if !ok {
		list, ok = now.tokens[key]
	}
	if !ok {
		alone := &painter{f: p.f, start: start, ids: make([]int32, end-start)}
		alone.instruction(st)
		list = alone.tokens()
		for i := range list {
			list[i].Span = Span{list[i].Start - start, list[i].End - start}
		}
	}
	now.tokens[key] = list
	for _, t := range list {
		p.span(Span{start + t.Start, start + t.End}, t.Kind, t.Declares)
	}
}

func (p *painter) span(s Span, kind TokenKind, declares bool) {
	s.Start, s.End = max(s.Start-p.start, 0), min(s.End-p.start, len(p.ids))
	if s.Start >= s.End {
		return
	}
	p.list = append(p.list, Token{Kind: kind, Declares: declares})
	for i := s.Start; i < s.End; i++ {
		p.ids[i] = int32(len(p.list))
	}
}

// part paints a part of an instruction, a token for each of its lines.
func (p *painter) part(st *dockerfile.Instruction, part dockerfile.Part, kind TokenKind) {
	for _, t := range st.Pieces(part) {
		p.span(spanOf(p.f, t), kind, false)
	}
}

// words paints each word of a part.
func (p *painter) words(st *dockerfile.Instruction, part dockerfile.Part, kind TokenKind) {
	for at := part.Start; at < part.End; {
		rest := st.Text[at:part.End]
		at += len(rest) - len(strings.TrimLeft(rest, " \t\r\n\v\f"))
		end := at + len(st.Text[at:part.End])
		if i := strings.IndexAny(st.Text[at:part.End], " \t\r\n\v\f"); i >= 0 {
			end = at + i
		}
		p.part(st, dockerfile.Part{Start: at, End: end}, kind)
		at = end
	}
}

// tokens are the runs of bytes of one token.
func (p *painter) tokens() []Token {
	text, out := p.f.Text(), make([]Token, 0, len(p.list))
	for i := 0; i < len(p.ids); {
		id, from := p.ids[i], i
		for i < len(p.ids) && p.ids[i] == id {
			i++
		}
		if id == 0 {
			continue
		}
		t := p.list[id-1]
		t.Span = Span{p.start + from, p.start + i}
		for t.End > t.Start && (text[t.End-1] == '\n' || text[t.End-1] == '\r' || text[t.End-1] == ' ' || text[t.End-1] == '\t') {
			t.End--
		}
		if t.Start < t.End {
			out = append(out, t)
		}
	}
	return out
}

// comments paints comments and directives.
func (p *painter) comments(first, last int) {
	bodies := map[int]bool{}
	for _, st := range p.f.Instructions() {
		for _, d := range st.Heredocs {
			for i := d.First; i <= d.Last; i++ {
				bodies[i] = true
			}
		}
	}
	for line := first; line <= last; line++ {
		if text, column := p.f.Trimmed(line); !bodies[line] && strings.HasPrefix(text, "#") {
			p.span(Span{p.f.Offset(line, column), p.f.Offset(line, column+len(text))}, TokenComment, false)
		}
	}
	for _, d := range directives(p.f) {
		if d.Line < first || d.Line > last {
			continue
		}
		e := directiveEntry(p.f, d)
		p.span(e.Word, TokenMacro, false)
		value := spanOf(p.f, d.Token)
		for i := e.Word.End; i < value.Start; i++ {
			if p.f.Text()[i] == '=' {
				p.span(Span{i, i + 1}, TokenOperator, false)
			}
		}
		p.span(value, TokenParameter, false)
	}
}

// instruction paints an instruction: its words, then what is known of them.
func (p *painter) instruction(st *dockerfile.Instruction) {
	p.escapes(st)
	p.part(st, st.Onbuild, TokenKeyword)
	p.part(st, st.Keyword, TokenKeyword)
	p.flags(st)
	kind := TokenParameter
	if name := st.Name(); name == "FROM" {
		kind = TokenClass
	} else if name == "ENV" || name == "ARG" || name == "LABEL" {
		kind = TokenString
	}
	p.words(st, st.Rest, kind)
	for i, a := range st.Args {
		word := strings.ToUpper(st.Slice(a))
		if st.Name() == "FROM" && i == 1 && word == "AS" || st.Name() == "HEALTHCHECK" && i == 0 && (word == "CMD" || word == "NONE") {
			p.part(st, a, TokenKeyword)
		}
	}
	if list, err := st.Command().JSONArray(); err == nil {
		for _, e := range list {
			p.part(st, e.Part, TokenString)
		}
	}
	for _, a := range st.Assignments() {
		p.part(st, a.Name, TokenVariable)
		if a.Name.End < a.Value.Start && st.Text[a.Name.End] == '=' {
			p.part(st, dockerfile.Part{Start: a.Name.End, End: a.Name.End + 1}, TokenOperator)
		}
	}
	p.heredocs(st)
	for _, s := range scriptsOf(st) {
		p.script(st, s)
	}
	for _, m := range st.Mentions() {
		if !m.Sets && m.Token.First == m.Token.Last {
			p.span(spanOf(p.f, m.Token), TokenVariable, false)
		}
	}
}

// flags paints flags, and the keys of mounts.
func (p *painter) flags(st *dockerfile.Instruction) {
	for _, flag := range st.Flags {
		name, value, ok := st.Cut(flag, "=")
		p.part(st, name, TokenParameter)
		if ok {
			p.part(st, dockerfile.Part{Start: name.End, End: value.Start}, TokenOperator)
			p.part(st, value, TokenString)
		}
	}
	for _, field := range st.Fields() {
		p.part(st, field.Key, TokenProperty)
		p.part(st, dockerfile.Part{Start: field.Key.End, End: field.Value.Start}, TokenOperator)
	}
}

// escapes paints the escapes at the ends of lines, and those on lines of their own.
func (p *painter) escapes(st *dockerfile.Instruction) {
	for line := st.First; line <= st.End(); line++ {
		text := p.f.Line(line)
		if joined, more := p.f.Continued(text); more && (line == st.First || !p.f.IsComment(line)) {
			at := p.f.Offset(line, len(joined))
			p.span(Span{at, at + 1}, TokenOperator, false)
		}
	}
}

// heredocs paints the words of heredocs, and their bodies as text.
func (p *painter) heredocs(st *dockerfile.Instruction) {
	for _, d := range st.Heredocs {
		p.part(st, d.Word, TokenMacro)
		for line := d.First; line <= d.Last; line++ {
			p.span(Span{p.f.Offset(line, 0), p.f.Offset(line, len(p.f.Line(line)))}, TokenString, false)
		}
		if d.Terminated {
			p.span(linesOf(p.f, dockerfile.Lines{First: d.Last + 1, Last: d.Last + 1}), TokenMacro, false)
		}
	}
}
