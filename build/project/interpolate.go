package project

import (
	"errors"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"
)

// maxSubstituted bounds what interpolating a compose project may cost, in bytes: compose-go
// reads what follows a variable in the same line again for each.
const maxSubstituted = 8 << 20

// maxExtended bounds how often a service of a compose project is laid over another.
const maxExtended = 10_000

var errSubstituted = errors.New("its variables stand too often in each other, so it is not read here")

// substitute puts the values of variables into a text.
func (r *composeReader) substitute(text string, mapping template.Mapping) (string, error) {
	for line := range strings.Lines(text) {
		r.substituted += len(line) * (1 + strings.Count(line, "$"))
	}
	if r.substituted > maxSubstituted {
		return "", errSubstituted
	}
	out, err := template.Substitute(text, func(name string) (string, bool) {
		value, ok := mapping(name)
		if r.substituted += len(value); r.substituted > maxSubstituted {
			return "", ok
		}
		return value, ok
	})
	if r.substituted > maxSubstituted {
		return "", errSubstituted
	}
	return out, err
}
