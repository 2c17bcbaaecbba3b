package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// lensPatience is how long a client waits for the first lenses over instructions, if it
// cannot be told to ask again.
const lensPatience = 300 * time.Millisecond

// contextLenses say over each COPY and ADD how much it takes from the context, as far as
// that is known: a context that is looked at does not delay the other lenses.
func (s *Server) contextLenses(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []lens {
	q, err := s.usageQuery(ctx, snapshot, doc)
	if err != nil || len(q.need.Uses) == 0 {
		return nil
	}
	seen, looking := s.surveys.lenses(q)
	if looking != nil && !s.features.refreshLenses {
		select {
		case <-looking:
		case <-time.After(lensPatience):
		case <-ctx.Done():
		}
		seen = s.surveys.known(s.surveys.file(doc.URI))
	}
	if seen == nil {
		return nil
	}
	var lenses []lens
	for _, u := range q.need.Uses {
		use, ok := seen.uses[keyOfUse(u)]
		if ok && (strings.HasPrefix(u.Name, "COPY ") || strings.HasPrefix(u.Name, "ADD ")) {
			lenses = append(lenses, lens{u.Lines, lensTitle(use), "buildls.context", map[string]any{"uri": doc.URI}})
		}
	}
	return lenses
}

// lensTitle is "214 files, 3.1 MB", and what is odd about them.
func lensTitle(u survey.Use) string {
	title := amount(u.Amount)
	if len(u.Missing) > 0 {
		title += " · nothing matches " + strings.Join(u.Missing, ", ")
	}
	if len(u.Secrets) > 0 {
		title += " · ⚠ looks like a secret: " + strings.Join(u.Secrets[:min(3, len(u.Secrets))], ", ")
	}
	return title
}
