package language

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// OnTyped is what changes when an author has typed a character, which stands before a byte of the
// text. Behind the escape at the end of a line, the next line of the instruction is indented; in a
// JSON array, the comma is put between two strings. indent is one step of indentation.
func OnTyped(f *dockerfile.File, offset int, typed, indent string) []Edit {
	line := f.LineOf(offset)
	if text := f.String(); typed == "" || offset < len(typed) || text[offset-len(typed):offset] != typed {
		return nil // the author has gone on
	}
	switch {
	case typed == "\n" && line > 0:
		return indented(f, line-1, line, indent)
	case typed == string(f.Escape):
		row := f.Line(line)
		rest := row[min(offset-f.Offset(line, 0), len(row)):]
		if line+1 < f.Rows() && strings.TrimSpace(rest) == "" && strings.TrimSpace(f.Line(line+1)) != "" {
			return indented(f, line, line+1, indent)
		}
	case typed == `"`:
		return separated(f, line, offset)
	}
	return nil
}

// indented indents a line behind the escape as the lines before it, unless it is indented or begins
// an instruction.
func indented(f *dockerfile.File, before, line int, indent string) []Edit {
	st := f.At(before)
	row, next := strings.TrimRight(f.Line(before), "\r"), f.Line(line)
	_, continued := f.Continued(row)
	inBody := len(st.Heredocs) > 0 && st.Heredocs[0].First <= before
	if st.Text == "" || inBody || f.IsComment(before) || f.IsComment(line) || !continued || strings.TrimLeft(next, " \t") != next {
		return nil
	}
	if word, _, _ := strings.Cut(strings.TrimSpace(next), " "); dockerfile.IsKeyword(strings.ToLower(word)) {
		return nil
	}
	if before > st.First {
		indent = row[:len(row)-len(strings.TrimLeft(row, " \t"))]
	}
	if indent == "" {
		return nil
	}
	at := f.Offset(line, 0)
	return []Edit{{Span{at, at}, indent}}
}

// unclosedArray is an array of JSON up to the end of a string in it.
var unclosedArray = lazyregexp.New(`^\[\s*(?:"(?:[^"\\]|\\.)*"\s*,\s*)*"(?:[^"\\]|\\.)*"[ \t]*$`)

// separated puts a comma before a quote that begins a string right behind another.
func separated(f *dockerfile.File, line, offset int) []Edit {
	st := f.At(line)
	column := offset - f.Offset(line, 0)
	if st.Text == "" || column == 0 || len(st.Heredocs) > 0 || f.IsComment(line) {
		return nil
	}
	array := st.Text[min(st.Rest.Start, len(st.Text)):max(st.TextAt(line, column-1), min(st.Rest.Start, len(st.Text)))]
	if !unclosedArray.MatchString(array) {
		return nil
	}
	bare := strings.TrimRight(array, " \t")
	comma := ","
	if bare == array {
		comma = ", "
	}
	at := f.Offset(line, column-1) - (len(array) - len(bare))
	if at < f.Offset(line, 0) {
		return nil // it stands on the line above
	}
	return []Edit{{Span{at, at}, comma}}
}
