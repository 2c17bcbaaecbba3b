package format

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// mixesCase says whether more keywords than before differ in case from most: BuildKit has a rule
// about that (ConsistentInstructionCasing).
func (l *layout) mixesCase() bool {
	return odd(l.now()) > odd(l.file)
}

// odd counts the keywords that differ in case from most (dockerfile2llb, validateCommandCasing).
func odd(f *dockerfile.File) int {
	all := f.Instructions()
	lower, upper := 0, 0
	for _, st := range all {
		switch word := st.Slice(st.Head()); word {
		case strings.ToLower(word):
			lower++
		case strings.ToUpper(word):
			upper++
		}
	}
	if lower > upper {
		return len(all) - lower
	}
	return len(all) - upper
}

// firstInCase is the first instruction whose keyword another layout has put in upper case.
func (l *layout) firstInCase(other *layout) dockerfile.Lines {
	for _, st := range l.file.Instructions() {
		if l.rows[st.First].text != other.rows[st.First].text {
			return st.Lines()
		}
	}
	return dockerfile.Lines{}
}
