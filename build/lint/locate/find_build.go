package locate

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/buildls/buildls/build/dockerfile"
)

// failures are the messages of package build that name a token.
var failures = []Pattern{
	{"% not found in", missingSource},
}

// missingSource finds the source of a COPY that is not there; the message has it as a
// path from the root of what is copied from.
func missingSource(s Site) []dockerfile.Token {
	sources := s.Elements()
	if len(sources) < 2 {
		return nil
	}
	sources = sources[:len(sources)-1]
	i := slices.IndexFunc(sources, func(e dockerfile.Element) bool { return path.Clean("/"+e.Value) == s.Named(0) })
	if i < 0 && len(sources) > 1 {
		return nil // a pattern, a variable: which one is not said
	}
	return s.Tokens(sources[max(i, 0)].Part)
}

// imageIn finds the image that a message speaks of, by its full name.
func imageIn(message string) Finder {
	return func(s Site) []dockerfile.Token {
		for _, sp := range s.ImageNames() {
			named, err := reference.ParseNormalizedNamed(s.Unquoted(sp))
			if err == nil && strings.Contains(message, reference.TagNameOnly(named).String()) {
				return s.Tokens(sp)
			}
		}
		return nil
	}
}
