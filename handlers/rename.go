package handlers

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/buildls/buildls/build/language"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// prepareRename is the name at a place, if it can be changed.
func (s *Server) prepareRename(ctx context.Context, d document, p *positionParams) (any, error) {
	here, offset := d, d.offset(p.Position)
	var place language.Span
	if d.doc.Kind() != workspace.Dockerfile {
		var ok bool
		if d, offset, place, ok = s.stageNamed(ctx, d, offset); !ok {
			return nil, nil
		}
	}
	symbol, at, err := namesOf(d.doc).Renamable(offset)
	if errors.Is(err, language.ErrNoName) {
		return nil, nil
	}
	if err != nil {
		return nil, lsp.InvalidParams("%v", err)
	}
	if here.doc == d.doc {
		place = at.Span
	}
	return &protocol.PrepareRenamePlaceholder{Range: here.span(place), Placeholder: symbol.Name}, nil
}

type renameParams struct {
	positionParams
	NewName string `json:"newName"`
}

// rename gives a stage, a variable or a heredoc another name: in the Dockerfile, and in the
// compose and bake files that build it.
func (s *Server) rename(ctx context.Context, d document, p *renameParams) (any, error) {
	offset := d.offset(p.Position)
	if d.doc.Kind() != workspace.Dockerfile {
		var ok bool
		if d, offset, _, ok = s.stageNamed(ctx, d, offset); !ok {
			return nil, lsp.InvalidParams("%v", language.ErrNoName)
		}
	}
	names := namesOf(d.doc)
	edits, err := names.Rename(offset, p.NewName)
	if err != nil {
		return nil, lsp.InvalidParams("%v", err)
	}
	changes := map[uri.URI][]protocol.TextEdit{}
	for _, e := range edits {
		changes[d.uri] = append(changes[d.uri], protocol.TextEdit{Range: d.span(e.Span), NewText: e.Text})
	}
	places, err := s.placesInProjects(ctx, d, names, offset, p.NewName)
	if err != nil {
		return nil, lsp.InvalidParams("%v", err)
	}
	for _, at := range places {
		c, err := s.converterOf(d.snapshot, at.File)
		if err != nil {
			return nil, lsp.InvalidParams("%v", err)
		}
		changes[c.uri] = append(changes[c.uri], protocol.TextEdit{Range: c.byteRange(at.Start, at.End), NewText: p.NewName})
	}
	return &protocol.WorkspaceEdit{Changes: changes}, nil
}

// placesInProjects are the places outside of the Dockerfile that name what stands at a byte of it.
func (s *Server) placesInProjects(ctx context.Context, d document, names *language.Names, offset int, name string) ([]project.Span, error) {
	symbol, _ := names.At(offset)
	what, ok := projectName(symbol)
	if !ok {
		return nil, nil
	}
	places, err := s.projects.Rename(d.snapshot, s.currentSettings(ctx).Defaults, d.doc.Path, what, symbol.Name, name)
	if len(places) > 0 && what == project.ArgName {
		for _, other := range names.Symbols {
			if other != symbol && other.Name == symbol.Name && other.IsArg() {
				return nil, fmt.Errorf("%s is given to the ARG in line %d too, which is of another stage", symbol.Name, other.Writes()[0].Instruction.First+1)
			}
		}
	}
	return places, err
}

// projectName is what compose and bake files may name a symbol as; ok is false if they cannot.
func projectName(symbol *language.Symbol) (what project.Name, ok bool) {
	if symbol.Kind == language.Stage {
		return project.StageName, true
	}
	return project.ArgName, symbol.Kind == language.Variable && symbol.IsArg()
}

// converterOf converts places of a file: of its buffer, if it is open.
func (s *Server) converterOf(snapshot *workspace.Snapshot, path string) (converter, error) {
	if doc := snapshot.DocumentAt(path); doc != nil {
		return s.converter(doc), nil
	}
	data, err := os.ReadFile(path)
	return converter{uri: toURI(snapshot.URIOf(path)), text: workspace.NewText(string(data)), encoding: snapshot.Encoding()}, err
}
