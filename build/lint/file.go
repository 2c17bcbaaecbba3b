package lint

import (
	"bytes"
	"sort"
	"strings"
	"sync"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

var bom = []byte("\xef\xbb\xbf")

// A file is a Dockerfile in lines, read the way BuildKit's parser reads it but with
// the place of every byte. It never fails: it is made for texts that are wrong. It does not
// change, and may be read by many at once.
type file struct {
	text   []byte
	starts []int // offset of each line
	escape byte
	all    func() []*statement // once they are asked for
}

// A token is a part of the text: 0-based lines as in dockerfile.Lines, byte columns, the end
// exclusive.
type token struct{ First, Start, Last, End int }

func newFile(text []byte) *file {
	f := &file{text: text, starts: make([]int, 1, 1+bytes.Count(text, []byte("\n"))), escape: '\\'}
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		f.starts = append(f.starts, at)
	}
	f.all = sync.OnceValue(f.readAll)
	for _, d := range f.directives(true) {
		if d.name == "escape" && d.value == "`" {
			f.escape = '`'
		}
	}
	return f
}

// rows is how many lines the text has, the one behind its last line break too.
func (f *file) rows() int { return len(f.starts) }

// offset is where a byte of a line stands in the text.
func (f *file) offset(line, column int) int { return f.starts[line] + column }

// line is a line without its break.
func (f *file) line(i int) string {
	if i < 0 || i >= len(f.starts) {
		return ""
	}
	end := len(f.text)
	if i+1 < len(f.starts) {
		end = f.starts[i+1]
	}
	return string(bytes.TrimRight(f.text[f.starts[i]:end], "\r\n"))
}

// content is a line without its break and the byte order mark, and where it begins.
func (f *file) content(i int) (string, int) {
	line := f.line(i)
	if i == 0 && strings.HasPrefix(line, string(bom)) {
		return line[len(bom):], len(bom)
	}
	return line, 0
}

// trimmed is the content without white space before it, and where that begins.
func (f *file) trimmed(i int) (string, int) {
	line, column := f.content(i)
	trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
	return trimmed, column + len(line) - len(trimmed)
}

func (f *file) comment(i int) bool {
	line, _ := f.trimmed(i)
	return strings.HasPrefix(line, "#")
}

func (f *file) blank(i int) bool {
	line, _ := f.trimmed(i)
	return line == ""
}

// lineBreak is how the file ends its lines.
func (f *file) lineBreak() string {
	if i := bytes.IndexByte(f.text, '\n'); i > 0 && f.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// holds says whether a token is inside the text.
func (f *file) holds(t token) bool {
	if t.First < 0 || t.Last >= len(f.starts) || t.First > t.Last || t.First == t.Last && t.Start > t.End {
		return false
	}
	return t.Start >= 0 && t.Start <= len(f.line(t.First)) && t.End >= 0 && t.End <= len(f.line(t.Last))
}

// A directive is a parser directive: `# name=value`.
type directive struct {
	line        int
	name, value string
	token       token // of the value
}

// directives are the parser directives that open the file. `escape` may be indented and
// must not stand below a #!, the others the other way round: so BuildKit has it.
func (f *file) directives(forEscape bool) []directive {
	var found []directive
	first := 0
	if line, _ := f.content(0); !forEscape && strings.HasPrefix(line, "#!") {
		first = 1
	}
	for i := first; i < len(f.starts); i++ {
		line, column := f.content(i)
		if forEscape {
			line, column = f.trimmed(i)
		}
		// a new one for each line: the parser's own stops where one is repeated
		d, _ := (&parser.DirectiveParser{}).ParseLine([]byte(line))
		if d == nil {
			break
		}
		from := strings.IndexByte(line, '=') + 1
		from += strings.Index(line[from:], d.Value)
		found = append(found, directive{line: i, name: d.Name, value: d.Value,
			token: token{i, column + from, i, column + from + len(d.Value)}})
	}
	return found
}

// continued cuts the escape at a line's end that joins it with the next one.
func (f *file) continued(line string) (string, bool) {
	cut := strings.TrimRight(line, " \t")
	n := len(cut)
	if n == 0 || cut[n-1] != f.escape || n > 1 && cut[n-2] == f.escape {
		return line, false
	}
	return cut[:n-1], true
}

// statements are the instructions of the file, in its order.
func (f *file) statements() []*statement { return f.all() }

func (f *file) readAll() []*statement {
	list := []*statement{}
	for i := 0; i < len(f.starts); {
		if f.blank(i) || f.comment(i) {
			i++
			continue
		}
		st := f.read(i)
		list = append(list, st)
		i = st.end() + 1
	}
	return list
}

// at is the instruction around a line; one of its own if there is none.
func (f *file) at(line int) *statement {
	all := f.statements()
	i := sort.Search(len(all), func(i int) bool { return line <= all[i].end() })
	if i < len(all) && all[i].first <= line {
		return all[i]
	}
	return f.read(line)
}

// read reads the instruction that begins on a line.
func (f *file) read(first int) *statement {
	st := &statement{src: f, first: first, last: first}
	line, column := f.trimmed(first)
	if strings.HasPrefix(line, "#") {
		line = ""
	}
	var joined strings.Builder
	for {
		text, more := f.continued(line)
		st.parts = append(st.parts, part{joined.Len(), st.last, column})
		joined.WriteString(text)
		if !more || !f.next(st) {
			break
		}
		line, column = f.content(st.last)
	}
	st.text = joined.String()
	st.parse()
	st.heredocs = st.readHeredocs()
	return st
}

// next moves a statement's end to the line that continues it, past comments and blanks.
func (f *file) next(st *statement) bool {
	for i := st.last + 1; i < f.count(); i++ {
		st.last = i
		if f.comment(i) {
			st.commented = true
			continue
		}
		if !f.blank(i) {
			return true
		}
		st.blanks = append(st.blanks, i)
	}
	return false
}

// count is how many lines the parser sees: nothing after the last line break is none.
func (f *file) count() int {
	if n := len(f.starts); n > 1 && f.starts[n-1] == len(f.text) {
		return n - 1
	}
	return len(f.starts)
}
