package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/buildls/buildls/build/dockerfile"
)

// UndeclaredArg is the code of the problems that undeclaredArgs finds.
const UndeclaredArg = "build-args"

// undeclaredArgs tells on the first FROM of build arguments that no ARG of the Dockerfile declares. BuildKit
// passes over them in silence, so a name that is spelled wrong has no effect, and nobody sees why.
func undeclaredArgs(text []byte, args map[string]string) (found []dockerfile.Problem) {
	f := dockerfile.Parse(text)
	if _, _, foreign := f.ForeignFrontend(); foreign || len(text) == 0 {
		return nil // who knows what it does with them
	}
	var declared []string
	var from dockerfile.Lines
	for _, st := range slices.Backward(f.Instructions()) {
		if st.Name() == "FROM" {
			from = st.Lines()
		}
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
		if near := nearName(name, declared); near != "" {
			note += fmt.Sprintf(" (did you mean %s?)", near)
		}
		found = append(found, dockerfile.Problem{Code: UndeclaredArg, Message: note, Severity: dockerfile.Information, Lines: from})
	}
	return found
}

// nearName is a name that differs in case alone, or else in little; "" if there is none.
func nearName(name string, names []string) string {
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) }); i >= 0 {
		return names[i]
	}
	if len(name) < 3 { // it is like too many
		return ""
	}
	near, _ := suggest.Search(name, names, true)
	return near
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
