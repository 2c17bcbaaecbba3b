package lint

import (
	"slices"
	"strconv"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/linter"
)

// maxRepairs bounds how many mistakes are found one after the other between stages, or
// in one stage.
const maxRepairs = 1000

type noEnv struct{}

func (noEnv) Get(string) (string, bool) { return "", false }
func (noEnv) Keys() []string            { return nil }

// dispatch finds what is wrong inside a stage, some instructions at a time.
func (k *check) dispatch(p *plan, s *stage) {
	rest := s.live()
	for start, first := 0, true; (start < len(rest) || first) && !k.over(); first = false {
		if len(rest) == 0 && len(s.base.triggers()) == 0 {
			return
		}
		u, end := k.stageUnit(p, s, rest, start, "")
		out := k.convert(u, false)
		whatever := sync.OnceValue(func() []*outcome { return k.whatever(p, s, rest, start, u) })
		for _, w := range out.warnings {
			k.stageWarning(s, u, w, whatever)
		}
		if out.message == "" {
			start = end
			continue
		}
		failed, again := k.stageMistake(p, s, u, out, whatever)
		if failed != nil {
			start = slices.Index(rest, failed) + 1
		} else if !again {
			start = end
		} else {
			first = true
		}
	}
}

// inheritable are the instructions that change what BuildKit says of later ones.
var inheritable = map[string]bool{"env": true, "arg": true, "workdir": true, "shell": true, "onbuild": true}

// stageUnit is the unit of some instructions of a stage from start on, and where it ends.
// Environment is an ENV that stands for what the image sets on which the stage stands;
// empty for nothing.
func (k *check) stageUnit(p *plan, s *stage, rest []*instructionAt, start int, environment string) (*unit, int) {
	context := contextOf(rest[:start])
	end := endOfUnit(rest, start, len(context))
	u := k.newUnit(p)
	chain := s.chain()
	included := p.included(s, chain, rest[start:end])
	index := map[*stage]int{}
	standsOn := map[*stage]bool{}
	for _, o := range chain {
		standsOn[o] = true
	}
	for i, o := range included {
		index[o] = i
		switch {
		case o == s:
			u.from(s, start > 0)
			u.environment(o, environment)
			for _, in := range context {
				u.add(in, in.text, s, true)
			}
			for _, in := range rest[start:end] {
				u.add(in, in.text, s, false)
			}
		case standsOn[o]:
			u.from(o, true)
			u.environment(o, environment)
			for _, in := range o.live() {
				if inheritable[in.keyword] {
					u.add(in, in.text, o, true)
				}
			}
		default:
			u.stub(o)
		}
	}
	if last := p.stages[len(p.stages)-1]; last != s && bearing(chain) {
		if p.useOf(last, rest[start:end]) {
			u.line("FROM scratch") // one that uses the stage and is used by it is a circle
		}
		u.reach(p, chain, index)
	}
	return u, end
}

func (p *plan) useOf(s *stage, part []*instructionAt) bool {
	return slices.ContainsFunc(part, func(in *instructionAt) bool {
		used, _ := p.uses(in)
		return slices.Contains(used, s)
	})
}

// reach has the last stage of a unit use those stages that the last of the file uses:
// only these run triggers.
func (u *unit) reach(p *plan, chain []*stage, index map[*stage]int) {
	reachable := p.reachable(p.stages[len(p.stages)-1])
	for _, c := range chain {
		if reachable[c] {
			u.line("COPY --from=" + strconv.Itoa(index[c]) + " / /")
		}
	}
}

// included are the stages that a unit needs, in order: those that the stage stands on,
// those that its instructions name, and the last, which is what is built.
func (p *plan) included(s *stage, chain []*stage, part []*instructionAt) []*stage {
	set := map[*stage]bool{p.stages[len(p.stages)-1]: true}
	for _, c := range chain {
		set[c] = true
	}
	all := bearing(chain)
	for _, in := range part {
		used, numbered := p.uses(in)
		all = all || numbered
		for _, o := range used {
			set[o] = true
			all = all || o.index >= s.index // then the message has numbers
		}
	}
	if all {
		return p.stages
	}
	return byIndex(set)
}

// contextOf are the instructions that matter to what comes after them in their stage: of
// those that only the last counts of, that.
func contextOf(before []*instructionAt) []*instructionAt {
	var kept []*instructionAt
	superseded := map[string]bool{}
	for _, in := range slices.Backward(before) {
		once := in.keyword == "cmd" || in.keyword == "entrypoint" || in.keyword == "healthcheck" || in.keyword == "shell"
		if superseded[in.keyword] || !once && !inheritable[in.keyword] {
			continue
		}
		superseded[in.keyword] = once || in.rooted
		kept = append(kept, in)
	}
	slices.Reverse(kept)
	return kept
}

// unitSize is how many instructions a unit has, or more: few, because an edit has its unit
// converted again; not very few, because each repeats its context.
const unitSize = 24

// endOfUnit is where a unit that begins at start ends: a unit costs its context each
// time, so that it holds the more the longer that is.
func endOfUnit(rest []*instructionAt, start, context int) int {
	least := max(unitSize, context/2)
	for i := start + least; i < len(rest); i++ {
		if i-start >= 4*least || isBoundary(rest[i].text) {
			return i
		}
	}
	return len(rest)
}

func (k *check) stageWarning(s *stage, u *unit, w finding, whatever func() []*outcome) {
	piece, lines := u.at(w.lines)
	if piece == nil || piece.of != s || ofReading[w.rule] || ofGraph[w.rule] {
		return
	}
	// That one is superseded is said of the earlier of two.
	if piece.context && w.rule != linter.RuleMultipleInstructionsDisallowed.Name {
		return
	}
	switch s.doubt(piece.instructionAt, w.rule) {
	case doubtful:
		return
	case ofVariables:
		same := func(o finding) bool { // that message has the path as it is expanded
			return o.rule == w.rule && o.lines == w.lines && (o.message == w.message || w.rule == linter.RuleWorkdirRelativePath.Name)
		}
		if !always(whatever(), piece.instructionAt, func(out *outcome) bool { return slices.ContainsFunc(out.warnings, same) }) {
			return
		}
	}
	w.lines = lines
	k.warning(w)
}

// stageMistake notes the mistake that ended a unit, and leaves out its instruction: that
// is failed, if it is one of the unit's own. Again is whether the unit is to be tried
// again without what was left out.
func (k *check) stageMistake(p *plan, s *stage, u *unit, out *outcome, whatever func() []*outcome) (failed *instructionAt, again bool) {
	var piece *piece
	lines := s.from.at
	if len(out.at) > 0 {
		piece, lines = u.at(out.at[0])
	}
	if piece == nil {
		k.mistake(out.message, s.from.at)
		return nil, false
	}
	if message := p.certain(s, piece.instructionAt, out, whatever); message != "" {
		k.mistake(message, lines)
	}
	switch {
	case piece.instructionAt == s.from: // a trigger
		again = len(s.base.triggers()) > 0
		for _, in := range s.base.triggers() {
			in.excluded = true
		}
	default:
		again = !piece.excluded
		piece.excluded = true
		if !piece.context {
			failed = piece.instructionAt
		}
	}
	return failed, again
}
