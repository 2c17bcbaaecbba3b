package plan

import (
	"fmt"
	"path/filepath"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// A written is a file that a build writes at its end.
type written struct {
	field, path string
	old         *build.OldFile // what may be there; nil: anything, as with docker build
}

// writes are the files that the build writes, but for what cannot be overwritten.
func (p *Plan) writes() (list []written) {
	add := func(field, path string, old *build.OldFile) {
		if path != "" && !build.IsStream(path) {
			list = append(list, written{field, path, old})
		}
	}
	add("iidFile", p.IIDFile, &build.OldID)
	add("metadataFile", p.MetadataFile, &build.OldMetadata)
	for _, o := range p.Outputs {
		add("the output "+o.Type, o.File(), nil)
	}
	return list
}

// checkWritten refuses to write, and to remove before, what is somebody's: what the build is made
// of, what the author has open, what no build has written.
func (p *Plan) checkWritten() error {
	list := p.writes()
	for i, w := range list {
		for _, other := range list[:i] {
			if workspace.SamePlace(w.path, other.path) {
				return fmt.Errorf("%s and %s are both to be %s; give each a file of its own", other.field, w.field, w.path)
			}
		}
		if what := p.ownerOf(w); what != "" {
			return fmt.Errorf("%s: %s is %s, and would be lost; name another file", w.field, w.path, what)
		}
		if w.old == nil {
			continue
		}
		if err := w.old.Check(w.path); err != nil {
			return fmt.Errorf("%s: %w", w.field, err)
		}
	}
	return nil
}

// holds says what the author has in a file that a build is to write; "" if it is nothing.
func (p *Plan) ownerOf(w written) string {
	real, err := filepath.EvalSymlinks(w.path)
	if err != nil {
		real = w.path
	}
	switch {
	case p.Profile != nil && workspace.SamePlace(p.Profile.File, w.path):
		return "the file that says how to build"
	case p.Doc != nil && p.Doc.IsAt(w.path):
		return "the Dockerfile that is built"
	case workspace.KindOf(workspace.FileURI(w.path), "") == workspace.Ignore, workspace.KindOf(workspace.FileURI(real), "") == workspace.Ignore:
		return "an ignore file"
	}
	for _, doc := range p.Snapshot.Documents() {
		if text := doc.Text.Bytes(); doc.IsAt(w.path) && (w.old == nil || len(text) > 0 && !w.old.Made(text)) {
			return "open in the editor"
		}
	}
	return ""
}
