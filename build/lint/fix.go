package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Fix is an edit that mends a problem.
type Fix struct {
	Title     string
	Edits     []Edit
	Preferred bool // the likeliest one
	Safe      bool // it leaves the image as it is, so it needs no asking
}

// An Edit replaces a part of the text: 0-based lines as in dockerfile.Lines, byte columns, the
// end exclusive.
type Edit struct {
	First, Start, Last, End int
	Text                    string
}

// Fixes returns what can be done about a problem that [Check] found in a file.
func Fixes(p dockerfile.Problem, f File) []Fix {
	return sourceOf(f).fixes(p)
}

// sourceOf is a file's source, which knows the images that the file may stand on.
func sourceOf(f File) *source {
	return &source{File: f.Dockerfile, images: f.Images}
}

// FixAll returns the edits that mend all problems for which a safe fix is known. Where
// two are in each other's way the second is left for the next time.
func FixAll(problems []dockerfile.Problem, f File) []Edit {
	src := sourceOf(f)
	var all []Edit
	for _, p := range problems {
		fixes := src.fixes(p)
		i := slices.IndexFunc(fixes, func(f Fix) bool { return f.Safe })
		if i >= 0 {
			all = merge(all, fixes[i].Edits)
		}
	}
	slices.SortStableFunc(all, compareEdits)
	return all
}

// merge adds edits, all or none of them. One that is there already is no obstacle.
func merge(all, more []Edit) []Edit {
	added := slices.Clip(all)
	for _, e := range more {
		if slices.Contains(all, e) {
			continue
		}
		if slices.ContainsFunc(all, e.conflicts) {
			return all
		}
		added = append(added, e)
	}
	return added
}

func compareEdits(a, b Edit) int {
	return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Start, b.Start),
		cmp.Compare(a.Last, b.Last), cmp.Compare(a.End, b.End))
}

// conflicts says whether two edits touch the same text, or insert at the same place.
func (e Edit) conflicts(o Edit) bool {
	if e.First == o.First && e.Start == o.Start {
		return true
	}
	before := func(a, b Edit) bool { return a.Last < b.First || a.Last == b.First && a.End <= b.Start }
	return !before(e, o) && !before(o, e)
}

// A mender finds the fixes for a problem.
type mender func(m mending) []Fix

// A mending is a problem to mend: the instruction that it is in, and what its message
// names.
type mending struct {
	subject
	here    dockerfile.Token // what is underlined
	message string
	hint    string // what BuildKit thinks was meant
}

// fixes returns the fixes for a problem, the likeliest first.
func (s *source) fixes(p dockerfile.Problem) []Fix {
	m := s.mending(p)
	var list []Fix
	if r, ok := rules[p.Code]; ok {
		m.match, _ = matching(r.message, withoutHint(p.Message))
		if mend := menders[p.Code]; mend != nil && (m.Name() != "FROM" || ofFrom[p.Code]) {
			list = mend(m)
		}
		list = append(list, ignoreRule(s, p.Code)...)
	} else {
		list = m.mistake(p)
	}
	return slices.DeleteFunc(list, func(f Fix) bool { return !s.allows(f) })
}

func (s *source) mending(p dockerfile.Problem) mending {
	m := mending{subject: subject{Instruction: s.At(p.Lines.First), src: s, lines: p.Lines},
		here: dockerfile.Token{First: p.Lines.First, Start: p.Columns.Start, Last: p.Lines.Last, End: p.Columns.End}, message: p.Message}
	if _, hint, ok := strings.Cut(p.Message, " (did you mean "); ok {
		m.hint = strings.TrimPrefix(strings.TrimSuffix(hint, "?)"), "$")
	}
	return m
}

func withoutHint(message string) string {
	message, _, _ = strings.Cut(message, " (did you mean ")
	return message
}

// allows says whether a fix is one: it edits, and inside of the text.
func (s *source) allows(f Fix) bool {
	outside := func(e Edit) bool {
		return !s.Holds(dockerfile.Token{First: e.First, Start: e.Start, Last: e.Last, End: e.End})
	}
	return len(f.Edits) > 0 && !slices.ContainsFunc(f.Edits, outside)
}

// menders are the fixes for lint rules. The other rules leave a choice to the author.
var menders = map[string]mender{
	"StageNameCasing":                mendStageName,
	"FromAsCasing":                   mendAs,
	"NoEmptyContinuation":            mendEmptyLines,
	"ConsistentInstructionCasing":    mendCasing,
	"JSONArgsRecommended":            mendShellForm,
	"MaintainerDeprecated":           mendMaintainer,
	"UndefinedArgInFrom":             mendUndefinedInFrom,
	"WorkdirRelativePath":            mendWorkdir,
	"UndefinedVar":                   mendUndefined,
	"MultipleInstructionsDisallowed": mendUseless,
	"LegacyKeyValueFormat":           mendLegacy,
	"RedundantTargetPlatform":        mendPlatform,
	"InvalidDefinitionDescription":   mendDescription,
	"ExposeProtoCasing":              mendProto,
	"ExposeInvalidFormat":            mendPort,
}

// ofFrom are the rules that may be about a FROM itself. What else is said of one is about
// an ONBUILD of its base.
var ofFrom = map[string]bool{"StageNameCasing": true, "FromAsCasing": true, "NoEmptyContinuation": true, "ConsistentInstructionCasing": true,
	"UndefinedArgInFrom": true, "RedundantTargetPlatform": true, "InvalidDefinitionDescription": true}

// mistake mends an error.
func (m mending) mistake(p dockerfile.Problem) []Fix {
	message := withoutHint(p.Message)
	if m.hint == targetPlatform {
		return mendPlatform(m)
	}
	if m.hint != "" {
		return m.mendTypo(message)
	}
	switch {
	case strings.Contains(message, "SHELL requires the arguments to be in JSON form"):
		return one(m.execForm())
	case strings.Contains(message, "in HEALTHCHECK (try CMD)"):
		return one(m.healthcheck())
	}
	return nil
}

// replace is the fix that puts a text in the place of the first of some tokens.
func (m mending) replace(title, text string, list []dockerfile.Token) Fix {
	f := Fix{Title: title, Preferred: true}
	if len(list) > 0 {
		f.Edits = []Edit{edit(list[0], text)}
	}
	return f
}

func edit(t dockerfile.Token, text string) Edit { return Edit{t.First, t.Start, t.Last, t.End, text} }

// one is the list of a fix, if it is one.
func one(f Fix) []Fix {
	if len(f.Edits) == 0 {
		return nil
	}
	return []Fix{f}
}

// flagNames finds the name of the flag that the message names, without the dashes.
func flagNames(s subject) []dockerfile.Token {
	var list []dockerfile.Part
	for _, f := range s.FlagsNamed(s.named(0)) {
		name, _, _ := s.Cut(f, "=")
		list = append(list, dockerfile.Part{Start: name.Start + len("--"), End: name.End})
	}
	return s.Tokens(list...)
}

// platformVariable finds the only variable of a --platform.
func platformVariable(s subject) []dockerfile.Token {
	var list []dockerfile.Part
	for _, f := range s.FlagsNamed("--platform") {
		for _, r := range s.References(f, s.src.Escape, false) {
			list = append(list, r.Name)
		}
	}
	if len(list) != 1 {
		return nil
	}
	return s.Tokens(list...)
}

// imageAlone finds the image that could not be had, in this instruction.
func imageAlone(s subject) []dockerfile.Token {
	for _, sp := range s.ImageNames() {
		if s.Unquoted(sp) == s.named(0) {
			return s.Tokens(sp)
		}
	}
	return nil
}
