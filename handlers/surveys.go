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

// surveys holds what the instructions of open Dockerfiles take from their contexts, for
// hovers and lenses. One look runs for each file; an edit of any buffer ends it.
type surveys struct {
	server *Server

	mu    sync.Mutex // held in the message loop, so never while looking
	files map[workspace.URI]*surveyed
}

// surveyed is what is known of one Dockerfile.
type surveyed struct {
	turn   chan struct{} // capacity 1: held by who looks
	stop   context.CancelCauseFunc
	last   *sight // nil: nobody has looked yet
	stale  bool   // something may have changed since
	pass   *pass  // in the background; nil: none runs
	lensed bool   // its lenses were asked for
}

// A pass is a look in the background.
type pass struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// A sight is what was seen of a context. It does not change.
type sight struct {
	key   string // of all that it depends on but the disk
	at    time.Time
	took  time.Duration
	uses  map[string]survey.Use // by keyOfUse
	wrong []error               // why a view could not be seen
	err   error                 // why none could
}

func (v *surveys) init(s *Server) { v.server, v.files = s, map[workspace.URI]*surveyed{} }

// changed ends all looks, because some buffer changed, and with it perhaps what they look
// at. Lenses that a client can be told to ask for again are looked after when the author
// pauses.
func (v *surveys) changed() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for uri, f := range v.files {
		f.end()
		f.stale = true
		if f.lensed && v.server.features.refreshLenses {
			v.begin(uri, f, max(afterEdit, f.rest()))
		}
	}
}

func (v *surveys) opened(*workspace.Document) { v.changed() }

func (v *surveys) edited(*workspace.Document, []workspace.LineEdit) { v.changed() }

func (v *surveys) reread() { v.changed() }

// closed forgets a file.
func (v *surveys) closed(uri workspace.URI) {
	defer v.changed()
	v.mu.Lock()
	defer v.mu.Unlock()
	if f := v.files[uri.Key()]; f != nil {
		f.end()
	}
	delete(v.files, uri.Key())
}

// end ends who looks, and who is about to in the background.
func (f *surveyed) end() {
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
func (f *surveyed) rest() time.Duration {
	if f.last == nil {
		return 0
	}
	return max(0, 4*f.last.took-time.Since(f.last.at))
}

// begin looks in the background, after a pause. v.mu is held.
func (v *surveys) begin(uri workspace.URI, f *surveyed, pause time.Duration) {
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
func (v *surveys) run(ctx context.Context, uri workspace.URI, f *surveyed) {
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
	seen, err := v.look(ctx, list)
	if err == nil && !seen.sameTitles(before) {
		v.server.marks.refresh.changed(0)
	}
}

// lenses says that the lenses of a file are asked for. It is what was seen of its context
// the last time; if that is not of now, a look begins, which ends the channel.
func (v *surveys) lenses(list []usageQuery) (*sight, <-chan struct{}) {
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

func (v *surveys) file(uri workspace.URI) *surveyed {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.files[uri.Key()]
	if f == nil {
		f = &surveyed{turn: make(chan struct{}, 1)}
		v.files[uri.Key()] = f
	}
	return f
}

// known is what was seen last, nil if nothing was.
func (v *surveys) known(f *surveyed) *sight {
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
			q.need, wrong = text.ContextNeedOfAll(ctx, v.given(s.images.all()))
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
	for _, o := range q.Overlays() {
		fmt.Fprintf(&key, "\n%q %d", o.Path, o.Modified.UnixNano())
	}
	return key.String()
}

// keyOfUse is what an instruction takes in a view, wherever it stands.
func keyOfUse(view int, u dockerfile.ContextUse) string { return fmt.Sprintf("%d %+v", view, u.Paths) }

// look sees what a context holds, or saw it a moment ago. An edit, or a context that is
// too large, is an error.
func (v *surveys) look(ctx context.Context, list []usageQuery) (*sight, error) {
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
	seen := see(ctx, list)
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

// see counts for each view. That some views cannot be seen is no error, as long as others can.
func see(ctx context.Context, list []usageQuery) *sight {
	seen, began := &sight{uses: map[string]survey.Use{}, wrong: make([]error, len(list))}, time.Now()
	for i, q := range list {
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
	if err := look(ctx); err != nil {
		return err
	}
	defer looked()
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
func (f *surveyed) fresh(key string) bool {
	return f.last != nil && !f.stale && f.last.key == key && time.Since(f.last.at) < surveyFresh+f.last.took
}

// sameTitles says whether two sights show the same.
func (s *sight) sameTitles(other *sight) bool {
	return other != nil && maps.EqualFunc(s.uses, other.uses, func(a, b survey.Use) bool { return lensTitle(a) == lensTitle(b) })
}
