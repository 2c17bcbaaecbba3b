package shellcheck

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/buildls/buildls/build/dockerfile"
)

// A finding is what ShellCheck says of some bytes of what it was given.
type finding struct {
	start, end    int
	code, message string
	severity      dockerfile.Severity
}

// severities are none an error: the script runs.
var severities = map[string]dockerfile.Severity{"error": dockerfile.Warning, "warning": dockerfile.Warning, "info": dockerfile.Information, "style": dockerfile.Hint}

// findings are the comments on a text that was given.
func findings(given string, comments []comment) (list []finding) {
	lines := strings.SplitAfter(given, "\n")
	starts := make([]int, len(lines))
	for i := 1; i < len(lines); i++ {
		starts[i] = starts[i-1] + len(lines[i-1])
	}
	at := func(line, column int) int {
		if line < 1 || line > len(lines) {
			return len(given)
		}
		text, offset := strings.TrimSuffix(lines[line-1], "\n"), 0
		for ; column > 1 && offset < len(text); column-- {
			_, size := utf8.DecodeRuneInString(text[offset:])
			offset += size
		}
		return starts[line-1] + offset
	}
	for _, c := range comments {
		if severity, ok := severities[c.Level]; ok {
			from := at(c.Line, c.Column)
			list = append(list, finding{from, max(from, at(c.EndLine, c.EndColumn)), fmt.Sprintf("SC%04d", c.Code), c.Message, severity})
		}
	}
	return list
}

// page is where ShellCheck explains what it says.
const page = "https://www.shellcheck.net/wiki/"

// problems are what was found in the script, where it stands in the file.
func (s *script) problems(found []finding) (list []dockerfile.Problem) {
	for _, f := range found {
		if f.start < s.before {
			continue
		}
		start, end := f.start-s.before, f.end-s.before
		if start > 0 && start == len(s.Text) && s.Text[start-1] == '\n' { // the end of the last line
			start--
		}
		if start == end { // a place between two bytes is that of the second
			_, size := utf8.DecodeRuneInString(s.Text[start:])
			end += size
		}
		for end > start && s.Text[end-1] == '\n' { // a line's end is no part of it
			end--
		}
		t := s.At(start, end).Token(s.in)
		list = append(list, dockerfile.Problem{Code: f.code, URL: page + f.code, Severity: f.severity, Message: f.message,
			Lines: dockerfile.Lines{First: t.First, Last: t.Last}, Columns: dockerfile.Columns{Start: t.Start, End: t.End}})
	}
	return list
}
