package dockerfile

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

var bom = []byte("\xef\xbb\xbf")

// A File is a Dockerfile in lines, read the way BuildKit's parser reads it but with
// the place of every byte. It never fails: it is made for texts that are wrong. It does not
// change, and may be read by many at once.
type File struct {
	text    []byte
	lines   string // the text, to take lines from
	starts  []int  // offset of each line
	Escape  byte
	all     func() []*Instruction // once they are asked for
	parsed  func() (*parsed, error)
	bounded func() error // Readable, and its variables can be expanded
	syntax  func() syntax
}

// parsed is a text as BuildKit's own parser reads it.
type parsed struct {
	*parser.Result
	stages []instructions.Stage
	args   []instructions.ArgCommand // before the first FROM
	err    error                     // of an instruction; nil if stages are all
}

// A Token is a part of the text: 0-based lines as in dockerfile.Lines, byte columns, the end
// exclusive.
type Token struct{ First, Start, Last, End int }

func Parse(text []byte) *File {
	f := &File{text: text, lines: string(text), starts: make([]int, 1, 1+bytes.Count(text, []byte("\n"))), Escape: '\\'}
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		f.starts = append(f.starts, at)
	}
	f.all, f.parsed = sync.OnceValue(f.readAll), sync.OnceValues(f.parse)
	f.bounded = sync.OnceValue(func() error { return cmp.Or(Readable(f.text), f.expandable()) })
	f.syntax = sync.OnceValue(f.readSyntax)
	directives := f.Directives(true)
	if i := slices.IndexFunc(directives, func(d Directive) bool { return d.Name == "escape" }); i >= 0 && directives[i].Value == "`" {
		f.Escape = '`'
	}
	return f
}

// Text is the whole text. It is not to be changed.
func (f *File) Text() []byte { return f.text }

// String is the whole text.
func (f *File) String() string { return f.lines }

// parse has BuildKit's parser read the text. The error is that of a text that it cannot read.
func (f *File) parse() (p *parsed, err error) {
	defer survive(&err)
	if err := Readable(f.text); err != nil {
		return nil, err
	}
	parsing <- struct{}{}
	defer func() { <-parsing }()
	p = &parsed{}
	if p.Result, err = parser.Parse(bytes.NewReader(f.text)); err != nil {
		return nil, err
	}
	p.stages, p.args, p.err = instructions.Parse(p.AST, linter.New(&linter.Config{}))
	return p, nil
}

// commands are the stages of a text that is well formed, and the ARGs before them.
func (f *File) commands() ([]instructions.Stage, []instructions.ArgCommand, error) {
	p, err := f.parsed()
	if err != nil {
		return nil, nil, err
	}
	return p.stages, p.args, p.err
}

// before is the text before a 0-based line.
func (f *File) before(line int) []byte {
	if line >= len(f.starts) {
		return f.text
	}
	return f.text[:f.starts[max(line, 0)]]
}

// Rows is how many lines the text has, the one behind its last line break too.
func (f *File) Rows() int { return len(f.starts) }

// Offset is where a byte of a line stands in the text.
func (f *File) Offset(line, column int) int { return f.starts[line] + column }

// Slice is some lines with their breaks; nothing if last is before first.
func (f *File) Slice(first, last int) []byte {
	if first > last {
		return nil
	}
	end := len(f.text)
	if last+1 < len(f.starts) {
		end = f.starts[last+1]
	}
	return f.text[f.starts[first]:end]
}

// LineOf is the 0-based line of a byte.
func (f *File) LineOf(offset int) int { return max(sort.SearchInts(f.starts, offset+1)-1, 0) }

