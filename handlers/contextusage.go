package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

const (
	// surveyWithin bounds a look at a context that nobody asked for by command.
	surveyWithin = 10 * time.Second
	// surveyFresh is how long what was found is believed: not every client says when a
	// file changes on the disk.
	surveyFresh = 2 * time.Second
	// afterEdit is how long nothing must be typed before a look in the background.
	afterEdit = 500 * time.Millisecond
)

var errLargeContext = fmt.Errorf("it holds more than could be counted in %s; the command buildls.context counts it all", surveyWithin)

var errRemoteContext = errors.New("the engine fetches the context")

// contextUsage holds what the instructions of open Dockerfiles take from their contexts, for
// hovers and lenses. One look runs for each file; an edit of any buffer ends it.
type contextUsage struct {
	server *Server

	mu    sync.Mutex // held in the message loop, so never while looking
	files map[workspace.URI]*fileUsage
}

// fileUsage is what is known of one Dockerfile.
type fileUsage struct {
	turn   chan struct{} // capacity 1: held by who looks
	stop   context.CancelCauseFunc
	last   *usageSnapshot // nil: nobody has looked yet
	stale  bool           // something may have changed since
	pass   *pass          // in the background; nil: none runs
	lensed bool           // its lenses were asked for
	needs  dockerfile.ContextNeeds
}

// A pass is a look in the background.
type pass struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// A usageSnapshot is what was seen of a context. It does not change.
type usageSnapshot struct {
	key   string // of all that it depends on but the disk
	at    time.Time
	took  time.Duration
	uses  map[string]survey.Use // by keyOfUse
	wrong []error               // why a view could not be seen
	err   error                 // why none could
	dirs  []workspace.Place     // the contexts
}

// holds says whether a file lies in what was seen, or may.
func (s *usageSnapshot) holds(file workspace.Place) bool {
	return s == nil || slices.ContainsFunc(s.dirs, func(dir workspace.Place) bool {
		_, ok := file.From(dir)
		return ok
	})
}

func (v *contextUsage) init(s *Server) { v.server, v.files = s, map[workspace.URI]*fileUsage{} }

// changed ends looks, because a document changed that they may look at; nil is any.
func (v *contextUsage) changed(doc *workspace.Document) {
	var key workspace.URI
	var place workspace.Place
	if doc != nil {
		key, place = doc.URI.Key(), doc.Place()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for uri, f := range v.files {
		if doc == nil || uri == key || f.last.holds(place) {
			v.outdate(uri, f)
		}
	}
}

// outdate ends who looks at the context of a file. Lenses that a client can be told to ask for
// again are looked after when the author pauses. v.mu is held.
func (v *contextUsage) outdate(uri workspace.URI, f *fileUsage) {
	f.end()
	f.stale = true
	if f.lensed && v.server.features.refreshLenses {
		v.begin(uri, f, max(afterEdit, f.rest()))
	}
}

// opened finds the place of a document before the message loop would have to, and wait for a disk.
func (v *contextUsage) opened(doc *workspace.Document) {
	v.server.rpc.Go(func() {
		doc.Place()
		v.changed(doc)
	})
}

func (v *contextUsage) edited(doc *workspace.Document, _ []workspace.LineEdit) { v.changed(doc) }

func (v *contextUsage) reread(changed, _ []*workspace.Document) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, doc := range changed {
		if f := v.files[doc.URI.Key()]; f != nil {
			v.outdate(doc.URI.Key(), f)
		}
	}
}

// closed forgets a file.
func (v *contextUsage) closed(uri workspace.URI) {
	defer v.changed(nil)
	v.mu.Lock()
	defer v.mu.Unlock()
	if f := v.files[uri.Key()]; f != nil {
		f.end()
	}
	delete(v.files, uri.Key())
}

// end ends who looks, and who is about to in the background.
func (f *fileUsage) end() {
	if f.stop != nil {
		f.stop(errNewerText)
	}
	if f.pass != nil {
		f.pass.cancel(errNewerText)
		f.pass = nil
	}
}

// rest is how long there is to be no look in the background: a fifth of the time, at most,
// goes into looking.
func (f *fileUsage) rest() time.Duration {
	if f.last == nil {
		return 0
	}
	return max(0, 4*f.last.took-time.Since(f.last.at))
}

