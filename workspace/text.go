package workspace

// A Text is one state of a document. It never changes, so it can be read from
// everywhere at once; an edit makes a new one (edit.go). The index of its lines
// is made when somebody first asks for a line, at the speed of memchr, and not
// again.
//
// Editors and parsers disagree about a "\r" that no "\n" follows: to the
// protocol it ends a line, to BuildKit's parser (and to those of ignore and bake
// files) it is a blank. So a Text has both: lines are the editor's, rows are
// the parser's.

import (
	"sort"
	"strings"
	"sync"
	"unicode"
)

// Text is an immutable text with an index of its lines. Lines end with "\n",
// "\r\n" or "\r", as in the protocol, rows with "\n" alone, as parsers have
// it; what follows the last line break is a line and a row too, so that "" has
// one line and "a\n" has two.
type Text struct {
	s      string
	once   sync.Once
	starts []int // byte offset of each line's start; use index
	rows   []int // byte offset of each row's start; use index

	derived sync.Map // by key: func() any
}

// NewText makes a Text of s.
func NewText(s string) *Text { return &Text{s: s} }

// String is the whole text.
func (t *Text) String() string { return t.s }

// Bytes is a fresh copy of the whole text.
func (t *Text) Bytes() []byte { return []byte(t.s) }

// Len is how many bytes the whole text has.
func (t *Text) Len() int { return len(t.s) }

// Derive is what make makes of the text: made once for each key, however many ask, and kept as
// long as the text is.
func (t *Text) Derive(key any, make func() any) any {
	once, _ := t.derived.LoadOrStore(key, sync.OnceValue(make))
	return once.(func() any)()
}

// Lines is the number of lines, at least 1.
func (t *Text) Lines() int { return len(t.index()) }

// Line is the text of line i (0-based) without its line break, "" when there
// is no such line.
func (t *Text) Line(i int) string {
	if i < 0 || i >= t.Lines() {
		return ""
	}
	return t.s[t.starts[i]:t.lineEnd(i)]
}

// OffsetOf is the byte offset of p. As the protocol has it, a character past
// the end of its line is the end of the line, before the line break; a line
// past the last is the end of the text. Negative numbers are 0. The offset is
// never inside a rune (then: the rune's start) and never between "\r" and "\n".
func (t *Text) OffsetOf(p Position, e Encoding) int {
	switch {
	case p.Line < 0:
		return 0
	case p.Line >= t.Lines():
		return len(t.s)
	}
	return t.starts[p.Line] + e.bytes(t.Line(p.Line), max(p.Character, 0))
}

// PositionOf is the position of a byte offset. An offset outside the text is
// moved to its nearer end, one inside a rune to the rune's start, one between
// "\r" and "\n" before both.
func (t *Text) PositionOf(offset int, e Encoding) Position {
	offset = runeStart(t.s, min(max(offset, 0), len(t.s)))
	line := t.lineAt(offset)
	end := min(offset, t.lineEnd(line))
	return Position{Line: line, Character: e.units(t.s[t.starts[line]:end])}
}

// Rows is the number of rows, at least 1.
func (t *Text) Rows() int {
	t.index()
	return len(t.rows)
}

// Row is the text of row i (0-based) without its line break, "" when there is
// no such row. Each "\r" before the "\n" belongs to the line break.
func (t *Text) Row(i int) string {
	if i < 0 || i >= t.Rows() {
		return ""
	}
	end := len(t.s)
	if i+1 < len(t.rows) {
		end = t.rows[i+1]
	}
	return strings.TrimRight(t.s[t.rows[i]:end], "\r\n")
}

// RowAt is the 0-based row that holds the byte at offset; the last row for the
// end of the text.
func (t *Text) RowAt(offset int) int {
	t.index()
	return max(sort.SearchInts(t.rows, offset+1)-1, 0)
}

// OffsetIn is the byte offset of a byte column (0-based) of a row. A column past
// the end of its row is the end of the row, before the line break; a row past the
// last is the end of the text. Negative numbers are 0.
func (t *Text) OffsetIn(row, column int) int {
	switch {
	case row < 0:
		return 0
	case row >= t.Rows():
		return len(t.s)
	}
	return t.rows[row] + min(max(column, 0), len(t.Row(row)))
}

// RowRange is the range of whole rows as one would underline them: from the
// first character of row first that is neither a blank nor a byte order mark, to
// the end of row last without its line break. Both are 0-based and inclusive;
// rows that are not there are moved to the nearest that is.
func (t *Text) RowRange(first, last int, e Encoding) Range {
	first = min(max(first, 0), t.Rows()-1)
	last = min(max(last, first), t.Rows()-1)
	row := t.Row(first)
	indent := len(row) - len(strings.TrimLeftFunc(row, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }))
	return Range{
		Start: t.PositionOf(t.rows[first]+indent, e),
		End:   t.PositionOf(t.OffsetIn(last, len(t.s)), e),
	}
}

// lineAt is the 0-based line that holds the byte at offset; the last line for
// the end of the text.
func (t *Text) lineAt(offset int) int {
	starts := t.index()
	return sort.SearchInts(starts, offset+1) - 1
}

// lineEnd is the byte offset of the end of line i, before its line break.
func (t *Text) lineEnd(i int) int {
	starts := t.index()
	if i == len(starts)-1 {
		return len(t.s)
	}
	end := starts[i+1] - 1
	if t.s[end] == '\n' && end > starts[i] && t.s[end-1] == '\r' {
		end--
	}
	return end
}

// index is t.starts; the first call makes it and t.rows.
func (t *Text) index() []int {
	t.once.Do(func() {
		t.rows = rowStarts(t.s)
		t.starts = t.rows
		// Next to all texts have no "\r"; leaving the search for it out of the loop
		// makes indexing a megabyte a matter of microseconds.
		if strings.IndexByte(t.s, '\r') >= 0 {
			t.starts = lineStarts(t.s, len(t.rows))
		}
	})
	return t.starts
}

// rowStarts finds the byte offsets where rows start.
func rowStarts(s string) []int {
	starts := append(make([]int, 0, 1+strings.Count(s, "\n")), 0)
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return starts
		}
		at += i + 1
		starts = append(starts, at)
	}
}

// lineStarts finds the byte offsets where lines start; there are n or more.
func lineStarts(s string, n int) []int {
	starts := append(make([]int, 0, n), 0)
	for i := range len(s) {
		loneCR := s[i] == '\r' && (i+1 == len(s) || s[i+1] != '\n')
		if s[i] == '\n' || loneCR {
			starts = append(starts, i+1)
		}
	}
	return starts
}
