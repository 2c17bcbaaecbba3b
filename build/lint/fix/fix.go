// Package fix mends problems of a Dockerfile, lint's own: it says which edits do, which of several is
// the likeliest, and which leave the image as it is.
package fix

import (
	"cmp"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/lint/locate"
	"github.com/buildls/buildls/build/lint/pragma"
	"github.com/buildls/buildls/build/shell"
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

// Known is what is known beside a Dockerfile's text. The zero Known is nothing.
type Known struct {
	Images dockerfile.Images // the configs of base images
	// Installed are the packages that a build installed by an instruction; nil if nobody knows.
	Installed func(*dockerfile.Instruction) []Package
	// Digest is that of an image as FROM names it, which a build used: sha256:…; nil if nobody
	// knows, empty if it is not known.
	Digest func(image string) string
}

// For is what can be done about a problem that lint found in a file: the likeliest first, nothing
// if nothing is known. It never fails.
func For(p dockerfile.Problem, file *dockerfile.File, known Known) []Fix {
	return New(file, known).For(p)
}

// A Fixer mends the problems of one file, which it reads once. It serves one goroutine at a time.
type Fixer struct{ src source }

// New is a fixer for a file.
func New(file *dockerfile.File, known Known) *Fixer {
	return &Fixer{source{File: file, Known: known}}
}

// For is as the function of that name.
func (f *Fixer) For(p dockerfile.Problem) []Fix { return f.src.fixes(p) }

// All are the edits that mend all problems for which a safe fix is known, in the order of the text.
// Where two are in each other's way the second is left for the next time.
func All(problems []dockerfile.Problem, file *dockerfile.File, known Known) []Edit {
	src := &source{File: file, Known: known}
	var all []Edit
	var order []mending // the first of each instruction with fixes of good practice
	practiced := map[int][]Edit{}
	for _, p := range problems {
		if number.MatchString(p.Code) && !mayBeSafe[p.Code] {
			continue
		}
		m := src.mending(p)
		var fixes []Fix
		if mayBeSafe[p.Code] {
			fixes = slices.DeleteFunc(practices[p.Code](m), func(f Fix) bool { return !src.allows(f) })
		} else {
			fixes = src.fixes(p)
		}
		i := slices.IndexFunc(fixes, func(f Fix) bool { return f.Safe })
		switch {
		case i < 0:
		case mayBeSafe[p.Code]:
			if practiced[m.First] == nil {
				order = append(order, m)
			}
			practiced[m.First] = merge(practiced[m.First], fixes[i].Edits)
		default:
			all = merge(all, fixes[i].Edits)
		}
	}
	for _, m := range order { // a script is read once
		if edits := practiced[m.First]; m.keepsScripts(Fix{Edits: edits}) {
			all = merge(all, edits)
		}
	}
	slices.SortStableFunc(all, compareEdits)
	return all
}

// Apply is a file's text after edits that are in the order of the text, and not in each other's way.
func Apply(file *dockerfile.File, edits []Edit) string {
	var b strings.Builder
	text, at := file.String(), 0
	for _, e := range edits {
		b.WriteString(text[at:file.Offset(e.First, e.Start)])
		b.WriteString(e.Text)
		at = file.Offset(e.Last, e.End)
	}
	return b.String() + text[at:]
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

// A source is a Dockerfile, and what is known beside it to mend mistakes.
type source struct {
	*dockerfile.File
	Known
	bodies   []dockerfile.Heredoc              // of what looks like a heredoc and is none
	states   map[*dockerfile.Instruction]state // once they are asked for
	readings map[*dockerfile.Instruction]*shell.Reading
	called   map[question]int // the line from which on something is called
	lists    *int             // the last line that needs the lists of apt-get; nil before it is asked for
}

// A mender finds the fixes for a problem.
type mender func(m mending) []Fix

// A mending is a problem to mend: the instruction that it is in, and what its message
// names.
type mending struct {
	locate.Site
	src     *source
	here    dockerfile.Token // what is underlined
	message string
	hint    string // what BuildKit thinks was meant
}

// number is the code of a rule that is none of BuildKit's: hadolint's or ShellCheck's.
var number = lazyregexp.New(`^(DL|SC)[0-9]+$`)

// fixes returns the fixes for a problem, the likeliest first.
func (s *source) fixes(p dockerfile.Problem) []Fix {
	m := s.mending(p)
	var list []Fix
	rule, buildkit := locate.Rule(p.Code)
	switch {
	case buildkit:
		m.Match, _ = locate.Match(rule.Message, withoutHint(p.Message))
		if mend := menders[p.Code]; mend != nil && (m.Name() != "FROM" || ofFrom[p.Code]) {
			list = mend(m)
		}
		list = append(append(list, m.ignoreHere(p.Code)), ignoreRule(s, p.Code)...)
	case number.MatchString(p.Code):
		if mend := practices[p.Code]; mend != nil {
			list = slices.DeleteFunc(mend(m), func(f Fix) bool { return !s.allows(f) || !m.keepsScripts(f) })
		}
		list = append(list, m.ignoreHere(p.Code), s.ignoreInFile(p.Code))
	case p.Code == pragma.Unused:
		list = mendUnused(m)
	default:
		list = m.mistake(p)
	}
	return slices.DeleteFunc(list, func(f Fix) bool { return !s.allows(f) })
}

func (s *source) mending(p dockerfile.Problem) mending {
	m := mending{Site: locate.Site{Instruction: s.At(p.Lines.First), Reported: p.Lines}, src: s,
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
func flagNames(s locate.Site) []dockerfile.Token {
	var list []dockerfile.Part
	for _, f := range s.FlagsNamed(s.Named(0)) {
		name, _, _ := s.Cut(f, "=")
		list = append(list, dockerfile.Part{Start: name.Start + len("--"), End: name.End})
	}
	return s.Tokens(list...)
}

// platformVariable finds the only variable of a --platform.
func platformVariable(s locate.Site) []dockerfile.Token {
	var list []dockerfile.Part
	for _, f := range s.FlagsNamed("--platform") {
		for _, r := range s.References(f, s.File.Escape, false) {
			list = append(list, r.Name)
		}
	}
	if len(list) != 1 {
		return nil
	}
	return s.Tokens(list...)
}

// imageAlone finds the image that could not be had, in this instruction.
func imageAlone(s locate.Site) []dockerfile.Token {
	for _, sp := range s.ImageNames() {
		if s.Unquoted(sp) == s.Named(0) {
			return s.Tokens(sp)
		}
	}
	return nil
}
