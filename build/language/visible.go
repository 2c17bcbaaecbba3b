package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A visibleVariable is a variable as it is seen from a place.
type visibleVariable struct {
	name, value string // value as it is written; empty for what may be a secret
	arg         bool
	line        int // 0-based, of what sets it
}

func (v visibleVariable) detail() string {
	word := "ENV"
	if v.arg {
		word = "ARG"
	}
	return strings.TrimSpace(fmt.Sprintf("%s  %s, line %d", short(v.value), word, v.line+1))
}

// scopeAt is the scope of a byte of the text: the stage whose FROM stands above.
func (n *Names) scopeAt(f *dockerfile.File, offset int) scope {
	here := outside
	for _, st := range f.Instructions() {
		if beginsStage(st) && partOf(st, st.Keyword).Start <= offset {
			here++
		}
	}
	return here
}

// visible are the variables that are set where a place of a scope is: before it, in the stages
// that its stage is built on, or for FROMs and ARGs before the first. The nearest come first.
func (n *Names) visible(f *dockerfile.File, where scope, offset int) (list []visibleVariable) {
	seen := map[string]bool{}
	for here, more := where, true; more; here, more = n.base[here] {
		for _, s := range n.Symbols {
			if s.Kind != Variable || seen[s.Name] {
				continue
			}
			at := Occurrence{Span: Span{offset, offset}, scope: where, Instruction: f.At(f.LineOf(offset))}
			o, ok := s.lastIn(here, at)
			if !ok {
				continue
			}
			seen[s.Name] = true
			list = append(list, visibleVariable{s.Name, s.valueAt(o), o.Instruction.Name() == "ARG", o.Instruction.First})
		}
	}
	slices.SortStableFunc(list, func(a, b visibleVariable) int { return b.line - a.line })
	return list
}

// valueAt is the value that a place gives the variable, as it is written. An ARG without a value has
// that of the global one.
func (s *Symbol) valueAt(o Occurrence) string {
	if dockerfile.SecretName(s.Name) {
		return ""
	}
	if o.bare && o.scope != global {
		for _, w := range s.Writes() {
			if w.scope == global {
				o = w
			}
		}
	}
	for _, a := range o.Instruction.Assignments() {
		if o.Instruction.Unquoted(a.Name) == s.Name {
			return o.Instruction.Slice(a.Value)
		}
	}
	return ""
}