// begin looks in the background, after a pause. v.mu is held.
func (v *contextUsage) begin(uri workspace.URI, f *fileUsage, pause time.Duration) {
	ctx, cancel := context.WithCancelCause(v.server.rpc.Context())
	p := &pass{cancel, make(chan struct{})}
	f.pass = p
	v.server.rpc.Go(func() {
		defer close(p.done)
		defer cancel(nil)
		select {
		case <-time.After(pause):
			v.run(ctx, uri, f)
		case <-ctx.Done():
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if f.pass == p {
			f.pass = nil
		}
	})
}

// run looks, and has the client ask again if it has been shown something else.
func (v *contextUsage) run(ctx context.Context, uri workspace.URI, f *fileUsage) {
	snapshot := v.server.ws.Snapshot()
	doc := snapshot.Document(uri)
	if doc == nil {
		return
	}
	before := v.known(f)
	list, err := v.server.usageQueries(ctx, snapshot, doc)
	if err != nil {
		return
	}
	seen, err := v.current(ctx, list)
	if err == nil && !seen.sameTitles(before) {
		v.server.marks.refresh.changed(0)
	}
}

// lenses says that the lenses of a file are asked for. It is what was seen of its context
// the last time; if that is not of now, a look begins, which ends the channel.
func (v *contextUsage) lenses(list []usageQuery) (*usageSnapshot, <-chan struct{}) {
	uri, key := list[0].Doc.URI, keyOfQueries(list)
	f := v.file(uri)
	v.mu.Lock()
	defer v.mu.Unlock()
	f.lensed = true
	if f.fresh(key) {
		return f.last, nil
	}
	if f.pass == nil {
		v.begin(uri, f, f.rest())
	}
	return f.last, f.pass.done
}

func (v *contextUsage) file(uri workspace.URI) *fileUsage {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.files[uri.Key()]
	if f == nil {
		f = &fileUsage{turn: make(chan struct{}, 1)}
		v.files[uri.Key()] = f
	}
	return f
}

// known is what was seen last, nil if nothing was.
func (v *contextUsage) known(f *fileUsage) *usageSnapshot {
	v.mu.Lock()
	defer v.mu.Unlock()
	return f.last
}

// A usageQuery is what the instructions of a Dockerfile, as it stands, want of the context
// of a view.
type usageQuery struct {
	view
	need *dockerfile.ContextNeed
}

// usageQueries are of every view. It is an error if the text is none that can be converted,
// or no context lies here.
func (s *Server) usageQueries(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) (list []usageQuery, err error) {
	err = errRemoteContext
	for _, v := range s.viewsOf(snapshot, doc, s.settings.now()) {
		if v.Context.Remote() {
			continue
		}
		q := usageQuery{view: v}
		text, wrong := s.convertible(ctx, v)
		if wrong == nil {
			q.need, wrong = s.contextUsage.file(doc.URI).needs.OfAll(ctx, text, v.given(s.images.all()))
		}
		if wrong != nil {
			err = wrong
			continue
		}
		if q.wrong == nil && len(q.need.Uses) > 0 {
			q.wrong = q.Context.Unchosen
		}
		list = append(list, q)
	}
	if len(list) == 0 {
		return nil, err
	}
	return list, nil
}

// keyOfQueries is of all that an answer depends on but the disk.
func keyOfQueries(list []usageQuery) string {
	var key strings.Builder
	for _, q := range list {
		key.WriteString(q.key())
	}
	return key.String()
}

func (q usageQuery) key() string {
	var key strings.Builder
	fmt.Fprintf(&key, "%v %q %q %q %v %q", q.wrong, q.Context.Dir, q.ignore.URI, q.ignore.Text, q.need.Nothing, q.need.Follow)
	for _, u := range q.need.Uses {
		fmt.Fprintf(&key, "\n%+v", u.Paths)
	}
	for _, o := range q.ContextOverlays() {
		fmt.Fprintf(&key, "\n%q %d", o.Path, o.Modified.UnixNano())
	}
	return key.String()
}

// keyOfUse is what an instruction takes in a view, wherever it stands.
func keyOfUse(view int, u dockerfile.ContextUse) string { return fmt.Sprintf("%d %+v", view, u.Paths) }

// current is what a context holds, as it was a moment ago or is now. An edit, or a context that is
// too large, is an error.
func (v *contextUsage) current(ctx context.Context, list []usageQuery) (*usageSnapshot, error) {
	f, key := v.file(list[0].Doc.URI), keyOfQueries(list)
	ctx, cancel := context.WithTimeoutCause(ctx, surveyWithin, errLargeContext)
	defer cancel()
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	v.mu.Lock()
	if f.fresh(key) {
		defer v.mu.Unlock()
		return f.last, f.last.err
	}
	f.stop, f.stale = stop, false
	v.mu.Unlock()
	seen := measure(ctx, list)
	seen.key = key
	v.mu.Lock()
	defer v.mu.Unlock()
	f.stop = nil
	if cause := context.Cause(ctx); seen.err != nil && cause != nil {
		if !errors.Is(cause, errLargeContext) {
			f.stale = true
			return nil, cause
		}
		seen.err = cause
	}
	f.last = seen
	return seen, seen.err
}

// measure counts for each view. That some views cannot be seen is no error, as long as others can.
func measure(ctx context.Context, list []usageQuery) *usageSnapshot {
	seen, began := &usageSnapshot{uses: map[string]survey.Use{}, wrong: make([]error, len(list))}, time.Now()
	for i, q := range list {
		seen.dirs = append(seen.dirs, workspace.PlaceOf(q.Context.Dir))
		seen.wrong[i] = q.count(ctx, i, seen.uses)
	}
	if !slices.Contains(seen.wrong, nil) || ctx.Err() != nil {
		seen.err = cmp.Or(context.Cause(ctx), seen.wrong[0])
	}
	seen.at, seen.took = time.Now(), time.Since(began)
	return seen
}

// count fills in what each instruction takes.
func (q usageQuery) count(ctx context.Context, view int, uses map[string]survey.Use) error {
	if q.wrong != nil {
		return q.wrong
	}
	if err := acquireSlot(ctx); err != nil {
		return err
	}
	defer releaseSlot()
	contextFS, err := q.CountedFS()
	if err != nil {
		return err
	}
	answer, err := survey.Of(ctx, contextFS, question(q.need, q.ignore))
	if err != nil {
		return q.ignore.Explain(err)
	}
	for i, u := range q.need.Uses {
		uses[keyOfUse(view, u)] = answer.Uses[i]
	}
	return nil
}

// fresh says whether what was seen last is what one would see now.
func (f *fileUsage) fresh(key string) bool {
	return f.last != nil && !f.stale && f.last.key == key && time.Since(f.last.at) < surveyFresh+f.last.took
}

// sameTitles says whether two snapshots show the same.
func (s *usageSnapshot) sameTitles(other *usageSnapshot) bool {
	return other != nil && maps.EqualFunc(s.uses, other.uses, func(a, b survey.Use) bool { return lensTitle(a) == lensTitle(b) })
}
