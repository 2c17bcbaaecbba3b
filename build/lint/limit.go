package lint

import (
	"github.com/buildls/buildls/build/dockerfile"
)

// A pass is bounded, whatever the text: what it costs is counted, not timed, so that the
// same text has the same answer everywhere.
const (
	// maxProblems is how many problems are told of one file.
	maxProblems = 2000
	// maxSpent is how much is converted, in bytes of all units together. The same ENV may
	// be in many of them.
	maxSpent = 8 << 20
	// costOfUnit is what a unit costs beside its bytes, costOfVariable a variable that a
	// stage inherits.
	costOfUnit, costOfVariable = 256, 16
	// maxAssigned is how many variables may be set: the converter looks for each among all.
	maxAssigned = 10_000
	// maxTriggered is how many ONBUILDs may be run, in all stages together.
	maxTriggered = 20_000
)

// end ends the pass at some lines. It is told once.
func (k *check) end(at dockerfile.Lines) {
	if k.ended {
		return
	}
	k.ended = true
	k.problems = append(k.problems, unchecked(at, "not all of this Dockerfile is checked while you type: it is too large, or has too many problems"))
}

// over says whether the pass is at its end: canceled, or too much.
func (k *check) over() bool { return k.ended || k.ctx.Err() != nil }

// countTriggers ends the pass if the stages run too many.
func (k *check) countTriggers(p *plan) {
	of, all := map[*stage]int{}, 0
	for _, s := range p.stages {
		n, ok := of[s.base]
		if !ok {
			n = len(s.base.triggers())
			of[s.base] = n
		}
		if all += n; all > maxTriggered {
			k.end(s.from.at)
			return
		}
	}
}
