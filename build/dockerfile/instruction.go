package dockerfile

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Instruction is one instruction, its continuation lines joined and the comments
// between them left out, in words.
type Instruction struct {
	File        *File
	Text        string
	parts       []part
	one         [1]part // of an instruction of one line, which most are
	First, last int     // lines, without heredocs
	Blanks      []int   // empty continuation lines
	Commented   bool    // there are comments between the lines

	name    string // in upper case
	Onbuild Part   // the word ONBUILD, if the rest is its trigger
	Keyword Part
	Flags   []Part
	Rest    Part   // all arguments
	Args    []Part // one by one, in their quotes

	Heredocs []Heredoc // in the order of their bodies
}

// A part is what one line gave to an instruction's text.
type part struct{ offset, line, column int }

// A Part is a part of an instruction's text.
type Part struct{ Start, End int }

func (sp Part) Empty() bool { return sp.Start >= sp.End }

func (st *Instruction) Slice(sp Part) string { return st.Text[sp.Start:sp.End] }

// Lines are those of the instruction, with its heredocs.
func (st *Instruction) Lines() Lines { return Lines{st.First, st.End()} }

// Written is what the author wrote: the words, without comments and line breaks, and the
// heredocs as they are.
func (st *Instruction) Written() string {
	text := strings.TrimSpace(st.Text)
	for _, d := range st.Heredocs {
		text += "\n" + string(st.File.Slice(d.First, d.Last))
	}
	return text
}

// Name is the instruction in upper case.
func (st *Instruction) Name() string { return st.name }

// Position is where a byte of the text stands in the file.
func (st *Instruction) Position(offset int) (line, column int) {
	p := st.parts[st.partAt(offset)]
	return p.line, p.column + offset - p.offset
}

// partAt is which part a byte of the text is in. An instruction may have thousands.
func (st *Instruction) partAt(offset int) int {
	after := sort.Search(len(st.parts), func(i int) bool { return st.parts[i].offset > offset })
	return max(0, after-1)
}

func (st *Instruction) Token(sp Part) Token {
	line, column := st.Position(sp.Start)
	if sp.Empty() {
		return Token{line, column, line, column}
	}
	last, end := st.Position(sp.End - 1)
	return Token{line, column, last, end + 1}
}

// Tokens are spans in the file; those of nothing are left out.
func (st *Instruction) Tokens(spans ...Part) []Token {
	var list []Token
	for _, sp := range spans {
		if !sp.Empty() {
			list = append(list, st.Token(sp))
		}
	}
	return list
}

// SkipBlank is the first byte from at on that is not white space.
func (st *Instruction) SkipBlank(at int) int {
	for at < len(st.Text) && st.Text[at] == ' ' {
		at++
	}
	if at == len(st.Text) || st.Text[at] > ' ' && st.Text[at] < utf8.RuneSelf {
		return at
	}
	return len(st.Text) - len(strings.TrimLeftFunc(st.Text[at:], unicode.IsSpace))
}

// Blank is how many bytes of white space there are at some byte: a character, or none.
// Where quotes count that of other scripts does, too (parseWords, against reWhitespace).
func (st *Instruction) Blank(at int, quotes bool) int {
	switch c := st.Text[at]; {
	case c == ' ' || '\t' <= c && c <= '\r' && (c != '\n' || quotes):
		return 1
	case quotes && c >= utf8.RuneSelf:
		if r, size := utf8.DecodeRuneInString(st.Text[at:]); unicode.IsSpace(r) {
			return size
		}
	}
	return 0
}

// WordEnd is where the word at some byte ends: at white space, outside of quotes if
// they count.
func (st *Instruction) WordEnd(at int, quotes bool) int {
	for ; !quotes && at < len(st.Text); at++ {
		if c := st.Text[at]; c == ' ' || '\t' <= c && c <= '\r' && c != '\n' { // as Blank has it
			return at
		}
	}
	var quote byte
	for ; at < len(st.Text); at++ {
		switch c := st.Text[at]; {
		case quotes && c == st.File.Escape && quote != '\'':
			at++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case quotes && (c == '\'' || c == '"'):
			quote = c
		case st.Blank(at, quotes) > 0:
			return at
		}
	}
	return len(st.Text)
}

// parse finds the words.
func (st *Instruction) parse(store *slab) {
	at := st.SkipBlank(0)
	for {
		st.Keyword = Part{at, st.WordEnd(at, false)}
		st.name = strings.ToUpper(st.Slice(st.Keyword))
		at = st.parseFlags(st.SkipBlank(st.Keyword.End))
		if st.Name() != "ONBUILD" || !st.Onbuild.Empty() || at == len(st.Text) {
			break
		}
		st.Onbuild = st.Keyword
	}
	end := len(strings.TrimRightFunc(st.Text, unicode.IsSpace))
	st.Rest = Part{at, max(at, end)}
	quotes := strings.Contains("ENV LABEL ARG", st.Name())
	st.Args = store.parts(min(strings.Count(st.Slice(st.Rest), " ")+1, 64))
	for at < st.Rest.End {
		word := Part{at, min(st.WordEnd(at, quotes), st.Rest.End)}
		st.Args = append(st.Args, word)
		at = st.SkipBlank(word.End)
	}
}

