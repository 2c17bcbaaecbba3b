package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// lensPatience is how long a client waits for the first lenses over instructions, if it
// cannot be told to ask again.
const lensPatience = 300 * time.Millisecond

// contextLenses say over each COPY and ADD how much it takes from the context, as far as
// that is known: a context that is looked at does not delay the other lenses.
func (s *Server) contextLenses(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []lens {
	list, err := s.usageQueries(ctx, snapshot, doc)
	if err != nil || !slices.ContainsFunc(list, func(q usageQuery) bool { return len(q.need.Uses) > 0 }) {
		return nil
	}
	seen, looking := s.contextUsage.lenses(list)
	if looking != nil && !s.features.refreshLenses {
		select {
		case <-looking:
		case <-time.After(lensPatience):
		case <-ctx.Done():
		}
		seen = s.contextUsage.known(s.contextUsage.file(doc.URI))
	}
	if seen == nil {
		return nil
	}
	var lenses []lens
	for _, u := range usesOf(list, seen) {
		if strings.HasPrefix(u.name, "COPY ") || strings.HasPrefix(u.name, "ADD ") {
			lenses = append(lenses, lens{u.lines, u.title(), "buildls.context", map[string]any{"uri": doc.URI}})
		}
	}
	return lenses
}

// A usage is what an instruction takes in each view of which that is known.
type usage struct {
	name  string
	lines dockerfile.Lines
	views []view
	uses  []survey.Use
}

// usesOf are the usages that were seen, in the Dockerfile's order.
func usesOf(list []usageQuery, seen *usageSnapshot) (all []usage) {
	for i, q := range list {
		for _, u := range q.need.Uses {
			use, ok := seen.uses[keyOfUse(i, u)]
			if !ok {
				continue
			}
			at := slices.IndexFunc(all, func(o usage) bool { return o.lines == u.Lines })
			if at < 0 {
				at = len(all)
				all = append(all, usage{name: u.Name, lines: u.Lines})
			}
			all[at].views, all[at].uses = append(all[at].views, q.view), append(all[at].uses, use)
		}
	}
	slices.SortStableFunc(all, func(a, b usage) int { return cmp.Compare(a.lines.First, b.lines.First) })
	return all
}

// title is that of all views if they agree, else that of each with its profile's name.
func (u usage) title() string {
	var each []string
	agree := true
	for i, use := range u.uses {
		title := lensTitle(use)
		agree = agree && title == lensTitle(u.uses[0])
		each = append(each, u.views[i].name()+": "+title)
	}
	if agree {
		return lensTitle(u.uses[0])
	}
	return strings.Join(each, " | ")
}

// name is what tells a view from others.
func (v view) name() string {
	if v.Profile == nil {
		return "without a profile"
	}
	return v.Profile.Name
}

// lensTitle is "214 files, 3.1 MB", and what is odd about them.
func lensTitle(u survey.Use) string {
	title := amount(u.Amount)
	if len(u.Missing) > 0 {
		title += " · nothing matches " + strings.Join(u.Missing, ", ")
	}
	if denied := unreadable(u); denied != "" {
		title += " · " + denied
	}
	if len(u.Secrets) > 0 {
		title += " · ⚠ looks like a secret: " + strings.Join(u.Secrets[:min(3, len(u.Secrets))], ", ")
	}
	return title
}
