package handlers

import (
	"fmt"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// buildSaved builds a Dockerfile that was saved, if the author wants that. A build that
// runs of the same text goes on.
func (s *Server) buildSaved(snapshot *workspace.Snapshot, doc *workspace.Document, sequence int64) {
	ctx := s.rpc.Context()
	settings := s.currentSettings(ctx)
	if settings.buildsOn() != buildOnSave || s.builds.runs(doc) {
		s.builds.forget(sequence)
		s.diagnostics.begun(sequence)
		s.following.look() // it was in the way
		return
	}
	planned, err := s.plan(ctx, snapshot, plan.NewArgument(doc.URI, "", ""), sequence)
	if err != nil {
		s.showMessage(protocol.MessageTypeWarning, fmt.Sprintf("buildls: not built on save: %v", err))
		return
	}
	b := s.builds.start(ctx, planned, sequence)
	b.progress = s.newProgress(b, nil)
	s.run(b)
}

// runs says whether a build of a document's text is running.
func (b *builds) runs(doc *workspace.Document) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.list {
		if built := r.plan.Doc; r.isRunning() && built.Key() == doc.Key() && built.Text.String() == doc.Text.String() {
			return true
		}
	}
	return false
}
