package fix

import (
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
)

// plainVersion is one that a shell takes as it is, quoted or not.
var plainVersion = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._+:~-]*$`)

// pinner pins a package to the version that a build installed.
func pinner(manager, sign string) mender {
	return func(m mending) []Fix {
		c, ok := m.call()
		if !ok || m.src.Installed == nil || !c.word.Known || manager == "rpm" && hasWord(c.Command, "module") {
			return nil
		}
		name, rest := c.word.Text, ""
		switch manager {
		case "go":
			name, rest, _ = strings.Cut(name, "@")
		case "npm":
			if at := strings.LastIndexByte(name, '@'); at > 0 {
				name, rest = name[:at], name[at:]
			}
		}
		version := installed(m.src.Installed(m.Instruction), manager, name)
		if !plainVersion.MatchString(version) {
			return nil
		}
		f := Fix{Title: "Pin to " + version + ", which the last build installed", Preferred: true}
		if rest != "" || manager == "go" {
			f.Edits = []Edit{m.write(c.word, name+sign+version)}
		} else {
			f.Edits = []Edit{m.extend(c.word.Token(m.Instruction), sign+version)}
		}
		return []Fix{f}
	}
}

// installed is the version of a package; empty if it is not known, or there are two.
func installed(list []Package, manager, name string) (version string) {
	name = sameName(manager, name)
	length := -1 // of the module's path that was found
	for _, p := range list {
		switch is := sameName(manager, p.Name); {
		case p.Manager != manager:
		case manager == "go" && (name == is || strings.HasPrefix(name, is+"/")):
			if len(is) > length {
				length, version = len(is), p.Version
			}
		case is != name:
		case version != "" && version != p.Version:
			return ""
		default:
			version = p.Version
		}
	}
	return version
}

var pipSeparators = lazyregexp.New(`[-_.]+`)

// sameName is a name in the form in which a manager compares it.
func sameName(manager, name string) string {
	switch manager {
	case "pip":
		name, _, _ = strings.Cut(name, "[")
		return strings.ToLower(pipSeparators.ReplaceAllString(name, "-"))
	case "apt":
		name, _, _ = strings.Cut(name, ":") // the architecture
	}
	return name
}

// pinImage names the image by what it was in a build.
func pinImage(m mending) []Fix {
	if m.Name() != "FROM" || len(m.Args) == 0 || m.here != m.Token(m.Args[0]) {
		return nil
	}
	return one(m.src.pin(m.Instruction))
}

// Pin names the image of a FROM by what it was in a build, whatever its tag; nothing if it is a stage,
// is pinned, or no build knows it.
func (f *Fixer) Pin(from *dockerfile.Instruction) (Fix, bool) {
	if from.Name() != "FROM" || len(from.Args) == 0 || f.src.stateAt(from).stage.base != nil {
		return Fix{}, false
	}
	pin := f.src.pin(from)
	return pin, len(pin.Edits) > 0 && f.src.allows(pin)
}

func (s *source) pin(from *dockerfile.Instruction) Fix {
	image := from.Slice(from.Args[0])
	if s.Digest == nil || image != from.Unquoted(from.Args[0]) || strings.ContainsAny(image, "@$") {
		return Fix{}
	}
	digest := s.Digest(image)
	hash, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(hash) != 64 || !plainVersion.MatchString(hash) {
		return Fix{}
	}
	at := from.Token(from.Args[0])
	return Fix{Title: "Pin to " + digest[:len("sha256:")+12] + ", which the last build used", Preferred: true, Edits: []Edit{{at.Last, at.End, at.Last, at.End, "@" + digest}}}
}
