package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/buildls/buildls/build/dockerfile"
)

// undeclaredArgs tells of build arguments that no ARG of the Dockerfile declares. BuildKit passes over
// them in silence, so a name that is spelled wrong has no effect, and nobody sees why.
func undeclaredArgs(text []byte, args map[string]string) (notes []string) {
	f := dockerfile.Parse(text)
	if _, _, foreign := f.ForeignFrontend(); foreign || len(text) == 0 {
		return nil // who knows what it does with them
	}
	var declared []string
	for _, st := range f.Instructions() {
		if st.Name() != "ARG" {
			continue
		}
		for _, a := range st.Assignments() {
			declared = append(declared, st.Text[a.Name.Start:a.Name.End])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if slices.Contains(declared, name) || needsNoARG(name) {
			continue
		}
		note := fmt.Sprintf("the build argument %s has no effect: no ARG declares it", name)
		if near, ok := suggest.Search(name, declared, false); ok {
			note += fmt.Sprintf(" (did you mean %s?)", near)
		}
		notes = append(notes, note)
	}
	return notes
}

// needsNoARG says whether a build argument has an effect without an ARG: a proxy, what the front end reads
// itself, and the platforms that a FROM may use (BuildKit's dockerfile2llb and dockerui).
func needsNoARG(name string) bool {
	for _, platform := range []string{"BUILD", "TARGET"} {
		if rest, ok := strings.CutPrefix(name, platform); ok && slices.Contains([]string{"PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT", "STAGE"}, rest) {
			return true
		}
	}
	return strings.HasPrefix(name, "BUILDKIT_") || strings.HasSuffix(strings.ToUpper(name), "_PROXY") || name == "SOURCE_DATE_EPOCH"
}
