package dockerfile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxExpansion is how many bytes variables may add to an instruction. No system starts a
// program with a longer variable.
const MaxExpansion = 128 << 10

// Endless is a length that is too long for whoever uses a variable that has it.
const Endless = 2 * MaxExpansion

// A Growth is how long the values of variables may be at most. BuildKit expands without
// bound: forty lines of ENV A=$A$A would take all memory there is.
type Growth map[string]int

// Added is how many bytes variables may add to a text at most. It stops counting at [Endless].
func (g Growth) Added(text string) int {
	if !strings.Contains(text, "$") {
		return 0
	}
	refs := References(text, Part{End: len(text)}, 0, false)
	length := func(r Reference) int { return g[text[r.Name.Start:r.Name.End]] }
	most := len(text) + Endless
	n := len(text)
	for _, r := range refs {
		n = min(n+length(r), most)
	}
	all := n
	nested := func(r Reference) bool {
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
		n = min(n, most)
	}
	return n - len(text)
}

// costOfPort is what a port costs the converter, in bytes; unknownPorts is how many those of a
// variable are taken for.
const costOfPort, unknownPorts = 16, 4096

var portRange = regexp.MustCompile(`([0-9]+)-([0-9]+)`)

// CostOfPorts is what the ports of an EXPOSE cost the converter, which lists each of a range.
func CostOfPorts(text string) int {
	n := unknownPorts * strings.Count(text, "$")
	for _, m := range portRange.FindAllStringSubmatch(text, -1) {
		first, _ := strconv.ParseUint(m[1], 10, 16) // what is too large is the largest
		last, _ := strconv.ParseUint(m[2], 10, 16)
		n += int(max(last, first) - first)
	}
	return n * costOfPort
}
