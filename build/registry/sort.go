package registry

import (
	"cmp"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// Sort puts tags in the order in which an author looks for them: latest, versions, names,
// versions to come, and last what names one build: dates and hashes. The newest comes first, and
// what is more general before what is more special: 3, 3-alpine, 3.20, 3.20.1.
func Sort(tags []string) {
	group := make(map[string]int, len(tags))
	for _, tag := range tags {
		group[tag] = groupOf(tag)
	}
	slices.SortFunc(tags, func(a, b string) int {
		return cmp.Or(group[a]-group[b], natural(a, b), strings.Compare(a, b))
	})
}

// What tells the groups of tags apart.
var (
	oneBuild = lazyregexp.New(`(?i)^sha(1|256|512)?-|^[0-9a-f]{7,}$|(^|[-._])([0-9a-f]{40}|[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2})`)
	toCome   = lazyregexp.New(`(?i)^v?[0-9][0-9.]*[-.]?(rc|alpha|beta|pre|nightly|snapshot|canary|[ab][0-9])`)
	version  = lazyregexp.New(`^v?[0-9]`)
)

func groupOf(tag string) int {
	switch {
	case tag == "latest":
		return 0
	case oneBuild.MatchString(tag):
		return 4
	case toCome.MatchString(tag):
		return 3
	case version.MatchString(tag):
		return 1
	}
	return 2
}

// natural compares numbers by their value, the greater first, and what is between them by the
// alphabet. What another begins with comes before it.
func natural(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a = token(a)
		y, b = token(b)
		order := strings.Compare(x, y)
		if isDigit(x[0]) && isDigit(y[0]) {
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			order = cmp.Or(len(y)-len(x), strings.Compare(y, x))
		}
		if order != 0 {
			return order
		}
	}
	return len(a) - len(b)
}

// token cuts off the digits, or what is none, that a text begins with.
func token(text string) (first, rest string) {
	i := strings.IndexFunc(text, func(r rune) bool { return isDigit(byte(r)) != isDigit(text[0]) })
	if i < 0 {
		return text, ""
	}
	return text[:i], text[i:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
