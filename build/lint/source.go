package lint

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/buildls/buildls/build/dockerfile"
)

var bom = []byte("\xef\xbb\xbf")

// A source is a Dockerfile in lines, read the way BuildKit's parser reads it but with
// the place of every byte. It never fails: it is made for texts that are wrong.
type source struct {
	text   []byte
	starts []int // offset of each line
	escape byte
	all    []*statement       // once they were asked for
	known  map[int]*statement // those that were read for problems, by their first line
	bodies []heredoc          // of what looks like a heredoc and is none
	images dockerfile.Images  // whose configs are known
}

// A token is a part of the text: 0-based lines as in dockerfile.Lines, byte columns, the end
// exclusive.
type token struct{ First, Start, Last, End int }

func newSource(text []byte) *source {
	s := &source{text: text, starts: make([]int, 1, 1+bytes.Count(text, []byte("\n"))), escape: '\\'}
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		s.starts = append(s.starts, at)
	}
	for _, d := range s.directives(true) {
		if d.name == "escape" && d.value == "`" {
			s.escape = '`'
		}
	}
	return s
}

// line is a line without its break.
func (s *source) line(i int) string {
	if i < 0 || i >= len(s.starts) {
		return ""
	}
	end := len(s.text)
	if i+1 < len(s.starts) {
		end = s.starts[i+1]
	}
	return string(bytes.TrimRight(s.text[s.starts[i]:end], "\r\n"))
}

// content is a line without its break and the byte order mark, and where it begins.
func (s *source) content(i int) (string, int) {
	line := s.line(i)
	if i == 0 && strings.HasPrefix(line, string(bom)) {
		return line[len(bom):], len(bom)
	}
	return line, 0
}

// trimmed is the content without white space before it, and where that begins.
func (s *source) trimmed(i int) (string, int) {
	line, column := s.content(i)
	trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
	return trimmed, column + len(line) - len(trimmed)
}

func (s *source) comment(i int) bool {
	line, _ := s.trimmed(i)
	return strings.HasPrefix(line, "#")
}

func (s *source) blank(i int) bool {
	line, _ := s.trimmed(i)
	return line == ""
}

// lineBreak is how the file ends its lines.
func (s *source) lineBreak() string {
	if i := bytes.IndexByte(s.text, '\n'); i > 0 && s.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// holds says whether a token is inside the text.
func (s *source) holds(t token) bool {
	if t.First < 0 || t.Last >= len(s.starts) || t.First > t.Last || t.First == t.Last && t.Start > t.End {
		return false
	}
	return t.Start >= 0 && t.Start <= len(s.line(t.First)) && t.End >= 0 && t.End <= len(s.line(t.Last))
}

// A directive is a parser directive: `# name=value`.
type directive struct {
	line        int
	name, value string
	token       token // of the value
}

// directives are the parser directives that open the file. `escape` may be indented and
// must not stand below a #!, the others the other way round: so BuildKit has it.
func (s *source) directives(forEscape bool) []directive {
	var found []directive
	first := 0
	if line, _ := s.content(0); !forEscape && strings.HasPrefix(line, "#!") {
		first = 1
	}
	for i := first; i < len(s.starts); i++ {
		line, column := s.content(i)
		if forEscape {
			line, column = s.trimmed(i)
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
func (s *source) continued(line string) (string, bool) {
	cut := strings.TrimRight(line, " \t")
	n := len(cut)
	if n == 0 || cut[n-1] != s.escape || n > 1 && cut[n-2] == s.escape {
		return line, false
	}
	return cut[:n-1], true
}

// statements are the instructions of the file.
func (s *source) statements() []*statement {
	if s.all == nil {
		s.all = s.readAll()
	}
	return s.all
}

func (s *source) readAll() []*statement {
	list := []*statement{}
	for i := 0; i < len(s.starts); {
		if s.blank(i) || s.comment(i) {
			i++
			continue
		}
		st := s.read(i)
		list = append(list, st)
		i = st.end() + 1
	}
	return list
}

// at is the instruction around a line; one of its own if there is none.
func (s *source) at(line int) *statement {
	for _, st := range s.statements() {
		if st.first <= line && line <= st.end() {
			return st
		}
	}
	return s.read(line)
}

// once is read, which many problems of one instruction ask for.
func (s *source) once(first int) *statement {
	st := s.known[first]
	if st == nil {
		st = s.read(first)
		if s.known == nil {
			s.known = map[int]*statement{}
		}
		s.known[first] = st
	}
	return st
}

// read reads the instruction that begins on a line.
func (s *source) read(first int) *statement {
	st := &statement{src: s, first: first, last: first}
	line, column := s.trimmed(first)
	if strings.HasPrefix(line, "#") {
		line = ""
	}
	var joined strings.Builder
	for {
		text, more := s.continued(line)
		st.parts = append(st.parts, part{joined.Len(), st.last, column})
		joined.WriteString(text)
		if !more || !s.next(st) {
			break
		}
		line, column = s.content(st.last)
	}
	st.text = joined.String()
	st.parse()
	return st
}

// next moves a statement's end to the line that continues it, past comments and blanks.
func (s *source) next(st *statement) bool {
	for i := st.last + 1; i < s.count(); i++ {
		st.last = i
		if s.comment(i) {
			st.commented = true
			continue
		}
		if !s.blank(i) {
			return true
		}
		st.blanks = append(st.blanks, i)
	}
	return false
}

// count is how many lines the parser sees: nothing after the last line break is none.
func (s *source) count() int {
	if n := len(s.starts); n > 1 && s.starts[n-1] == len(s.text) {
		return n - 1
	}
	return len(s.starts)
}
