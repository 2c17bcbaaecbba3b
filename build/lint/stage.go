package lint

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/buildls/buildls/build/dockerfile"
)

// maxRepairs bounds how many mistakes are found one after the other between stages, or
// in one stage.
const maxRepairs = 1000

// graph finds what is wrong with the FROMs, the arguments before them, and which stage
// uses which: each mistake is left out of the next try.
func (k *check) graph(p *plan) {
	for range maxRepairs {
		p.inherit()
		u := k.skeleton(p)
		out := k.convert(u, true)
		for _, w := range out.warnings {
			k.graphWarning(p, u, w)
		}
		if k.over() || out.message == "" || !k.graphMistake(p, u, out) {
			return
		}
	}
}

// skeleton is the file without what has no part in how its stages hang together.
func (k *check) skeleton(p *plan) *unit {
	u := k.newUnit(p)
	for _, s := range p.stages {
		u.from(s, false)
		for _, in := range s.live() {
			if in.keyword == "copy" && in.command.(*instructions.CopyCommand).From == "" ||
				in.keyword == "run" && len(instructions.GetMounts(in.command.(*instructions.RunCommand))) == 0 {
				continue
			}
			if in.keyword == "copy" || in.keyword == "run" || in.keyword == "onbuild" {
				u.add(in, in.text, s, true)
			}
		}
	}
	return u
}

func (k *check) graphWarning(p *plan, u *unit, w finding) {
	piece, lines := u.at(w.lines)
	if piece == nil || piece.context || ofReading[w.rule] || w.rule == linter.RuleConsistentInstructionCasing.Name {
		return
	}
	names := w.rule == linter.RuleDuplicateStageName.Name || w.rule == linter.RuleReservedStageName.Name
	if piece.dead && !names || p.suspect && strings.Contains(piece.text, "$") && !names {
		return
	}
	if w.rule == linter.RuleInvalidDefaultArgInFrom.Name && p.usesGiven(piece.text, p.global) {
		return // there is a value in the place of the default
	}
	w.lines = lines
	k.warning(w)
}

// graphMistake notes a mistake and mends it. False if it cannot.
func (k *check) graphMistake(p *plan, u *unit, out *outcome) bool {
	if strings.HasPrefix(out.message, "circular dependency") {
		return k.circle(p, out.message)
	}
	var piece *piece
	var lines dockerfile.Lines
	if len(out.at) > 0 {
		piece, lines = u.at(out.at[0])
	}
	if piece == nil {
		piece = u.named(p, out.message)
	}
	if piece == nil {
		k.mistake(out.message, dockerfile.Lines{})
		return false
	}
	if lines == (dockerfile.Lines{}) {
		lines = piece.placed.at
	}
	switch {
	case piece.placed != stageFrom(piece.of):
		p.suspect = p.suspect || piece.of == nil
		piece.dead = true
	case p.suspect && strings.Contains(piece.text, "$"):
		return piece.of.replace() // what it expands to says nothing
	case len(piece.of.base.triggers()) > 0: // a trigger, if it is not the FROM itself
		for _, in := range piece.of.base.triggers() {
			in.dead = true
		}
	default:
		if !piece.of.replace() {
			return false
		}
	}
	k.mistake(out.message, lines)
	return true
}

func stageFrom(s *stage) *placed {
	if s == nil {
		return nil
	}
	return s.from
}

// circle notes a circular dependency at the first of its instructions, and leaves out all
// that lead round. Which circle BuildKit finds first depends on the order of a map; here
// it is the first of the file.
func (k *check) circle(p *plan, message string) bool {
	round := p.circle()
	if len(round) == 0 {
		return false
	}
	first := round[0].at
	for _, in := range round {
		in.dead = true
		if in.at.First < first.First {
			first = in.at
		}
	}
	k.mistake(message, first)
	return true
}

