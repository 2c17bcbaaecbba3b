package plan

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"github.com/tonistiigi/fsutil"

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
	if near := nearPath(files.MetadataOnly(), ignore.Text, source); near != "" {
		return fmt.Sprintf("it is not there; did you mean %q?", near)
	}
	return "it is not there"
}

// maxNear is how many names of a directory are compared.
const maxNear = 10_000

// nearPath is the path in a context that looks like one that is not there, but for one of its elements; ""
// if none does.
func nearPath(files fsutil.FS, ignore []byte, source string) string {
	elements := strings.Split(path.Clean("/" + source)[1:], "/")
	for i, name := range elements {
		dir := path.Join(elements[:i]...)
		list, err := survey.List(context.Background(), files, dir, "", maxNear, ignore)
		if err != nil {
			return ""
		}
		var names []string
		for _, f := range list {
			names = append(names, f.Name)
		}
		if slices.Contains(names, name) {
			continue
		}
		near, ok := "", false
		if len(strings.TrimSuffix(name, path.Ext(name))) >= 3 { // of a shorter one any other is near
			near, ok = suggest.Search(name, names, true)
		}
		if at := slices.IndexFunc(names, func(other string) bool { return strings.EqualFold(name, other) }); at >= 0 {
			near, ok = names[at], true
		}
		near = path.Join(dir, near, path.Join(elements[i+1:]...))
		_, ignored := survey.Blame(ignore, near)
		if way, err := workspace.Resolve(files, near); !ok || ignored || err != nil || !way.There {
			return ""
		}
		return near
	}
	return ""
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
