package dockerfile

import (
	"slices"
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
