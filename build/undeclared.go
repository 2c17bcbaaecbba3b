package build

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/moby/buildkit/util/suggest"

	"github.com/buildls/buildls/build/dockerfile"
)

// UndeclaredArg is the code of the problems that undeclaredArgs finds.
const UndeclaredArg = "build-args"

// undeclaredArgs tells on the first FROM of build arguments that no ARG of the Dockerfile declares. BuildKit
// passes over them in silence, so a name that is spelled wrong has no effect, and nobody sees why.
// images are those that the build stands on.
func (r *Request) undeclaredArgs(text []byte, images dockerfile.Images) (found []dockerfile.Problem) {
	f := dockerfile.Parse(text)
	_, _, foreign := f.ForeignFrontend()
	if _, given := r.BuildArgs["BUILDKIT_SYNTAX"]; foreign || given || len(text) == 0 || r.mayHaveTriggers(f, images) {
		return nil // who knows what is done with them
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
	for _, name := range slices.Sorted(maps.Keys(r.BuildArgs)) {
		if slices.Contains(declared, name) || needsNoARG(name) {
			continue
		}
		note := fmt.Sprintf("the build argument %s has no effect: no ARG declares it", shown(name))
		if near := nearName(name, declared); near != "" {
			note += fmt.Sprintf(" (did you mean %s?)", near)
		}
		found = append(found, dockerfile.Problem{Code: UndeclaredArg, Message: note, Severity: dockerfile.Information, Lines: from})
	}
	return found
}

// mayHaveTriggers says whether what a Dockerfile stands on has an ONBUILD, which may declare arguments, or may
// have one: a context that is given for a FROM is not looked into.
func (r *Request) mayHaveTriggers(f *dockerfile.File, images dockerfile.Images) bool {
	stages, _ := f.Stages() // those of a text that cannot be read stand on nothing
	return images.HasTrigger() || slices.ContainsFunc(stages, func(s dockerfile.Stage) bool {
		name, err := ContextName(s.Base)
		_, given := r.Contexts[name]
		return err == nil && given
	})
}

// shown is a name that steers no terminal.
func shown(name string) string {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
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
	proxy := slices.Contains([]string{"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"}, strings.ToUpper(name))
	return proxy || strings.HasPrefix(name, "BUILDKIT_") || name == "SOURCE_DATE_EPOCH"
}
