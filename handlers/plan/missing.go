package plan

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// whyMissing says why a build does not find a path in its context, or in the local one of a
// name; "" if that can't be told.
func (p *Plan) whyMissing(name, source string) string {
	c, ignore, err := p.Context, IgnoreFile{}, error(nil)
	if name == "" {
		ignore, err = p.IgnoreFile()
	} else {
		c = p.Contexts[name]
		ignore, err = p.ignoreIn(c.Dir)
	}
	switch {
	case c.Kind == build.EmptyContext:
		return "this build has no context"
	case err != nil || c.Kind != build.LocalContext:
		return ""
	}
	files, err := workspace.NewContextFS(c.Dir, p.Overlays())
	if err != nil {
		return ""
	}
	way, err := workspace.Resolve(files.MetadataOnly(), source)
	if err != nil {
		return ""
	}
	if why := whyIgnored(ignore, source, way); why != "" {
		return why
	}
	first := ""
	if len(way.Links) > 0 {
		first = filepath.ToSlash(way.Links[0])
	}
	switch {
	case way.Loop:
		return fmt.Sprintf("the link %s leads back to itself", first)
	case way.There:
		return "it was not there when the context was sent"
	case way.Out != "":
		return fmt.Sprintf("the link %s leads out of the context, and nothing outside of it is sent", filepath.ToSlash(way.Out))
	case first != "":
		return fmt.Sprintf("the link %s leads to %s, which is not there", first, filepath.ToSlash(way.End))
	}
	return "it is not there"
}

// whyIgnored says which line of an ignore file keeps out what is on a way; "" if none does.
func whyIgnored(ignore IgnoreFile, source string, way workspace.Way) string {
	on := way.Links
	if way.There {
		on = append(on, way.End)
	}
	for i, at := range on {
		at = filepath.ToSlash(at)
		line, ok := survey.Blame(ignore.Text, at)
		if !ok {
			continue
		}
		what := "it"
		switch {
		case at == path.Clean("/" + source)[1:]:
		case i < len(way.Links):
			what = fmt.Sprintf("the link %s, which it goes through,", at)
		default:
			what = fmt.Sprintf("%s, where it leads,", at)
		}
		return fmt.Sprintf("line %d of %s, %q, keeps %s out", line.Line+1, path.Base(string(ignore.URI)), line.Pattern, what)
	}
	return ""
}
