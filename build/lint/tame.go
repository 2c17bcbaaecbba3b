package lint

import (
	"maps"
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/buildls/buildls/build"
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
		g := maps.Clone(of[s.base])
		if g == nil {
			g = growth{}
		}
		for _, in := range s.body {
			if keys(in) != nil || strings.Contains(in.text, "$") {
				k.growFrom(g, global, in)
			}
		}
		of[s] = g
	}
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
	n := g.expanded(in.text)
	if n > maxExpansion {
		in.dead = true
		k.add(build.Problem{Code: "unchecked", Severity: build.Hint, Lines: in.at,
			Message: "this instruction is not checked: with its variables expanded it is too long"})
		return
	}
	for _, key := range keys(in) {
		g[key] = n
	}
}

// expanded is how long a text may become at most.
func (g growth) expanded(text string) int {
	n := len(text)
	if !strings.Contains(text, "$") {
		return n
	}
	used := variable.FindAllStringSubmatch(text, -1)
	for _, m := range used {
		n = min(n+g[m[1]], 2*maxExpansion)
	}
	all, product := n, nested.MatchString(text)
	for _, m := range used {
		if !strings.Contains(text, "${"+m[1]+"/") {
			continue
		}
		if product {
			n *= max(1, g[m[1]]) // each place of the one may become the other
		} else {
			n += g[m[1]] * all
		}
		n = min(n, 2*maxExpansion)
	}
	return n
}

var nested = regexp.MustCompile(`\$\{[^}]*\$\{`)

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