// circle finds instructions by which a stage uses itself, by way of others or not.
func (p *plan) circle() []*placed {
	done := map[*stage]bool{}
	onPath := map[*stage]bool{}
	var visit func(s *stage, path []*placed) []*placed
	visit = func(s *stage, path []*placed) []*placed {
		if done[s] {
			return nil
		}
		done[s], onPath[s] = true, true
		defer delete(onPath, s)
		for _, e := range p.edges(s) {
			next := append(slices.Clip(path), e.by)
			if onPath[e.to] {
				return next
			}
			if round := visit(e.to, next); round != nil {
				return round
			}
		}
		return nil
	}
	for _, s := range p.stages {
		if round := visit(s, nil); round != nil {
			return round
		}
	}
	return nil
}

// An edge is that one stage uses another, and the last instruction that does.
type edge struct {
	to *stage
	by *placed
}

func (p *plan) edges(s *stage) []edge {
	var edges []edge
	for _, in := range s.live() {
		used, _ := p.uses(in)
		for _, o := range used {
			edges = append(slices.DeleteFunc(edges, func(e edge) bool { return e.to == o }), edge{o, in})
		}
	}
	return edges
}

// named finds the instruction that a mistake without a place is about, by the name or
// number that it has.
func (u *unit) named(p *plan, message string) *piece {
	for i := range u.pieces {
		if piece := &u.pieces[i]; !piece.dead && p.about(piece, message) {
			return piece
		}
	}
	return nil
}

func (p *plan) about(piece *piece, message string) bool {
	if s := piece.of; s != nil && s.from == piece.placed {
		return strings.HasPrefix(message, "invalid context name "+s.name+":")
	}
	switch c := piece.command.(type) {
	case *instructions.CopyCommand:
		n, err := strconv.Atoi(c.From)
		if err == nil {
			return message == "invalid stage index "+strconv.Itoa(n)
		}
		word, _, err := p.lex.ProcessWord(c.From, noEnv{})
		if err != nil {
			return strings.HasPrefix(message, "failed to process "+strconv.Quote(c.From))
		}
		return word != c.From && strings.HasPrefix(message, "variable expansion is not supported for --from")
	case *instructions.RunCommand:
		return slices.ContainsFunc(instructions.GetMounts(c), func(m *instructions.Mount) bool {
			return strings.Contains(message, "failed to parse stage name "+strconv.Quote(m.From))
		})
	}
	return false
}

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
func (k *check) stageUnit(p *plan, s *stage, rest []*placed, start int, environment string) (*unit, int) {
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

func (p *plan) useOf(s *stage, part []*placed) bool {
	return slices.ContainsFunc(part, func(in *placed) bool {
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
func (p *plan) included(s *stage, chain []*stage, part []*placed) []*stage {
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
func contextOf(before []*placed) []*placed {
	var kept []*placed
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
func endOfUnit(rest []*placed, start, context int) int {
	least := max(unitSize, context/2)
	for i := start + least; i < len(rest); i++ {
		if i-start >= 4*least || landmark(rest[i].text) {
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
	switch s.doubt(piece.placed, w.rule) {
	case doubtful:
		return
	case ofVariables:
		same := func(o finding) bool { // that message has the path as it is expanded
			return o.rule == w.rule && o.lines == w.lines && (o.message == w.message || w.rule == linter.RuleWorkdirRelativePath.Name)
		}
		if !always(whatever(), piece.placed, func(out *outcome) bool { return slices.ContainsFunc(out.warnings, same) }) {
			return
		}
	}
	w.lines = lines
	k.warning(w)
}

// stageMistake notes the mistake that ended a unit, and leaves out its instruction: that
// is failed, if it is one of the unit's own. Again is whether the unit is to be tried
// again without what was left out.
func (k *check) stageMistake(p *plan, s *stage, u *unit, out *outcome, whatever func() []*outcome) (failed *placed, again bool) {
	var piece *piece
	lines := s.from.at
	if len(out.at) > 0 {
		piece, lines = u.at(out.at[0])
	}
	if piece == nil {
		k.mistake(out.message, s.from.at)
		return nil, false
	}
	if message := p.certain(s, piece.placed, out, whatever); message != "" {
		k.mistake(message, lines)
	}
	switch {
	case piece.placed == s.from: // a trigger
		again = len(s.base.triggers()) > 0
		for _, in := range s.base.triggers() {
			in.dead = true
		}
	default:
		again = !piece.dead
		piece.dead = true
		if !piece.context {
			failed = piece.placed
		}
	}
	return failed, again
}
