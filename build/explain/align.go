package explain

import (
	"fmt"
	"strings"

	digest "github.com/opencontainers/go-digest"
)

// align finds for each step the one of the last build that was in its place. That is one with the
// same text, in the same order if possible; else one with the same keyword between the same
// neighbours. Steps are 0-based indexes.
func align(now, last *Record) map[int]int {
	a, z := now.alignKeys(), last.alignKeys()
	pairs := map[int]int{}
	start := 0
	for start < min(len(a), len(z)) && a[start] == z[start] {
		pairs[start] = start
		start++
	}
	end := 0
	for end < min(len(a), len(z))-start && a[len(a)-1-end] == z[len(z)-1-end] {
		pairs[len(a)-1-end] = len(z) - 1 - end
		end++
	}
	inOrder(pairs, a[:len(a)-end], z[:len(z)-end], start)
	identical(pairs, now, last)
	anywhere(pairs, a, z)
	gaps(pairs, a, z)
	return pairs
}

// An alignKey tells a step from others.
type alignKey struct {
	kind string // keyword, op and platform
	text string
}

func (r *Record) alignKeys() []alignKey {
	keys := make([]alignKey, len(r.steps))
	for i, s := range r.steps {
		keyword, _, _ := strings.Cut(s.key, " ")
		n := r.nodes[s.digest]
		if n == nil { // of a front end that leaves out what it has no op for
			continue
		}
		keys[i] = alignKey{fmt.Sprintf("%s %T %s", keyword, n.op.Op, n.op.Platform), s.key}
	}
	return keys
}

// inOrder pairs the longest sequence of steps that both builds have from start on.
func inOrder(pairs map[int]int, a, z []alignKey, start int) {
	const largest = 1 << 22
	if (len(a)-start)*(len(z)-start) > largest {
		return
	}
	long := make([][]int32, len(a)-start+1) // of what follows i and j
	for i := range long {
		long[i] = make([]int32, len(z)-start+1)
	}
	for i := len(a) - 1; i >= start; i-- {
		for j := len(z) - 1; j >= start; j-- {
			x, y := i-start, j-start
			if a[i] == z[j] {
				long[x][y] = long[x+1][y+1] + 1
			} else {
				long[x][y] = max(long[x+1][y], long[x][y+1])
			}
		}
	}
	for i, j := start, start; i < len(a) && j < len(z); {
		switch x, y := i-start, j-start; {
		case a[i] == z[j]:
			pairs[i] = j
			i, j = i+1, j+1
		case long[x+1][y] >= long[x][y+1]:
			i++
		default:
			j++
		}
	}
}

// identical pairs the steps that are the same vertex. If several instructions make one vertex, its
// step has the text of any of them.
func identical(pairs map[int]int, now, last *Record) {
	was := map[digest.Digest]int{}
	for j, s := range last.steps {
		was[s.digest] = j
	}
	for i, s := range now.steps {
		if j, ok := was[s.digest]; ok {
			pairs[i] = j
		}
	}
}

// anywhere pairs the steps that were moved.
func anywhere(pairs map[int]int, a, z []alignKey) {
	left := map[alignKey][]int{}
	taken := map[int]bool{}
	for _, j := range pairs {
		taken[j] = true
	}
	for j, k := range z {
		if !taken[j] {
			left[k] = append(left[k], j)
		}
	}
	for i, k := range a {
		if _, ok := pairs[i]; !ok && len(left[k]) > 0 {
			pairs[i], left[k] = left[k][0], left[k][1:]
		}
	}
}

// gaps pairs the steps that were edited: between two steps that are paired, the first of each kind
// with the first.
func gaps(pairs map[int]int, a, z []alignKey) {
	taken := map[int]bool{}
	for _, j := range pairs {
		taken[j] = true
	}
	from := 0
	for i := range a {
		if j, ok := pairs[i]; ok {
			from = max(from, j+1)
			continue
		}
		for j := from; j < len(z) && !taken[j]; j++ {
			if z[j].kind == a[i].kind {
				pairs[i], taken[j] = j, true
				from = j + 1
				break
			}
		}
	}
}
