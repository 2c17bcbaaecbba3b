package handlers

import (
	"cmp"
	"context"
	"slices"

	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

func (s *Server) commandLog(raw []byte, p *commandParams) (lsp.Work, error) {
	var arg struct {
		ID   string `json:"id"`
		Step *int   `json:"step"`
	}
	if err := decodeArgument("buildls.log", raw, &arg); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		text, err := s.logOf(p.snapshot, arg.ID, arg.Step)
		if err != nil {
			return nil, err
		}
		return map[string]string{"text": text}, nil
	}, nil
}

// logOf is the output of a step of a build, or of all its steps if step is nil. Without
// an id the build is the newest.
func (s *Server) logOf(snapshot *workspace.Snapshot, id string, step *int) (string, error) {
	if b := s.builds.find(id); b != nil {
		return b.log(step)
	}
	if id == "" {
		recent := s.recent(snapshot)
		if len(recent) == 0 {
			return "", lsp.InvalidParams("buildls.log: there was no build yet")
		}
		id = recent[0].ID
	}
	return s.history.log(id, step)
}

func (s *Server) commandBuilds(raw []byte, p *commandParams) (lsp.Work, error) {
	if err := decodeArgument("buildls.builds", raw, &struct{}{}); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) { return s.recent(p.snapshot), nil }, nil
}

// recent are the builds of this session, and those that were kept of Dockerfiles in the
// folders that are open, newest first.
func (s *Server) recent(snapshot *workspace.Snapshot) []*buildResult {
	list := s.builds.results()
	for _, r := range s.history.all(snapshot.Encoding()) {
		if path, ok := r.URI.Path(); ok && snapshot.Holds(path, r.entry) && !slices.ContainsFunc(list, func(o *buildResult) bool { return o.ID == r.ID }) {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b *buildResult) int { return cmp.Compare(b.Started, a.Started) })
	return list
}
