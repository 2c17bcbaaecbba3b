package language

import (
	"cmp"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A scope is where a variable may be seen: a stage by its number, or one of these.
type scope int

const (
	global  scope = -2      // ARGs before the first FROM; FROMs see them
	outside scope = -1      // what else stands before the first FROM, which BuildKit refuses
	scripts scope = 1 << 30 // and more: a RUN whose shell sets the variable, by its first line
)

// A variableKey is a name in a scope.
type variableKey struct {
	scope scope
	name  string
}

// A binding is a variable of one scope.
type binding struct {
	variableKey
	places []Occurrence
	sets   bool     // the scope gives it a value
	arg    bool     // by an ARG
	same   *binding // of another scope, with which it is one; nil if there is none
}

// bindings tell which variables of different scopes are one.
type bindings struct {
	order []*binding
	byKey map[variableKey]*binding
	base  map[scope]scope // of Names
}

// bind reads the variables of a Dockerfile.
func bind(f *dockerfile.File, base map[scope]scope) *bindings {
	b := &bindings{byKey: map[variableKey]*binding{}, base: base}
	here := outside
	for _, st := range f.Instructions() {
		from := beginsStage(st)
		if from {
			here = max(here, outside) + 1
		}
		script := scripts + scope(st.First)
		assigned := assignments(st)
		for _, m := range append(st.Mentions(), assigned...) {
			if !isName(m.Name) {
				continue
			}
			at := here
			switch {
			case from || here == outside && st.Name() == "ARG":
				at = global
			case !st.Onbuild.Empty() && m.Sets, slices.ContainsFunc(assigned, func(a dockerfile.Mention) bool { return a.Name == m.Name }):
				at = script // what an ONBUILD sets is of a build to come
				b.base[script] = here
			}
			b.add(variableKey{at, m.Name}, Occurrence{Span: spanOf(f, m.Word), Write: m.Sets, Instruction: st, bare: isBare(m)})
			if at == global && !from { // what stands before the first FROM sees it too
				b.add(variableKey{outside, m.Name}, Occurrence{Write: m.Sets, Instruction: st})
			}
		}
	}
	for _, v := range b.order {
		b.join(v)
	}
	return b
}

// bases are the stages that stages are built on.
func bases(f *dockerfile.File, named []dockerfile.StageName) map[scope]scope {
	on := map[*dockerfile.Instruction]int{}
	for _, n := range named {
		if !n.Defines {
			on[n.Instruction] = n.Stage
		}
	}
	base, here := map[scope]scope{}, outside
	for _, st := range f.Instructions() {
		if !beginsStage(st) {
			continue
		}
		here++
		if stage, ok := on[st]; ok {
			base[here] = scope(stage)
		}
	}
	return base
}

func (b *bindings) add(k variableKey, o Occurrence) {
	v := b.byKey[k]
	if v == nil {
		v = &binding{variableKey: k}
		b.byKey[k] = v
		b.order = append(b.order, v)
	}
	v.sets = v.sets || o.Write
	v.arg = v.arg || o.Write && o.Instruction.Name() == "ARG"
	if o.Span != (Span{}) {
		o.scope = k.scope
		v.places = append(v.places, o)
	}
}

// setIn is the variable of a name in a scope that gives it a value; nil if it does not.
func (b *bindings) setIn(where scope, name string) *binding {
	if v := b.byKey[variableKey{where, name}]; v != nil && v.sets {
		return v
	}
	return nil
}

// join makes a variable one with that which it takes its value from: the nearest stage below that
// sets it, or the global ARG that an ARG declares again.
func (b *bindings) join(v *binding) {
	for at, ok := b.base[v.scope]; ok; at, ok = b.base[at] {
		if below := b.setIn(at, v.name); below != nil {
			v.unite(below)
			break
		}
	}
	if v.scope != global && v.arg {
		if above := b.setIn(global, v.name); above != nil {
			v.unite(above)
		}
	}
}

func (v *binding) root() *binding {
	for v.same != nil {
		v = v.same
	}
	return v
}

func (v *binding) unite(other *binding) {
	if from, to := v.root(), other.root(); from != to {
		from.same = to
	}
}

// variables are those of the Dockerfile.
func (b *bindings) variables() (list []*Symbol) {
	symbols := map[*binding]*Symbol{}
	for _, v := range b.order {
		s := symbols[v.root()]
		if s == nil {
			s = &Symbol{Kind: Variable, Name: v.name}
			symbols[v.root()] = s
			list = append(list, s)
		}
		s.Occurrences = append(s.Occurrences, v.places...)
	}
	list = slices.DeleteFunc(list, func(s *Symbol) bool { return len(s.Occurrences) == 0 })
	for _, s := range list {
		slices.SortFunc(s.Occurrences, func(a, b Occurrence) int { return cmp.Compare(a.Start, b.Start) })
	}
	return list
}

// isBare says whether a place declares an ARG without a value.
func isBare(m dockerfile.Mention) bool {
	if !m.Sets || m.Instruction.Name() != "ARG" {
		return false
	}
	for _, a := range m.Instruction.Assignments() {
		if m.Instruction.Token(a.Name) == m.Token {
			return a.Value == dockerfile.Part{Start: a.Name.End, End: a.Name.End}
		}
	}
	return false
}

// isName says whether a shell's and BuildKit's variables may have a name; $1 and $@ are others.
func isName(name string) bool {
	return name != "" && !strings.ContainsAny(name[:1], "0123456789@*#?-$!")
}

// Definition is the place that a name at another place means: of a variable the ENV or ARG whose
// value it has there, of a stage's name the FROM that gave it, of the end of a heredoc its word.
// ok is false if the text has none.
func (n *Names) Definition(s *Symbol, at Occurrence) (o Occurrence, ok bool) {
	if s.Kind != Variable {
		for _, w := range s.Writes() {
			if !ok || w.Start <= at.Start {
				o, ok = w, true
			}
		}
		return o, ok
	}
	if at.Write {
		return at, true
	}
	for here, more := at.scope, true; more; here, more = n.base[here] {
		if o, ok = s.lastIn(here, at); ok {
			return o, true
		}
	}
	return s.lastIn(global, at)
}

// lastIn is what sets the variable last in a scope: before some place that is in it, else at its
// end, where an ENV hides an ARG (BuildKit's dockerfile2llb, initDispatchState). An ENV does not see
// what it sets itself. An ARG sees what stands before in it, and a shell all.
func (s *Symbol) lastIn(where scope, at Occurrence) (o Occurrence, ok bool) {
	for _, w := range s.Writes() {
		below := where != at.scope && where != global
		switch {
		case w.scope != where, w.Start > at.Start || w.Instruction == at.Instruction && where < scripts && w.unseen(at):
		case ok && w.bare && where != global, ok && below && w.Instruction.Name() == "ARG" && o.Instruction.Name() == "ENV":
		default:
			o, ok = w, true
		}
	}
	return o, ok
}

// unseen says whether what a place of an ENV or ARG sets is not yet set at another of its places.
func (o Occurrence) unseen(at Occurrence) bool {
	if o.Instruction.Name() == "ENV" {
		return true
	}
	for _, a := range o.Instruction.Assignments() {
		if name := partOf(o.Instruction, a.Name); name.Holds(o.Start) {
			return at.Start <= partOf(o.Instruction, a.Value).End
		}
	}
	return false
}