// Line is a line without its break.
func (f *File) Line(i int) string {
	if i < 0 || i >= len(f.starts) {
		return ""
	}
	end := len(f.text)
	if i+1 < len(f.starts) {
		end = f.starts[i+1]
	}
	line := f.lines[f.starts[i]:end]
	for line != "" && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// Content is a line without its break and the byte order mark, and where it begins.
func (f *File) Content(i int) (string, int) {
	line := f.Line(i)
	if i == 0 && strings.HasPrefix(line, string(bom)) {
		return line[len(bom):], len(bom)
	}
	return line, 0
}

// Trimmed is the content without white space before it, and where that begins.
func (f *File) Trimmed(i int) (string, int) {
	line, column := f.Content(i)
	trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
	return trimmed, column + len(line) - len(trimmed)
}

func (f *File) IsComment(i int) bool {
	line, _ := f.Trimmed(i)
	return strings.HasPrefix(line, "#")
}

func (f *File) IsBlank(i int) bool {
	line, _ := f.Trimmed(i)
	return line == ""
}

// LineBreak is how the file ends its lines.
func (f *File) LineBreak() string {
	if i := bytes.IndexByte(f.text, '\n'); i > 0 && f.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Holds says whether a token is inside the text.
func (f *File) Holds(t Token) bool {
	if t.First < 0 || t.Last >= len(f.starts) || t.First > t.Last || t.First == t.Last && t.Start > t.End {
		return false
	}
	return t.Start >= 0 && t.Start <= len(f.Line(t.First)) && t.End >= 0 && t.End <= len(f.Line(t.Last))
}

// A Directive is a parser directive: `# name=value`.
type Directive struct {
	Line        int
	Name, Value string
	Token       Token // of the value
}

// Directives are the parser directives that open the file. `escape` may be indented and
// must not stand below a #!, the others the other way round: so BuildKit has it.
func (f *File) Directives(forEscape bool) []Directive {
	var found []Directive
	first := 0
	if line, _ := f.Content(0); !forEscape && strings.HasPrefix(line, "#!") {
		first = 1
	}
	for i := first; i < len(f.starts); i++ {
		line, column := f.Content(i)
		if forEscape {
			line, column = f.Trimmed(i)
		}
		// a new one for each line: the parser's own stops where one is repeated
		d, _ := (&parser.DirectiveParser{}).ParseLine([]byte(line))
		if d == nil {
			break
		}
		from := strings.IndexByte(line, '=') + 1
		from += strings.Index(line[from:], d.Value)
		found = append(found, Directive{Line: i, Name: d.Name, Value: d.Value,
			Token: Token{i, column + from, i, column + from + len(d.Value)}})
	}
	return found
}

// Directive is the value of a parser directive and the lines that it stands on, as BuildKit's
// front end looks for one: also in the other forms that it knows, after // and in JSON.
func (f *File) Directive(name string) (value string, at Lines, ok bool) {
	value, _, location, ok := parser.ParseDirective(name, f.text)
	at, _ = SpanOfParser(location)
	return value, at, ok
}

// Syntax is the image of the front end that `# syntax=` asks for, and the lines that say so.
func (f *File) Syntax() (image string, at Lines, ok bool) {
	s := f.syntax()
	return s.image, s.at, s.ok
}

// syntax is what Syntax returns: each check asks several times, and it takes four readings of the
// text's beginning.
type syntax struct {
	image string
	at    Lines
	ok    bool
}

func (f *File) readSyntax() syntax {
	image, _, location, ok := parser.DetectSyntax(f.text)
	at, _ := SpanOfParser(location)
	return syntax{image, at, ok}
}

// Continued cuts the escape at a line's end that joins it with the next one.
func (f *File) Continued(line string) (string, bool) {
	cut := strings.TrimRight(line, " \t")
	n := len(cut)
	if n == 0 || cut[n-1] != f.Escape || n > 1 && cut[n-2] == f.Escape {
		return line, false
	}
	return cut[:n-1], true
}

// Instructions are the instructions of the file, in its order.
func (f *File) Instructions() []*Instruction { return f.all() }

func (f *File) readAll() []*Instruction {
	list := make([]*Instruction, 0, len(f.starts))
	store := slab{size: min(len(f.starts), 128)}
	for i := 0; i < len(f.starts); {
		if f.IsBlank(i) || f.IsComment(i) {
			i++
			continue
		}
		st := f.read(i, &store)
		list = append(list, st)
		i = st.End() + 1
	}
	return list
}

// At is the instruction around a line; one of its own if there is none.
func (f *File) At(line int) *Instruction {
	all := f.Instructions()
	i := sort.Search(len(all), func(i int) bool { return line <= all[i].End() })
	if i < len(all) && all[i].First <= line {
		return all[i]
	}
	return f.ReadAt(line)
}

// ReadAt reads the instruction that begins on a line.
func (f *File) ReadAt(first int) *Instruction { return f.read(first, &slab{}) }

func (f *File) read(first int, store *slab) *Instruction {
	st := store.instruction()
	st.File, st.First, st.last = f, first, first
	line, column := f.Trimmed(first)
	if strings.HasPrefix(line, "#") {
		line = ""
	}
	text, more := f.Continued(line)
	st.one = [1]part{{0, first, column}}
	st.parts = st.one[:]
	st.Text = text
	var joined strings.Builder // of several lines
	for more && f.next(st) {
		if joined.Len() == 0 {
			joined.WriteString(st.Text)
		}
		line, column = f.Content(st.last)
		text, more = f.Continued(line)
		st.parts = append(st.parts, part{joined.Len(), st.last, column})
		joined.WriteString(text)
		st.Text = joined.String()
	}
	st.parse(store)
	st.Heredocs = st.readHeredocs()
	return st
}

// next moves an instruction's end to the line that continues it, past comments and blanks.
func (f *File) next(st *Instruction) bool {
	for i := st.last + 1; i < f.Count(); i++ {
		st.last = i
		if f.IsComment(i) {
			st.Commented = true
			continue
		}
		if !f.IsBlank(i) {
			return true
		}
		st.Blanks = append(st.Blanks, i)
	}
	return false
}

// Count is how many lines the parser sees: nothing after the last line break is none.
func (f *File) Count() int {
	if n := len(f.starts); n > 1 && f.starts[n-1] == len(f.text) {
		return n - 1
	}
	return len(f.starts)
}
