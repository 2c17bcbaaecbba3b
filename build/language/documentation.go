package language

import (
	"strings"

	"github.com/buildls/buildls/build/language/reference"
)

// Documentation is what BuildKit's reference says of the Doc of an item: "COPY", "COPY --from",
// "RUN --network host", "mount cache", "mount cache sharing", "directive escape", "arg TARGETOS",
// "rule UndefinedVar". It is nil if that says nothing.
func Documentation(doc string) *reference.Entry {
	words := strings.Fields(doc)
	if len(words) == 0 {
		return nil
	}
	list := reference.Instructions
	switch words[0] {
	case "mount":
		list, words = reference.MountTypes, words[1:]
	case "directive":
		list, words = reference.Directives, words[1:]
	case "arg":
		list, words = reference.Args, words[1:]
	case "rule":
		list, words = reference.Rules, words[1:]
	}
	var found *reference.Entry
	for _, w := range words {
		if found = reference.Find(list, w); found == nil {
			return nil
		}
		list = found.Values
	}
	return found
}
