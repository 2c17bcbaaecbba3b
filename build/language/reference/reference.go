// Package reference is what BuildKit's own reference says of the words of a Dockerfile:
// instructions, their flags, the types and keys of mounts, directives, build arguments. Its tables
// are generated from frontend/dockerfile/docs/reference.md of the version that is linked here:
//
//	go test ./build/language/reference -update
package reference

import (
	"slices"
	"strings"
)

// An Entry is what the reference says of a word.
type Entry struct {
	Name       string   // as it is written: "COPY", "--from", "cache", "target"
	Aliases    []string // other names of the same
	Text       string   // in Markdown, a paragraph
	URL        string   // of its place in the reference
	Syntax     []string // how it is written, a form each
	Since      string   // the first version of docker/dockerfile that knows it, "1.20"; empty: all do
	Default    bool     // it is what holds if none is written
	Deprecated bool
	Values     []Entry // flags of an instruction, values of a flag, keys of a mount's type
}

// Value is the value of that name, or of one of whose other names that is.
func (e *Entry) Value(name string) *Entry { return Find(e.Values, name) }

// Find is the entry of that name; nil if there is none. Case does not count.
func Find(list []Entry, name string) *Entry {
	for i := range list {
		e := &list[i]
		if strings.EqualFold(e.Name, name) || slices.ContainsFunc(e.Aliases, func(a string) bool { return strings.EqualFold(a, name) }) {
			return e
		}
	}
	return nil
}
