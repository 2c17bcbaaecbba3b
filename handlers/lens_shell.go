package handlers

import (
	"context"
	"encoding/json"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

// A shellOffer is a failed step of a document in which a shell can be opened.
type shellOffer struct {
	lines    dockerfile.Lines
	argument map[string]any // of buildls.shell
}

// shellOffers are none if the client runs no commands in a terminal.
func (s *Server) shellOffers(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []shellOffer {
	id := s.shells.ofFile(doc.URI)
	if id == "" {
		return nil
	}
	b := s.builds.find(id)
	if b == nil || b.failedStep() < 0 {
		return nil
	}
	for _, m := range s.marks.of(ctx, snapshot, doc) {
		if strings.HasPrefix(m.label, "✗") {
			return []shellOffer{{m.Lines, map[string]any{"id": id, "step": b.failedStep()}}}
		}
	}
	return nil
}

// shellLenses offer a shell over the step that failed.
func (s *Server) shellLenses(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []lens {
	var lenses []lens
	for _, o := range s.shellOffers(ctx, snapshot, doc) {
		lenses = append(lenses, lens{o.lines, "▷ Shell", "buildls.shell", o.argument})
	}
	return lenses
}

// shellActions offer the same where the step's problem is.
func (s *Server) shellActions(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, at protocol.Range) []protocol.CodeAction {
	var actions []protocol.CodeAction
	c := s.converter(doc)
	for _, o := range s.shellOffers(ctx, snapshot, doc) {
		if !meet(c.lineRange(o.lines), at) {
			continue
		}
		argument, err := json.Marshal(o.argument)
		if err != nil {
			panic(err) // our own map: cannot happen
		}
		const title = "Open a shell in this step"
		actions = append(actions, protocol.CodeAction{Title: title, Kind: ptr(protocol.CodeActionKindQuickFix),
			Command: protocol.Command{Title: title, Command: "buildls.shell", Arguments: []protocol.LSPAny{argument}}})
	}
	return actions
}

// ofFile is the id of a build of a file that is held, empty if there is none.
func (s *shells) ofFile(uri workspace.URI) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, h := range s.held {
		if h.uri.Key() == uri.Key() {
			return id
		}
	}
	return ""
}
