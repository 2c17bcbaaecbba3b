package handlers

import (
	"context"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A profileResult says which profile a build is of.
type profileResult struct {
	Name   string        `json:"name"`
	Source workspace.URI `json:"source"`
}

// resultOfProfile is nil if there is none.
func resultOfProfile(p *plan.Profile, snapshot *workspace.Snapshot) *profileResult {
	if p == nil {
		return nil
	}
	return &profileResult{Name: p.Name, Source: p.Source(snapshot)}
}

// A listedProfile is an element of the answer to buildls.profiles.
type listedProfile struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Source      workspace.URI   `json:"source"`
	URI         workspace.URI   `json:"uri"`
	Range       *protocol.Range `json:"range"`
	Argument    any             `json:"argument"`
}

func (s *Server) commandProfiles(raw []byte, p *commandParams) (lsp.Work, error) {
	var arg struct {
		URI workspace.URI `json:"uri"`
	}
	if err := decodeArgument("buildls.profiles", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		path, _ := arg.URI.Path()
		s.projects.Expire()
		all := s.projects.Profiles(p.snapshot, s.currentSettings(ctx).Defaults, path)
		list, first := slices.Clone(all.List), all.For(p.snapshot, path, "")
		slices.SortStableFunc(list, func(a, b *plan.Profile) int {
			return btoi(slices.Contains(first, b)) - btoi(slices.Contains(first, a))
		})
		out := []listedProfile{}
		for _, profile := range list {
			out = append(out, s.listed(p.snapshot, profile))
		}
		return out, nil
	}, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Server) listed(snapshot *workspace.Snapshot, p *plan.Profile) listedProfile {
	l := listedProfile{Name: p.Name, Description: p.Description, Source: p.Source(snapshot), URI: p.DockerfileURI(snapshot), Argument: p.Shown()}
	if doc, err := plan.OpenDockerfile(snapshot, p.Source(snapshot)); p.File != "" && err == nil {
		l.Range = ptr(s.converter(doc).byteRange(p.Start, p.End))
	}
	return l
}

// profileLenses offer to build what a compose or bake file names.
func (s *Server) profileLenses(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) (lenses []lens) {
	verb := map[project.Kind]string{project.Service: "▷ Build service ", project.Target: "▷ Bake "}
	for _, p := range s.projects.Profiles(snapshot, s.currentSettings(ctx).Defaults, doc.Path).List {
		if !doc.IsAt(p.File) || p.Fault != nil && p.Fault.Severity == project.Note {
			continue // elsewhere, or no build
		}
		line := doc.Text.RowAt(p.Start)
		lenses = append(lenses, lens{dockerfile.Lines{First: line, Last: line}, verb[p.Kind] + plan.BaseProfile(p.Name), "buildls.build", map[string]any{"profile": p.Name}})
	}
	return lenses
}
