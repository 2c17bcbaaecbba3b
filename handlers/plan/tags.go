package plan

import (
	"path/filepath"
	"strings"

	"github.com/distribution/reference"
)

// defaultTag is the one name of what is built all day: the context's, made a valid
// reference.
func defaultTag(context, target string) string {
	name := cleanComponent(context)
	tag := cleanTag(target)
	if _, err := reference.ParseNormalizedNamed(name + ":" + tag); err != nil {
		return "image:" + tag
	}
	return name + ":" + tag
}

// cleanComponent makes a path component of a reference (distribution/reference:
// [a-z0-9]+ joined by single separators).
func cleanComponent(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
	}
	if b.Len() == 0 {
		return "image"
	}
	return b.String()
}

// cleanTag makes a tag ([\w][\w.-]{0,127}) of a target's name.
func cleanTag(target string) string {
	tag := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, target)
	tag = strings.TrimLeft(tag, ".-")
	if tag == "" {
		return "latest"
	}
	return tag[:min(len(tag), 128)]
}

// Title names what is built, for people.
func (p *Plan) Title() string {
	if len(p.Tags) == 0 {
		return filepath.Base(string(p.Doc.URI))
	}
	return short(p.Tags[0])
}

// short is a reference as people write it: app:dev for docker.io/library/app:dev.
func short(tag string) string {
	named, err := reference.ParseNormalizedNamed(tag)
	if err != nil {
		return tag
	}
	return reference.FamiliarString(named)
}
