package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
)

// maxSymbols is how many symbols an answer has at most: nobody reads more.
const maxSymbols = 500

// workspaceSymbol finds the stages of all Dockerfiles, and the services and targets that compose
// and bake files build, by a part of their names.
func (s *Server) workspaceSymbol(p *struct {
	Query string `json:"query"`
}) (lsp.Work, error) {
	snapshot := s.ws.Snapshot()
	return func(ctx context.Context) (any, error) {
		settings := s.currentSettings(ctx)
		list := []protocol.SymbolInformation{}
		if settings.Editing == editingOff {
			return list, nil
		}
		add := func(name, in string, kind protocol.SymbolKind, at protocol.Location) {
			if !mayMean(p.Query, name) {
				return
			}
			info := protocol.SymbolInformation{Location: at}
			info.Name, info.Kind, info.ContainerName = name, kind, &in
			list = append(list, info)
		}
		all, _ := s.dockerfiles.all(ctx, s, snapshot, nil)
		for path, said := range all {
			for _, stage := range said.stages {
				add(stage.name, plan.RelativeName(snapshot, path), protocol.SymbolKindModule, stage.at)
			}
		}
		for _, profile := range s.projects.Profiles(snapshot, settings.Defaults, "").List {
			if profile.File == "" || profile.Fault != nil && profile.Fault.Severity == project.Note {
				continue // of the settings, or no build
			}
			if c, err := s.converterOf(snapshot, profile.File); err == nil {
				at := protocol.Location{URI: c.uri, Range: c.byteRange(profile.Start, profile.End)}
				add(plan.BaseProfile(profile.Name), plan.RelativeName(snapshot, profile.File), protocol.SymbolKindObject, at)
			}
		}
		slices.SortFunc(list, func(a, b protocol.SymbolInformation) int {
			return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Location.URI, b.Location.URI))
		})
		return list[:min(len(list), maxSymbols)], ctx.Err()
	}, nil
}

// mayMean says whether the characters of a query stand in a name in this order, in any case. The
// client orders what it is given.
func mayMean(query, name string) bool {
	rest := []rune(strings.ToLower(name))
	for _, r := range query {
		i := slices.Index(rest, unicode.ToLower(r))
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}
