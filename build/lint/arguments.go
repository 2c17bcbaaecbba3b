package lint

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
)

// head is the word that names the instruction, ONBUILD with its trigger too.
func (st *statement) head() span {
	if !st.onbuild.empty() {
		return st.onbuild
	}
	return st.keyword
}

// withVariables are those of some parts of the text that have a variable.
func (st *statement) withVariables(parts []span) []span {
	var list []span
	for _, sp := range parts {
		if strings.Contains(st.of(sp), "$") {
			list = append(list, sp)
		}
	}
	return list
}

// openQuote is where the quote begins that is not closed in a part of the text; -1 if
// there is none.
func (st *statement) openQuote(in span) int {
	open := -1
	for i := in.start; i < in.end; i++ {
		switch c := st.text[i]; {
		case c == st.src.escape && (open < 0 || st.text[open] == '"'):
			i++
		case c != '\'' && c != '"':
		case open < 0:
			open = i
		case st.text[open] == c:
			open = -1
		}
	}
	return open
}

// trimEnd is where a part ends without white space.
func (st *statement) trimEnd(sp span) int {
	return sp.start + len(strings.TrimRight(st.of(sp), " \t\r\n\v\f"))
}

// An element is one of an instruction's arguments, be they in JSON or not.
type element struct {
	span
	value string
	kind  byte // of JSON: " for a string
}

// elements are the arguments, those of a JSON array one by one.
func (st *statement) elements() []element {
	if list, err := st.array(); err == nil {
		return list
	}
	var list []element
	for _, a := range st.args {
		list = append(list, element{span: a, value: st.plain(a), kind: '"'})
	}
	return list
}

// array reads the arguments as a JSON array.
func (st *statement) array() ([]element, error) {
	text := st.of(st.rest)
	if !strings.HasPrefix(text, "[") {
		return nil, errors.New("no JSON array")
	}
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	var list []element
	at := st.rest.start + 1
	for _, r := range raw {
		i := strings.Index(st.text[at:st.rest.end], string(r))
		e := element{span: span{at + i, at + i + len(r)}, kind: r[0]}
		if err := json.Unmarshal(r, &e.value); err != nil {
			e.value = string(r)
		}
		list = append(list, e)
		at = e.end
	}
	return list, nil
}

// key and value are a field's, as BuildKit reads them.
func (st *statement) keyOf(f field) string { return strings.ToLower(st.plain(f.key)) }

// typeOf is the type of a field's mount.
func (st *statement) typeOf(f field) string {
	for _, other := range st.fields() {
		if other.flag == f.flag && st.keyOf(other) == "type" {
			return strings.ToLower(st.plain(other.value))
		}
	}
	return "bind"
}

// images are the places of an instruction that name an image or a stage.
func (st *statement) images() []span {
	var list []span
	if st.name() == "FROM" && len(st.args) > 0 {
		list = append(list, st.args[0])
	}
	for _, f := range st.flag("--from") {
		_, value, _ := st.cut(f, "=")
		list = append(list, value)
	}
	for _, f := range st.fields() {
		if st.keyOf(f) == "from" {
			list = append(list, f.value)
		}
	}
	return list
}

// known says whether there is such an instruction.
func (st *statement) known() bool {
	_, ok := command.Commands[strings.ToLower(st.of(st.head()))]
	return ok
}

// gap is all between two words.
func (st *statement) gap(a, b span) token {
	from, to := st.token(a), st.token(b)
	return token{from.Last, from.End, to.First, to.Start}
}
