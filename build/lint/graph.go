package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"

	"github.com/buildls/buildls/build/dockerfile"
)

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
	if piece.excluded && !names || p.suspect && strings.Contains(piece.text, "$") && !names {
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
		lines = piece.instructionAt.at
	}
	switch {
	case piece.instructionAt != stageFrom(piece.of):
		p.suspect = p.suspect || piece.of == nil
		piece.excluded = true
	case p.suspect && strings.Contains(piece.text, "$"):
		return piece.of.replace() // what it expands to says nothing
	case len(piece.of.base.triggers()) > 0: // a trigger, if it is not the FROM itself
		for _, in := range piece.of.base.triggers() {
			in.excluded = true
		}
	default:
		if !piece.of.replace() {
			return false
		}
	}
	k.mistake(out.message, lines)
	return true
}

func stageFrom(s *stage) *instructionAt {
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
		in.excluded = true
		if in.at.First < first.First {
			first = in.at
		}
	}
	k.mistake(message, first)
	return true
}

// circle finds instructions by which a stage uses itself, by way of others or not.
func (p *plan) circle() []*instructionAt {
	done := map[*stage]bool{}
	onPath := map[*stage]bool{}
	var visit func(s *stage, path []*instructionAt) []*instructionAt
	visit = func(s *stage, path []*instructionAt) []*instructionAt {
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
	by *instructionAt
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
		if piece := &u.pieces[i]; !piece.excluded && p.about(piece, message) {
			return piece
		}
	}
	return nil
}

func (p *plan) about(piece *piece, message string) bool {
	if s := piece.of; s != nil && s.from == piece.instructionAt {
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
