package workspace

// A Text is one state of a document. It never changes, so it can be read from
// everywhere at once; an edit makes a new one (edit.go). The index of its lines
// is made when somebody first asks for a line, at the speed of memchr, and not
// again.

import (
	"sort"
	"strings"
	"sync"
)

// Text is an immutable text with an index of its lines. Lines end with "\n",
// "\r\n" or "\r", as in the protocol; what follows the last line break is a
// line too, so that "" has one line and "a\n" has two.
type Text struct {
	s      string
	once   sync.Once
	starts []int // byte offset of each line's start; use index
}

// NewText makes a Text of s.
func NewText(s string) *Text { return &Text{s: s} }

// String is the whole text.
func (t *Text) String() string { return t.s }

// Bytes is a fresh copy of the whole text.
func (t *Text) Bytes() []byte { return []byte(t.s) }

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

// LineRange is the range of whole lines as one would underline them: from the
// first character of line first that is not a blank, to the end of line last
// without its line break. Both are 0-based and inclusive; lines that are not
// there are moved to the nearest that is.
func (t *Text) LineRange(first, last int, e Encoding) Range {
	first = min(max(first, 0), t.Lines()-1)
	last = min(max(last, first), t.Lines()-1)
	line := t.Line(first)
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	return Range{
		Start: Position{Line: first, Character: e.units(line[:indent])},
		End:   Position{Line: last, Character: e.units(t.Line(last))},
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

// index is t.starts, made by the first call.
func (t *Text) index() []int {
	t.once.Do(func() { t.starts = lineStarts(t.s) })
	return t.starts
}

// lineStarts finds the byte offsets where lines start.
func lineStarts(s string) []int {
	starts := append(make([]int, 0, 1+strings.Count(s, "\n")), 0)
	// Next to all texts have no "\r"; leaving the search for it out of the loop
	// makes indexing a megabyte a matter of microseconds.
	if strings.IndexByte(s, '\r') >= 0 {
		return lineStartsCR(s, starts)
	}
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return starts
		}
		at += i + 1
		starts = append(starts, at)
	}
}

func lineStartsCR(s string, starts []int) []int {
	for i := range len(s) {
		loneCR := s[i] == '\r' && (i+1 == len(s) || s[i+1] != '\n')
		if s[i] == '\n' || loneCR {
			starts = append(starts, i+1)
		}
	}
	return starts
}
