package project

import (
	"bytes"
	"errors"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"

	"github.com/buildls/buildls/build/dockerfile"
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

// expands says whether the variables of a .env file can be expanded. As in a Dockerfile, each
// may say the one before twice.
func expands(data []byte) bool {
	length, name, cost := dockerfile.Growth{}, "", 0
	for line := range bytes.Lines(data) {
		text := string(line)
		if key, _, ok := strings.Cut(text, "="); ok || strings.Contains(text, ":") {
			if !ok {
				key, _, _ = strings.Cut(text, ":")
			}
			name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(key), "export "))
		} // else it goes on
		added := length.Added(text)
		if cost += len(line)*(1+strings.Count(text, "$")) + added; added > dockerfile.MaxExpansion || cost > maxSubstituted {
			return false
		}
		length[name] = max(length[name], 0) + len(line) + added
	}
	return true
}
