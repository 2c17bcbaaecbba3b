package lint

import (
	"maps"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// limitExpansion leaves out the instructions that expand beyond measure.
func (k *check) limitExpansion(p *plan) {
	global := dockerfile.Growth{}
	for _, in := range p.global {
		k.grow(global, in)
	}
	for _, s := range p.stages {
		if s.standIn == "" && !k.expands(global, s.from) {
			s.replace()
		}
	}
	p.inherit()
	of := map[*stage]dockerfile.Growth{}
	for _, s := range p.stages {
		if k.over() {
			return
		}
		of[s] = k.growStage(of[s.base], global, s)
	}
}

// growStage is how long variables are at the end of a stage on one where they are as base
// says.
func (k *check) growStage(base, global dockerfile.Growth, s *stage) dockerfile.Growth {
	g, own := base, false
	for _, in := range s.body {
		set := keys(in)
		if set != nil && !own {
			if k.spent += len(base) * costOfVariable; k.spent > maxSpent {
				k.end(s.from.at)
				return g
			}
			g, own = dockerfile.Growth{}, true
			maps.Copy(g, base)
		}
		if set != nil || strings.Contains(in.text, "$") {
			k.growFrom(g, global, in)
		}
		if in.keyword == "expose" {
			in.added += dockerfile.CostOfPorts(in.text)
		}
	}
	return g
}

// growFrom is grow for an instruction of a stage, where an ARG may take up a global one.
func (k *check) growFrom(g, global dockerfile.Growth, in *instructionAt) {
	k.grow(g, in)
	if in.keyword == "arg" {
		for _, key := range keys(in) {
			g[key] = max(g[key], global[key])
		}
	}
}

// grow adds what an instruction sets. What uses a variable of one that is left out is too
// long, too.
func (k *check) grow(g dockerfile.Growth, in *instructionAt) {
	if in.excluded {
		return
	}
	set := keys(in)
	if k.assigned += len(set); k.assigned > maxAssigned {
		in.excluded = len(set) > 0
		k.end(in.at)
		return
	}
	n := dockerfile.Endless
	if k.expands(g, in) {
		n = len(in.text) + in.added
	}
	for _, key := range set {
		g[key] = max(n, len(k.given.args[key]))
	}
}

// expands says whether the variables of an instruction can be expanded. It is left out if not.
func (k *check) expands(g dockerfile.Growth, in *instructionAt) bool {
	if in.added = g.Added(in.text); in.added <= dockerfile.MaxExpansion {
		return true
	}
	in.excluded, in.added = true, 0
	k.add(unchecked(in.at, "this instruction is not checked: with its variables expanded it is too long"))
	return false
}

// keys are the variables that an instruction sets.
func keys(in *instructionAt) []string {
	var keys []string
	switch c := in.command.(type) {
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			keys = append(keys, kv.Key)
		}
	case *instructions.ArgCommand:
		for _, kv := range c.Args {
			keys = append(keys, kv.Key)
		}
	case *instructions.OnbuildCommand:
		for _, word := range strings.Fields(c.Expression) {
			key, _, _ := strings.Cut(word, "=")
			keys = append(keys, key)
		}
	}
	return keys
}
