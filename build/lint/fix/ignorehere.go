package fix

import (
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/pragma"
)

// ignoreHere ignores a rule in one instruction.
func (m mending) ignoreHere(rule string) Fix {
	content, column := m.File.Content(m.First)
	_, from := m.File.Trimmed(m.First)
	return Fix{Title: "Ignore rule " + rule + " here",
		Edits: m.src.ignoring(rule, "", m.First, content[:from-column]+"# buildls ignore=")}
}

// ignoreInFile ignores a rule in the file, as [ignoreRule] does with one of BuildKit's.
func (s *source) ignoreInFile(rule string) Fix {
	line := 0
	for _, forEscape := range []bool{false, true} {
		for _, d := range s.Directives(forEscape) {
			line = max(line, d.Line+1)
		}
	}
	return Fix{Title: "Ignore rule " + rule + " in this file",
		Edits: s.ignoring(rule, "global", line, "# buildls global ignore=")}
}

// ignoring adds a rule to the comment of a scope that counts for a line, or writes one above it.
func (s *source) ignoring(rule, scope string, line int, comment string) []Edit {
	for _, c := range slices.Backward(pragma.Read(s.File)) {
		if c.Scope == scope && c.Counts.First <= line && line <= c.Counts.Last && len(c.Rules) > 0 {
			end := dockerfile.Token{First: c.Line, Start: c.List.End, Last: c.Line, End: c.List.End}
			return []Edit{edit(end, ","+rule)}
		}
	}
	return []Edit{s.insertLine(line, comment+rule)}
}

// mendUnused takes the rule that is underlined out of its comment, and the comment out of the file
// if that was its only one.
func mendUnused(m mending) []Fix {
	for _, c := range pragma.Read(m.File) {
		i := slices.IndexFunc(c.Rules, func(r pragma.Rule) bool { return r.Token == m.here })
		if i < 0 {
			continue
		}
		var list []Fix
		if m.hint != "" {
			list = append(list, Fix{Title: "Change to " + m.hint, Preferred: true, Edits: []Edit{edit(m.here, m.hint)}})
		}
		f := Fix{Title: "Remove " + c.Rules[i].Name + " from this comment", Preferred: m.hint == ""}
		switch {
		case len(c.Rules) == 1:
			f.Title, f.Edits = "Remove this comment", []Edit{m.src.lineEdit(c.Line, c.Line)}
		case i == 0:
			f.Edits = []Edit{{c.Line, m.here.Start, c.Line, c.Rules[1].Token.Start, ""}}
		default:
			f.Edits = []Edit{{c.Line, c.Rules[i-1].Token.End, c.Line, m.here.End, ""}}
		}
		return append(list, f)
	}
	return nil
}
