package build

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/buildls/buildls/build/lazyregexp"
)

// missingPath finds the path that a COPY or ADD did not find in its source.
func missingPath(text string) (string, bool) {
	m := missingPathText.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return mountPathText.ReplaceAllString(cmp.Or(m[1], m[2]), "/"), true
}

// tellMissing adds to a failure in which context or stage a path is missing, and why.
func (r *Request) tellMissing(fail *Failure, dockerfile []byte) {
	if fail.missing == "" {
		return
	}
	instruction := instructionAt(dockerfile, fail.Lines)
	from := sourceOf(instruction, fail.missing)
	named := ""
	for name, c := range r.Contexts {
		if given, err := ContextName(from); err == nil && given == name && c.Kind == LocalContext {
			named = name
		}
	}
	where, why := "the build context", ""
	switch {
	case from != "" && named == "": // a stage or an image
		fail.Message = fmt.Sprintf("%q not found in %s", fail.missing, from)
		return
	case named != "":
		where = "the context " + from
	}
	if out := leadingOut(instruction, fail.missing); out != "" {
		why = fmt.Sprintf("%s leads out of it, where nothing is sent from, and BuildKit looks for this instead", out)
	} else if r.WhyMissing != nil {
		why = r.WhyMissing(named, fail.missing)
	}
	fail.Message = fmt.Sprintf("%q not found in %s: %s", fail.missing, where, cmp.Or(why, "it is not there, or .dockerignore excludes it"))
}

// leadingOut is the source of an instruction, as it is written, that leads out of the context before it
// comes to a missing path; "" if none does.
func leadingOut(instruction, missing string) string {
	for _, word := range strings.Fields(instruction) {
		word = strings.Trim(word, `[],"`)
		if strings.HasPrefix(path.Clean(word), "..") && path.Join("/", word) == missing {
			return word
		}
	}
	return ""
}

var (
	fromFlagText = lazyregexp.New(`--from=(\S+)`)
	mountText    = lazyregexp.New(`--mount=(\S+)`)
)

// sourceOf is the stage, image or context from which an instruction takes a path, as its flag --from
// or its mount says; "" is the build context.
func sourceOf(instruction, missing string) string {
	if m := fromFlagText.FindStringSubmatch(instruction); m != nil {
		return m[1]
	}
	for _, m := range mountText.FindAllStringSubmatch(instruction, -1) {
		from, source := "", ""
		for _, field := range strings.Split(m[1], ",") {
			switch key, value, _ := strings.Cut(field, "="); strings.ToLower(key) {
			case "from":
				from = value
			case "source", "src":
				source = value
			}
		}
		if path.Join("/", source) == missing {
			return from
		}
	}
	return ""
}
