package fix

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// experimental is the only rule of BuildKit's that is off by default.
const experimental = "InvalidDefinitionDescription"

// ignoreRule adds a rule to the file's `# check=skip=`. The experimental rule is on only
// where the file asks for it; there it is taken out again.
func ignoreRule(s *source, rule string) []Fix {
	f := Fix{Title: "Ignore rule " + rule + " in this file"}
	line := 0
	if text, _ := s.Content(0); strings.HasPrefix(text, "#!") {
		line = 1
	}
	for _, d := range s.Directives(false) {
		line = d.Line + 1
		if d.Name == "check" {
			value, _, _ := strings.Cut(d.Value, " ")
			d.Token.End = d.Token.Start + len(value)
			f.Edits = []Edit{edit(d.Token, withSkip(value, rule))}
			if rule == experimental {
				f.Edits = s.withoutExperiment(d, value, rule)
			}
		}
	}
	if f.Edits == nil && rule != experimental {
		f.Edits = []Edit{s.insertLine(line, "# check=skip="+rule)}
	}
	return one(f)
}

// withSkip adds a rule to the value of a check directive.
func withSkip(value, rule string) string {
	parts := strings.Split(value, ";")
	for i, p := range parts {
		key, list, ok := strings.Cut(p, "=")
		if !ok || strings.TrimSpace(key) != "skip" {
			continue
		}
		if list = strings.TrimRight(list, ", "); list != "" {
			list += ","
		}
		parts[i] = key + "=" + list + rule
		return strings.Join(parts, ";")
	}
	return value + ";skip=" + rule
}

// withoutExperiment takes a rule out of `experimental=`, and the directive out of the
// file if nothing is left of it.
func (s *source) withoutExperiment(d dockerfile.Directive, value, rule string) []Edit {
	var kept []string
	for p := range strings.SplitSeq(value, ";") {
		key, list, _ := strings.Cut(p, "=")
		if strings.TrimSpace(key) != "experimental" {
			kept = append(kept, p)
			continue
		}
		var rules []string
		for r := range strings.SplitSeq(list, ",") {
			if r != rule && r != "all" {
				rules = append(rules, r)
			}
		}
		if len(rules) > 0 {
			kept = append(kept, key+"="+strings.Join(rules, ","))
		}
	}
	if len(kept) > 0 {
		return []Edit{edit(d.Token, strings.Join(kept, ";"))}
	}
	e := s.lineEdit(d.Line, d.Line)
	_, e.Start = s.Content(d.Line)
	return []Edit{e}
}
