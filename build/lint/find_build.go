package lint

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/buildls/buildls/build/dockerfile"
)

// Narrow sets the lines and columns of problems to the token that is meant, where there
// is one: of those that [Check] found (it has done so), and of a build's.
func Narrow(problems []dockerfile.Problem, text []byte) { narrowAll(problems, text) }

// failures are the messages of package build that name a token.
var failures = []saying{
	{"% not found in", missingSource},
}

// missingSource finds the source of a COPY that is not there; the message has it as a
// path from the root of what is copied from.
func missingSource(s subject) []token {
	sources := s.elements()
	if len(sources) < 2 {
		return nil
	}
	sources = sources[:len(sources)-1]
	i := slices.IndexFunc(sources, func(e element) bool { return path.Clean("/"+e.value) == s.named(0) })
	if i < 0 && len(sources) > 1 {
		return nil // a pattern, a variable: which one is not said
	}
	return s.tokens(sources[max(i, 0)].span)
}

// imageIn finds the image that a message speaks of, by its full name.
func imageIn(message string) finder {
	return func(s subject) []token {
		for _, sp := range s.images() {
			named, err := reference.ParseNormalizedNamed(s.plain(sp))
			if err == nil && strings.Contains(message, reference.TagNameOnly(named).String()) {
				return s.tokens(sp)
			}
		}
		return nil
	}
}
