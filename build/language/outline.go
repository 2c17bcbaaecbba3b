package language

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/buildls/buildls/build/dockerfile"
)

// An OutlineKind is what an entry of an outline is.
type OutlineKind int

// The kinds of entries.
const (
	OutlineStage OutlineKind = iota
	OutlineInstruction
	OutlineVariable // of an ARG or ENV
	OutlineDirective
)

// An Entry is a line of an outline.
type Entry struct {
	Kind         OutlineKind
	Name, Detail string // Detail may be empty
	Span         Span   // all of it
	Word         Span   // what is selected when a reader goes there; inside of Span
	Children     []Entry
}

// Outline is what a Dockerfile is made of: its directives and global ARGs, and its stages with
// their instructions.
func Outline(f *dockerfile.File) (list []Entry) {
	for _, d := range directives(f) {
		list = append(list, directiveEntry(f, d))
	}
	stages := stageLines(f)
	body, number := &list, 0
	for _, st := range f.Instructions() {
		if !beginsStage(st) {
			*body = appendEntries(*body, st)
			continue
		}
		list = append(list, stageEntry(st, number, linesOf(f, stages[number])))
		body = &list[len(list)-1].Children
		number++
	}
	return list
}

// StageWord is where the stage is named that a build of target builds: the last one, if target is
// empty. ok is false if there is none, or BuildKit refuses the text.
func StageWord(f *dockerfile.File, target string) (at Span, ok bool) {
	stages, err := f.Stages()
	if err != nil {
		return Span{}, false
	}
	return stageWord(f, dockerfile.Target(stages, target))
}

// NumberedStage is where the stage is named whose number stands at a byte; ok is false if none does.
func NumberedStage(f *dockerfile.File, offset int) (at Span, ok bool) {
	for _, n := range f.StageNames() {
		if !n.Defines && spanOf(f, n.Token).Holds(offset) {
			return stageWord(f, n.Stage)
		}
	}
	return Span{}, false
}

func stageWord(f *dockerfile.File, number int) (at Span, ok bool) {
	for _, e := range Outline(f) {
		if e.Kind != OutlineStage {
			continue
		}
		if number == 0 {
			return e.Word, true
		}
		number--
	}
	return Span{}, false
}

// directives are all parser directives: an escape may stand where no other may.
func directives(f *dockerfile.File) []dockerfile.Directive {
	list := slices.DeleteFunc(f.Directives(true), func(d dockerfile.Directive) bool { return d.Name != "escape" })
	list = append(list, slices.DeleteFunc(f.Directives(false), func(d dockerfile.Directive) bool { return d.Name == "escape" })...)
	slices.SortFunc(list, func(a, b dockerfile.Directive) int { return a.Line - b.Line })
	return list
}

func directiveEntry(f *dockerfile.File, d dockerfile.Directive) Entry {
	line, column := f.Content(d.Line)
	at := strings.Index(strings.ToLower(line), d.Name)
	start := f.Offset(d.Line, column+at)
	value := spanOf(f, d.Token)
	return Entry{Kind: OutlineDirective, Name: d.Name, Detail: d.Value, Span: Span{start, value.End}, Word: Span{start, start + len(d.Name)}}
}

// stageEntry names a stage as a person does: by its name, or by what it is built on.
func stageEntry(st *dockerfile.Instruction, number int, span Span) Entry {
	e := Entry{Kind: OutlineStage, Name: fmt.Sprintf("stage %d", number), Span: span, Word: partOf(st, st.Keyword)}
	if len(st.Args) > 0 {
		e.Detail = short(st.Slice(st.Args[0]))
		e.Word = partOf(st, st.Args[0])
	}
	if at, ok := st.StageName(); ok {
		e.Name, e.Word = short(st.Slice(at)), partOf(st, at)
	}
	return e
}

// appendEntries adds an instruction, or the variables that an ARG or ENV sets.
func appendEntries(list []Entry, st *dockerfile.Instruction) []Entry {
	span := linesOf(st.File, st.Lines())
	if sets := st.Assignments(); len(sets) > 0 && st.Onbuild.Empty() {
		for i, a := range sets {
			at := partOf(st, dockerfile.Part{Start: a.Name.Start, End: max(a.Name.End, a.Value.End)})
			if i == 0 {
				at.Start = span.Start
			}
			name, value := st.Name()+" "+short(st.Unquoted(a.Name)), ""
			if !dockerfile.SecretName(st.Unquoted(a.Name)) {
				value = short(st.Unquoted(a.Value))
			}
			list = append(list, Entry{Kind: OutlineVariable, Name: name, Detail: value, Span: at, Word: partOf(st, a.Name)})
		}
		return list
	}
	word := st.Name()
	if !st.Onbuild.Empty() {
		word = "ONBUILD " + word
	}
	e := Entry{Kind: OutlineInstruction, Name: strings.TrimSpace(word + " " + what(st)), Span: span, Word: partOf(st, st.Head())}
	return append(list, e)
}

// what is what an instruction does, in short: its arguments, or the first line of a heredoc that
// is its script.
func what(st *dockerfile.Instruction) string {
	if doc := st.Script(); doc != nil {
		for i := doc.First; i <= doc.Last; i++ {
			if line := strings.TrimSpace(st.File.Line(i)); line != "" && !strings.HasPrefix(line, "#") {
				return short(line)
			}
		}
	}
	if list, err := st.JSONArray(); err == nil {
		words := make([]string, len(list))
		for i, e := range list {
			words[i] = e.Value
		}
		return short(strings.Join(words, " "))
	}
	return short(st.Slice(st.Rest))
}

// short is a text in one line of at most 60 characters.
func short(text string) string {
	if isShort(text) {
		return text
	}
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= 60 {
		return text
	}
	return string([]rune(text)[:59]) + "…"
}

// isShort says whether a text surely is short already, as next to all are.
func isShort(text string) bool {
	if len(text) > 60 {
		return false
	}
	blank := true // before the text, and behind it
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c >= utf8.RuneSelf || blank && c == ' ' {
			return false
		}
		blank = c == ' '
	}
	return !blank
}
