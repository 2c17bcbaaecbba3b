package language

import (
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/buildls/buildls/build/dockerfile"
)

// tags completes what stands behind an image's name: a tag behind its colon, the digest behind @.
func (c *completion) tags(typed string) {
	if image, digest, ok := strings.Cut(typed, "@"); ok {
		if c.given.Digest != nil && c.isImage(image) {
			if found := c.given.Digest(image); found != "" {
				c.words(ItemValue, digest, found)
			}
		}
		return
	}
	colon := strings.LastIndexByte(typed, ':')
	if c.given.Tags != nil && colon > strings.LastIndexByte(typed, '/') && c.isImage(typed[:colon]) {
		c.words(ItemValue, typed[colon+1:], c.given.Tags(typed[:colon])...)
	}
}

// isImage says whether a name is an image's: not a stage's, scratch, or a host whose port is being
// written.
func (c *completion) isImage(name string) bool {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil { // also of a variable
		return false
	}
	bare := reference.FamiliarName(named)
	if bare == "scratch" || bare == "localhost" || !strings.Contains(bare, "/") && strings.Contains(bare, ".") {
		return false
	}
	return !slices.ContainsFunc(c.file.StageNames(), func(n dockerfile.StageName) bool { return n.Defines && strings.EqualFold(n.Name, bare) })
}