// parseFlags finds the flags from a byte on, and returns where the arguments begin.
func (st *Instruction) parseFlags(at int) int {
	st.Flags = nil
	for strings.HasPrefix(st.Text[at:], "--") {
		flag := Part{at, st.WordEnd(at, true)}
		at = st.SkipBlank(flag.End)
		if st.Slice(flag) == "--" {
			break
		}
		st.Flags = append(st.Flags, flag)
	}
	return at
}

// Unquoted is a word without quotes and escapes.
func (st *Instruction) Unquoted(sp Part) string {
	if text := st.Slice(sp); !strings.ContainsAny(text, `'"`) && strings.IndexByte(text, st.File.Escape) < 0 {
		return text
	}
	var b strings.Builder
	for i := sp.Start; i < sp.End; i++ {
		switch c := st.Text[i]; {
		case c == '\'' || c == '"':
		case c == st.File.Escape && i+1 < sp.End:
			i++
			b.WriteByte(st.Text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Cut splits a part at the first sep, like [strings.Cut].
func (st *Instruction) Cut(sp Part, sep string) (before, after Part, found bool) {
	i := strings.Index(st.Slice(sp), sep)
	if i < 0 {
		return sp, Part{sp.End, sp.End}, false
	}
	return Part{sp.Start, sp.Start + i}, Part{sp.Start + i + len(sep), sp.End}, true
}

// FlagsNamed returns the flags of a name, which begins with --.
func (st *Instruction) FlagsNamed(name string) []Part {
	var list []Part
	for _, f := range st.Flags {
		if before, _, _ := st.Cut(f, "="); st.Unquoted(before) == name {
			list = append(list, f)
		}
	}
	return list
}

// A Field is one of a mount's key=value pairs.
type Field struct {
	All, Key, Value Part
	Flag            Part
}

// Fields are those of all --mount and --device flags.
func (st *Instruction) Fields() []Field {
	var list []Field
	for _, f := range append(st.FlagsNamed("--mount"), st.FlagsNamed("--device")...) {
		_, rest, _ := st.Cut(f, "=")
		for more := true; more; {
			var one Part
			one, rest, more = st.Cut(rest, ",")
			key, value, _ := st.Cut(one, "=")
			list = append(list, Field{All: one, Key: key, Value: value, Flag: f})
		}
	}
	return list
}

// Values are what the arguments say, without quotes and escapes: those of a JSON array if it is one.
func (st *Instruction) Values() (values []string) {
	for _, e := range st.Elements() {
		values = append(values, e.Value)
	}
	return values
}

// End is the instruction's last line, heredocs included.
func (st *Instruction) End() int {
	docs := st.Heredocs
	if len(docs) == 0 {
		return st.last
	}
	d := docs[len(docs)-1]
	if d.Terminated {
		return d.Last + 1
	}
	return max(st.last, d.Last)
}

// TextAt is the byte of Text that stands at a byte of a line of the file, or where Text goes on
// behind it.
func (st *Instruction) TextAt(line, column int) int {
	at := 0
	for i, p := range st.parts {
		if p.line > line {
			break
		}
		end := len(st.Text)
		if i+1 < len(st.parts) {
			end = st.parts[i+1].offset
		}
		if at = end; p.line == line {
			at = min(max(p.offset+column-p.column, p.offset), end)
		}
	}
	return at
}

// Open is whether the instruction goes on behind its last line: that ends with the escape.
func (st *Instruction) Open() bool {
	line, _ := st.File.Content(st.last)
	_, more := st.File.Continued(line)
	return more || st.File.IsComment(st.last) || st.File.IsBlank(st.last)
}

// Pieces are a part of the instruction's text in the file: one for each line that it stands on,
// without the escapes that join these.
func (st *Instruction) Pieces(sp Part) (list []Token) {
	for i := st.partAt(sp.Start); i < len(st.parts) && st.parts[i].offset < sp.End; i++ {
		p, end := st.parts[i], len(st.Text)
		if i+1 < len(st.parts) {
			end = st.parts[i+1].offset
		}
		if from, to := max(sp.Start, p.offset), min(sp.End, end); from < to {
			list = append(list, Token{p.line, p.column + from - p.offset, p.line, p.column + to - p.offset})
		}
	}
	return list
}
