package handlers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// A state is all that a build by the settings would be made of, as far as one can see without it.
type state struct {
	uri         workspace.URI
	text, given string
}

// followable says whether a document is a file of the author's folders. Before the client's
// configuration is known, which may be about to say that nothing is built, none is.
func (s *Server) followable(snapshot *workspace.Snapshot, doc *workspace.Document) bool {
	select {
	case <-s.settings.loaded:
	default:
		return false
	}
	if doc == nil || doc.Kind() != workspace.Dockerfile {
		return false
	}
	_, _, ok := snapshot.FolderOf(doc)
	return ok
}

// stateOf is the state of a Dockerfile. Of a context that cannot be looked at it says nothing.
func (f *following) stateOf(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) state {
	f.took = [2]time.Duration{0, f.took[0]}
	ctx, cancel := context.WithTimeout(ctx, surveyWithin)
	defer cancel()
	var given strings.Builder
	s := f.server
	for _, v := range s.viewsOf(snapshot, doc, s.settings.now()) {
		fmt.Fprintf(&given, "%q %q %q %q %q %v\n", v.Context.String(), v.Target, v.BuildArgs, v.Platforms, v.ignore.Text, v.wrong)
	}
	list, err := s.usageQueries(ctx, snapshot, doc)
	for _, q := range list {
		sum, wrong := f.sumOf(ctx, q)
		fmt.Fprintf(&given, "%d %v\n", sum, wrong != nil)
	}
	fmt.Fprint(&given, err != nil)
	return state{doc.Key(), doc.Text.String(), given.String()}
}

// sumOf stands for what a Dockerfile takes from the context of a view.
func (f *following) sumOf(ctx context.Context, q usageQuery) (uint64, error) {
	if q.wrong != nil {
		return 0, q.wrong
	}
	if err := acquireSlot(ctx); err != nil {
		return 0, err
	}
	defer releaseSlot()
	began := time.Now()
	defer func() { f.took[0] += time.Since(began) }()
	files, err := q.CountedFS()
	if err != nil {
		return 0, err
	}
	root, buffers := workspace.PlaceOf(q.Context.Dir), map[string]survey.Buffer{}
	for _, o := range q.ContextOverlays() {
		if path, ok := workspace.PlaceOf(o.Path).From(root); ok {
			buffers[path] = survey.Buffer{Changed: o.Modified.UnixNano(), OnDisk: o.OnDisk}
		}
	}
	sums := f.sums[q.Context.Dir]
	if sums == nil {
		sums = &survey.Sums{}
		f.sums[q.Context.Dir] = sums
	}
	return sums.Of(ctx, files, question(q.need, q.ignore), buffers)
}
