package dockerfile

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/util/suggest"
)

// Head is the word that names the instruction, ONBUILD with its trigger too.
func (st *Instruction) Head() Part {
	if !st.Onbuild.Empty() {
		return st.Onbuild
	}
	return st.Keyword
}

// WithVariables are those of some parts of the text that have a variable.
func (st *Instruction) WithVariables(parts []Part) []Part {
	var list []Part
	for _, sp := range parts {
		if strings.Contains(st.Slice(sp), "$") {
			list = append(list, sp)
		}
	}
	return list
}

// OpenQuote is where the quote begins that is not closed in a part of the text; -1 if
// there is none.
func (st *Instruction) OpenQuote(in Part) int {
	open := -1
	for i := in.Start; i < in.End; i++ {
		switch c := st.Text[i]; {
		case c == st.File.Escape && (open < 0 || st.Text[open] == '"'):
			i++
		case c != '\'' && c != '"':
		case open < 0:
			open = i
		case st.Text[open] == c:
			open = -1
		}
	}
	return open
}

// TrimEnd is where a part ends without white space.
func (st *Instruction) TrimEnd(sp Part) int {
	return sp.Start + len(strings.TrimRight(st.Slice(sp), " \t\r\n\v\f"))
}

// An Element is one of an instruction's arguments, be they in JSON or not.
type Element struct {
	Part
	Value string
	Kind  byte // of JSON: " for a string
}

// Elements are the arguments, those of a JSON array one by one.
func (st *Instruction) Elements() []Element {
	if list, err := st.JSONArray(); err == nil {
		return list
	}
	var list []Element
	for _, a := range st.Args {
		list = append(list, Element{Part: a, Value: st.Unquoted(a), Kind: '"'})
	}
	return list
}

var errNoArray = errors.New("no JSON array")

// JSONArray reads the arguments as a JSON array.
func (st *Instruction) JSONArray() ([]Element, error) {
	text := st.Slice(st.Rest)
	if !strings.HasPrefix(text, "[") {
		return nil, errNoArray
	}
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	var list []Element
	at := st.Rest.Start + 1
	for _, r := range raw {
		i := strings.Index(st.Text[at:st.Rest.End], string(r))
		e := Element{Part: Part{at + i, at + i + len(r)}, Kind: r[0]}
		if err := json.Unmarshal(r, &e.Value); err != nil {
			e.Value = string(r)
		}
		list = append(list, e)
		at = e.End
	}
	return list, nil
}

// key and value are a field's, as BuildKit reads them.
func (st *Instruction) KeyOf(f Field) string { return strings.ToLower(st.Unquoted(f.Key)) }

// TypeOf is the type of a field's mount.
func (st *Instruction) TypeOf(f Field) string {
	for _, other := range st.Fields() {
		if other.Flag == f.Flag && st.KeyOf(other) == "type" {
			return strings.ToLower(st.Unquoted(other.Value))
		}
	}
	return "bind"
}

// ImageNames are the places of an instruction that name an image or a stage.
func (st *Instruction) ImageNames() []Part {
	var list []Part
	if st.Name() == "FROM" && len(st.Args) > 0 {
		list = append(list, st.Args[0])
	}
	for _, f := range st.FlagsNamed("--from") {
		_, value, _ := st.Cut(f, "=")
		list = append(list, value)
	}
	for _, f := range st.Fields() {
		if st.KeyOf(f) == "from" {
			list = append(list, f.Value)
		}
	}
	return list
}

// Runs says whether the instruction is given to a shell, or run as it is in its JSON form.
func (st *Instruction) Runs() bool {
	switch st.Name() {
	case "RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL":
		return true
	}
	return false
}

// Command is the instruction without what stands before the command that it runs: the CMD of a
// HEALTHCHECK.
func (st *Instruction) Command() *Instruction {
	if st.Name() != "HEALTHCHECK" || len(st.Args) < 2 {
		return st
	}
	c := *st
	c.Rest.Start = st.Args[1].Start
	return &c
}

// Known says whether there is such an instruction.
func (st *Instruction) Known() bool {
	return IsKeyword(strings.ToLower(st.Slice(st.Head())))
}

// IsKeyword says whether a word, in lower case, is an instruction's.
func IsKeyword(word string) bool {
	_, ok := command.Commands[word]
	return ok
}

// Meant is the keyword that an unknown word is taken for; the word if it is near none. Of several
// that are as near BuildKit takes any; what hangs on it here must not change from time to time.
func Meant(unknown string) string {
	if near, ok := suggest.Search(unknown, slices.Sorted(maps.Keys(command.Commands)), false); ok {
		return near
	}
	return unknown
}

// Gap is all between two words.
func (st *Instruction) Gap(a, b Part) Token {
	from, to := st.Token(a), st.Token(b)
	return Token{from.Last, from.End, to.First, to.Start}
}
