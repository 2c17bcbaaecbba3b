package lint

import (
	"maps"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// maxExpansion is how long an instruction may become when its variables are expanded.
const maxExpansion = 1 << 20

// A growth is how long the values of variables may be at most. BuildKit expands without
// bound: forty lines of ENV A=$A$A would take all memory there is.
type growth map[string]int

// tame leaves out the instructions that expand beyond measure.
func (k *check) tame(p *plan) {
	global := growth{}
	for _, in := range p.global {
		k.grow(global, in)
	}
	p.inherit()
	of := map[*stage]growth{}
	for _, s := range p.stages {
		if k.over() {
			return
		}
		of[s] = k.growStage(of[s.base], global, s)
	}
}

// growStage is how long variables are at the end of a stage on one where they are as base
// says.
func (k *check) growStage(base, global growth, s *stage) growth {
	g, own := base, false
	for _, in := range s.body {
		set := keys(in)
		if set != nil && !own {
			if k.spent += len(base) * costOfVariable; k.spent > maxSpent {
				k.end(s.from.at)
				return g
			}
			g, own = growth{}, true
			maps.Copy(g, base)
		}
		if set != nil || strings.Contains(in.text, "$") {
			k.growFrom(g, global, in)
		}
	}
	return g
}

// growFrom is grow for an instruction of a stage, where an ARG may take up a global one.
func (k *check) growFrom(g, global growth, in *placed) {
	k.grow(g, in)
	if in.keyword == "arg" {
		for _, key := range keys(in) {
			g[key] = max(g[key], global[key])
		}
	}
}

func (k *check) grow(g growth, in *placed) {
	if in.dead {
		return
	}
	n, set := g.expanded(in.text), keys(in)
	k.assigned += len(set)
	switch {
	case n > maxExpansion:
		in.dead = true
		k.add(unchecked(in.at, "this instruction is not checked: with its variables expanded it is too long"))
		return
	case k.assigned > maxAssigned:
		in.dead = len(set) > 0
		k.end(in.at)
		return
	}
	for _, key := range set {
		g[key] = max(n, len(k.given.args[key]))
	}
}

// expanded is how long a text may become at most.
func (g growth) expanded(text string) int {
	n := len(text)
	if !strings.Contains(text, "$") {
		return n
	}
	refs := dockerfile.References(text, dockerfile.Part{End: len(text)}, 0, false)
	length := func(r dockerfile.Reference) int { return g[text[r.Name.Start:r.Name.End]] }
	for _, r := range refs {
		n = min(n+length(r), 2*maxExpansion)
	}
	all := n
	nested := func(r dockerfile.Reference) bool {
		return strings.Contains(text[r.Modifier.Start:r.Modifier.End], "${")
	}
	product := slices.ContainsFunc(refs, nested)
	for _, r := range refs {
		if !strings.HasPrefix(text[r.Modifier.Start:r.Modifier.End], "/") { // ${A/b/c}, of which a part is replaced
			continue
		}
		if product {
			n *= max(1, length(r)) // each place of the one may become the other
		} else {
			n += length(r) * all
		}
		n = min(n, 2*maxExpansion)
	}
	return n
}

// keys are the variables that an instruction sets.
func keys(in *placed) []string {
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
