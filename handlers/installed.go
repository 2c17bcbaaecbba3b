package handlers

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/fix"
	"github.com/buildls/buildls/workspace"
)

// An installation is what a step says that it installed in a stage on some image.
type installation struct {
	base     string
	packages []fix.Package
}

// installedBytes is how much of the end of a step's output is read for what it installed.
const installedBytes = 1 << 20

// knownOf is what fixes of a document can know. Of the builds of this session it is looked up when a
// fix asks for it.
func (s *Server) knownOf(doc *workspace.Document, file lint.File) fix.Known {
	return fix.Known{
		Images:    file.Images,
		Installed: func(st *dockerfile.Instruction) []fix.Package { return s.builds.installed(doc, baseOf(st)) },
		Digest:    func(image string) string { return s.builds.digest(doc, image) },
	}
}

// baseOf is the image that an instruction stands on, however it is named: pinned or not.
func baseOf(st *dockerfile.Instruction) string {
	image, _, _ := strings.Cut(fix.BaseOf(st), "@")
	if full, ok := dockerfile.FullName(image); ok {
		return full
	}
	return image
}

// of are the builds of a document that have ended, newest first.
func (b *builds) of(doc *workspace.Document) (list []*sessionBuild) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range slices.Backward(b.list) {
		if r.plan.Doc.Key() == doc.Key() && r.over() != nil {
			list = append(list, r)
		}
	}
	return list
}

// installed are the packages that builds of a document installed on an image: of each those of the
// newest build that did, which may be none of the last, where the cache had the step.
func (b *builds) installed(doc *workspace.Document, base string) (list []fix.Package) {
	type name struct{ manager, name string }
	known := map[name]bool{}
	for _, r := range b.of(doc) {
		var found []fix.Package
		for _, one := range r.installations() {
			if one.base == base {
				found = append(found, one.packages...)
			}
		}
		for _, p := range found {
			if !known[name{p.Manager, p.Name}] {
				list = append(list, p)
			}
		}
		for _, p := range found {
			known[name{p.Manager, p.Name}] = true
		}
	}
	return list
}

// installations are those of a build that has ended.
func (r *sessionBuild) installations() []installation {
	r.reading.Do(func() {
		out, file := r.over(), r.plan.File()
		for i, step := range out.Steps {
			if step.Status != build.Done || step.From() {
				continue
			}
			if packages := fix.ReadInstalled(out.LastLog(i, installedBytes)); len(packages) > 0 {
				r.installed = append(r.installed, installation{baseOf(file.At(step.Lines.First)), packages})
			}
		}
	})
	return r.installed
}

// digest is that of an image in the newest build of a document that says so; empty if none does.
func (b *builds) digest(doc *workspace.Document, image string) string {
	full, ok := dockerfile.FullName(image)
	for _, r := range b.of(doc) {
		for _, step := range r.over().Steps {
			_, name, from := strings.Cut(step.Name, "] FROM ")
			name, digest, found := strings.Cut(name, "@")
			if ok && from && found && name == full {
				return digest
			}
		}
	}
	return ""
}
