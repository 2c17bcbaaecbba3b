package language

import (
	"net/url"
	"path"
	"strings"

	"github.com/distribution/reference"

	"github.com/buildls/buildls/build/dockerfile"
)

// A Link leads from a part of the text to what is not in it: exactly one of Image, Path and
// neither, which is a URL alone.
type Link struct {
	Span
	Image string // that is named; empty for others
	Path  string // a file or directory of the context, "/" between its elements; empty for others
	URL   string // a page; empty if none is known
	Tip   string // what is there; empty for a Path
}

// Links are the images, URLs and files of the context that a Dockerfile names. An image is linked
// without its tag, to the page that its registry has about it, if one is known for that registry.
// What holds a variable or a wildcard is no link. Nobody is asked.
func Links(f *dockerfile.File) (list []Link) {
	if image, at, ok := f.Syntax(); ok {
		for _, d := range f.Directives(false) {
			if d.Name == "syntax" && d.Line == at.First {
				list = appendImage(list, spanOf(f, d.Token), image)
			}
		}
	}
	stages := map[dockerfile.Token]bool{}
	for _, n := range f.StageNames() {
		stages[n.Token] = !n.Defines
	}
	for _, st := range f.Instructions() {
		for _, name := range st.ImageNames() {
			if at := st.Token(name); !stages[at] {
				list = appendImage(list, spanOf(f, at), st.Slice(name))
			}
		}
		list = appendSources(list, st)
	}
	return list
}

// appendSources adds the files and URLs that a COPY, an ADD or a bind mount takes.
func appendSources(list []Link, st *dockerfile.Instruction) []Link {
	if name := st.Name(); name == "COPY" || name == "ADD" {
		if len(st.FlagsNamed("--from")) > 0 {
			return list
		}
		for _, a := range sources(st) {
			at := partOf(st, inner(st, a))
			u, err := url.Parse(a.Value)
			switch {
			case err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && name == "ADD" && !strings.Contains(a.Value, "$"):
				list = append(list, Link{Span: at, URL: a.Value, Tip: "Open " + a.Value})
			case name == "COPY" || err != nil || u.Scheme == "" && !strings.HasPrefix(a.Value, "git@"):
				list = appendPath(list, at, a.Value)
			}
		}
		return list
	}
	elsewhere := map[dockerfile.Part]bool{} // mounts of no file of the context
	for _, field := range st.Fields() {
		if st.KeyOf(field) == "from" || st.TypeOf(field) != "bind" {
			elsewhere[field.Flag] = true
		}
	}
	for _, field := range st.Fields() {
		if key := st.KeyOf(field); (key == "source" || key == "src") && !elsewhere[field.Flag] {
			list = appendPath(list, partOf(st, field.Value), st.Slice(field.Value))
		}
	}
	return list
}

// appendPath adds a path of the context, but for the context itself.
func appendPath(list []Link, at Span, name string) []Link {
	if clean := path.Clean("/" + name)[1:]; clean != "" && at.End-at.Start == len(name) && !strings.ContainsAny(name, "$*?[\\\"'\n") {
		list = append(list, Link{Span: at, Path: clean})
	}
	return list
}

// appendImage adds an image, with the page that its registry has.
func appendImage(list []Link, at Span, image string) []Link {
	bare := image
	if i := strings.IndexByte(bare, '@'); i >= 0 {
		bare = bare[:i]
	}
	if i := strings.LastIndexByte(bare, ':'); i > strings.LastIndexByte(bare, '/') {
		bare = bare[:i]
	}
	named, err := reference.ParseNormalizedNamed(bare)
	if err != nil || bare == "scratch" || at.End-at.Start != len(image) {
		return list
	}
	page := imagePage(reference.Domain(named), reference.Path(named))
	return append(list, Link{Span: Span{at.Start, at.Start + len(bare)}, Image: image, URL: page, Tip: "Open the page of " + bare})
}

// imagePage is the page of an image; empty if the registry is not known to have any.
func imagePage(domain, name string) string {
	switch domain {
	case "docker.io":
		if official, ok := strings.CutPrefix(name, "library/"); ok {
			return "https://hub.docker.com/_/" + official
		}
		return "https://hub.docker.com/r/" + name
	case "ghcr.io":
		owner, rest, ok := strings.Cut(name, "/")
		if !ok {
			return ""
		}
		return "https://github.com/" + owner + "/" + path.Base(rest) + "/pkgs/container/" + url.PathEscape(rest)
	case "quay.io":
		return "https://quay.io/repository/" + name
	case "mcr.microsoft.com":
		return "https://mcr.microsoft.com/artifact/mar/" + name
	case "public.ecr.aws":
		return "https://gallery.ecr.aws/" + name
	}
	return ""
}

// sources are the arguments of a COPY or ADD but for the last, heredocs left out.
func sources(st *dockerfile.Instruction) []dockerfile.Element {
	all := st.Elements()
	if len(all) < 2 {
		return nil
	}
	var list []dockerfile.Element
	for _, e := range all[:len(all)-1] {
		if !strings.HasPrefix(e.Value, "<<") {
			list = append(list, e)
		}
	}
	return list
}

// inner is an argument without the quotes of JSON.
func inner(st *dockerfile.Instruction, e dockerfile.Element) dockerfile.Part {
	if e.End-e.Start > 2 && st.Text[e.Start] == '"' {
		return dockerfile.Part{Start: e.Start + 1, End: e.End - 1}
	}
	return e.Part
}
