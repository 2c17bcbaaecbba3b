package lint

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// values are such as an image may set, of the kinds that BuildKit tells apart: what it says
// with each of them, and with none, it says with any.
var values = []string{"1", "2", "https://example.com/a", "/a"}

// whatever has a unit converted once for each of values, as if the image on which its
// stage stands set all variables to it that the unit uses.
func (k *check) whatever(p *plan, s *stage, rest []*instructionAt, start int, u *unit) []*outcome {
	names := variablesIn(u.text.String())
	slices.Sort(names)
	names = slices.Compact(names)
	var outs []*outcome
	for _, value := range values {
		assumed, _ := k.stageUnit(p, s, rest, start, "ENV "+strings.Join(names, "="+value+" ")+"="+value)
		out := *k.convert(assumed, false)
		out.at, out.warnings = slices.Clone(out.at), slices.Clone(out.warnings)
		for i := range out.at {
			out.at[i] = shift(out.at[i], -1) // the ENV is one line
		}
		for i := range out.warnings {
			out.warnings[i].lines = shift(out.warnings[i].lines, -1)
		}
		outs = append(outs, &out)
	}
	return outs
}

// environment adds an ENV, if there is one, to the stage that stands on an image.
func (u *unit) environment(s *stage, text string) {
	if text != "" && s.base == nil {
		u.line(text)
	}
}

// always says whether something holds of all outcomes that concern an instruction.
func always(outs []*outcome, in *instructionAt, holds func(*outcome) bool) bool {
	if in.keyword == "expose" {
		outs = outs[:2] // no image sets a port to a URL
	}
	return !slices.ContainsFunc(outs, func(o *outcome) bool { return !holds(o) })
}

// certain is the message of a mistake in an instruction that is one with any image; empty
// if that is not known. It may stand behind one that some images mend.
func (p *plan) certain(s *stage, in *instructionAt, out *outcome, whatever func() []*outcome) string {
	doubt := s.doubt(in, "")
	if p.built != nil && !p.built[s] && strings.Contains(in.text, "$") { // nobody has to give a stage values that is left out
		doubt = max(doubt, ofVariables)
	}
	if in == s.from { // it is in what the base has it do
		for _, trigger := range s.base.triggers() {
			doubt = max(doubt, s.doubt(trigger, ""))
		}
	}
	if doubt == sure {
		return out.message
	}
	if doubt != ofVariables {
		return ""
	}
	outs := whatever()
	first := withoutValue(outs[0].message)
	same := func(o *outcome) bool { return withoutValue(o.message) == first && slices.Equal(o.at, out.at) }
	if !always(outs, in, same) {
		return ""
	}
	if withoutValue(out.message) == first {
		return out.message
	}
	return first
}

// withoutValue is a message about a port without the port, which may have the value of a variable.
func withoutValue(message string) string { return portInMessage.ReplaceAllString(message, "$1$2") }

// portInMessage leaves numbers alone: other values of a variable may make a number right.
var portInMessage = lazyregexp.New(`^(invalid port: )".*": |^(invalid containerPort): .*[^0-9-].*`)
