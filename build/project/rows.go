package project

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"
)

// rows are the lines of a YAML file, as its library counts them.
type rows struct {
	text   []byte
	starts []int // of the rows, in bytes
	lines  []int // of what is a line elsewhere
}

func rowsOf(data []byte) *rows {
	text := yamlLines(data)
	return &rows{text, startsOf(text), startsOf(data)}
}

// yamlLines is a text of the same length whose lines are YAML's: each ends with "\n", where in
// the file a "\r" or one of Unicode's line ends may stand (YAML 1.1, b-generic).
func yamlLines(data []byte) []byte {
	for _, end := range []string{"\u0085", "\u2028", "\u2029", "\r\n", "\r"} {
		if bytes.Contains(data, []byte(end)) {
			data = bytes.ReplaceAll(data, []byte(end), []byte(strings.Repeat(" ", len(end)-1)+"\n"))
		}
	}
	return data
}

// startsOf is where the lines of a text begin.
func startsOf(text []byte) []int {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// offset is that of a column, counted in runes, of a row.
func (r *rows) offset(row, column int) int {
	if row >= len(r.starts) {
		return len(r.text)
	}
	offset := r.starts[max(row, 0)]
	for ; column > 0 && offset < len(r.text); column-- {
		_, size := utf8.DecodeRune(r.text[offset:])
		offset += size
	}
	return offset
}

// line is the line, as in Problem, that a row begins on.
func (r *rows) line(row int) int { return sort.SearchInts(r.lines, r.offset(row, 0)+1) - 1 }
