package handlers

import (
	"context"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// definition is the place that a name gets its meaning from: in the text, in a file of the context,
// or in the Dockerfile that makes an image.
func (s *Server) definition(ctx context.Context, d document, p *positionParams) (any, error) {
	offset := d.offset(p.Position)
	if d.doc.Kind() != workspace.Dockerfile {
		return s.definitionInProject(ctx, d, offset)
	}
	names := namesOf(d.doc)
	if symbol, at := names.At(offset); symbol != nil {
		if to, ok := names.Definition(symbol, at); ok {
			return []protocol.Location{d.location(to.Span)}, nil
		}
		return nil, nil
	}
	if to, ok := language.NumberedStage(plan.FileOf(d.doc), offset); ok {
		return []protocol.Location{d.location(to)}, nil
	}
	for _, l := range language.Links(plan.FileOf(d.doc)) {
		if !l.Holds(offset) {
			continue
		}
		if file, ok := fileIn(d.snapshot, s.contextDir(d), l.Path); ok {
			return []protocol.Location{{URI: toURI(file)}}, nil
		}
		if l.Image != "" {
			return s.builtBy(d.snapshot, s.projects.Builder(d.snapshot, s.currentSettings(ctx).Defaults, d.doc.Path, l.Image))
		}
	}
	return nil, nil
}

// definitionInProject is the Dockerfile that a service or a target builds, at its name and on the
// lines that name its target and its Dockerfile.
func (s *Server) definitionInProject(ctx context.Context, d document, offset int) (any, error) {
	for _, p := range s.projects.Profiles(d.snapshot, s.currentSettings(ctx).Defaults, d.doc.Path).List {
		if !d.doc.IsAt(p.File) {
			continue
		}
		if p.Start <= offset && offset <= p.End {
			return s.builtBy(d.snapshot, p)
		}
		for _, attr := range []string{"target", "dockerfile"} {
			if at, ok := p.Where(attr, ""); ok && d.doc.IsAt(at.File) && d.text.RowAt(at.Start) == d.text.RowAt(offset) {
				return s.builtBy(d.snapshot, p)
			}
		}
	}
	return nil, nil
}

// builtBy is the stage that a profile builds; null if that is not here.
func (s *Server) builtBy(snapshot *workspace.Snapshot, p *plan.Profile) (any, error) {
	if p == nil || p.Inline != nil || p.Dockerfile == "" {
		return nil, nil
	}
	doc, err := plan.OpenDockerfile(snapshot, snapshot.URIOf(p.Dockerfile))
	if err != nil {
		return nil, nil
	}
	c := s.converter(doc)
	if at, ok := language.StageWord(plan.FileOf(doc), p.Build.Target); ok {
		return []protocol.Location{c.location(at)}, nil
	}
	return []protocol.Location{{URI: c.uri}}, nil
}

type referenceParams struct {
	positionParams
	Context struct {
		IncludeDeclaration bool `json:"includeDeclaration"`
	} `json:"context"`
}

// stageNamed is the Dockerfile, and where in it the stage gets its name, that a byte of a compose or
// bake file names as a target. place is the name there. ok is false if it names none.
func (s *Server) stageNamed(ctx context.Context, d document, offset int) (in document, at int, place language.Span, ok bool) {
	for _, p := range s.projects.Profiles(d.snapshot, s.currentSettings(ctx).Defaults, d.doc.Path).List {
		where, written := p.Where("target", "")
		if !written || p.Dockerfile == "" || !d.doc.IsAt(where.File) || d.text.RowAt(where.Start) != d.text.RowAt(offset) {
			continue
		}
		for _, span := range project.Places(p.File, d.doc.Text.Bytes(), []string{plan.BaseProfile(p.Name)}, project.StageName, p.Build.Target) {
			doc, err := plan.OpenDockerfile(d.snapshot, d.snapshot.URIOf(p.Dockerfile))
			if err != nil || offset < span.Start || span.End < offset {
				continue
			}
			if word, ok := language.StageWord(plan.FileOf(doc), p.Build.Target); ok {
				return document{d.snapshot, doc, s.converter(doc)}, word.Start, language.Span{Start: span.Start, End: span.End}, true
			}
		}
	}
	return document{}, 0, language.Span{}, false
}

// references are the places of a name, those in compose and bake files too.
func (s *Server) references(ctx context.Context, d document, p *referenceParams) (any, error) {
	list := []protocol.Location{}
	offset := d.offset(p.Position)
	if d.doc.Kind() != workspace.Dockerfile {
		var ok bool
		if d, offset, _, ok = s.stageNamed(ctx, d, offset); !ok {
			return list, nil
		}
	}
	symbol, _ := namesOf(d.doc).At(offset)
	if symbol == nil {
		return list, nil
	}
	for _, o := range symbol.Occurrences {
		if p.Context.IncludeDeclaration || !o.Write {
			list = append(list, d.location(o.Span))
		}
	}
	if what, ok := projectName(symbol); ok {
		for _, at := range s.projects.Places(d.snapshot, s.currentSettings(ctx).Defaults, d.doc.Path, what, symbol.Name) {
			if c, err := s.converterOf(d.snapshot, at.File); err == nil {
				list = append(list, c.location(language.Span{Start: at.Start, End: at.End}))
			}
		}
	}
	return list, nil
}

// documentHighlight is references, of those that give the name its meaning apart.
func (s *Server) documentHighlight(_ context.Context, d document, p *positionParams) (any, error) {
	list := []protocol.DocumentHighlight{}
	if symbol, _ := namesOf(d.doc).At(d.offset(p.Position)); symbol != nil {
		for _, o := range symbol.Occurrences {
			kind := protocol.DocumentHighlightKindRead
			if o.Write {
				kind = protocol.DocumentHighlightKindWrite
			}
			list = append(list, protocol.DocumentHighlight{Range: d.span(o.Span), Kind: kind})
		}
	}
	return list, nil
}

type namesKey struct{}

// namesOf are the names of a Dockerfile, read once for each text.
func namesOf(doc *workspace.Document) *language.Names {
	return doc.Text.Derive(namesKey{}, func() any { return language.NamesOf(plan.FileOf(doc)) }).(*language.Names)
}
