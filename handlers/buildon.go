package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// The values of the setting buildOn.
const (
	buildOnCommand = "command"
	buildOnSave    = "save"
	buildOnType    = "type"
)

// buildsOn is what has a Dockerfile built. onSave is how that was said before.
func (s *Settings) buildsOn() string {
	if s.BuildOn == buildOnCommand && s.OnSave == "build" {
		return buildOnSave
	}
	return s.BuildOn
}

// following builds the Dockerfile that was edited last each time that its author pauses, if the
// setting buildOn has it. One Dockerfile is followed, however many are open, and one such build runs:
// a computer has other things to do. Such a build is quiet. It gives way to each that was asked
// for by command, and nothing is shown of it before its end but that it runs.
//
// One goroutine follows, as long as the setting is so. All that may matter wakes it, and it finds
// out by itself whether the build would be another one. So it need not be known what an event means.
type following struct {
	server *Server
	wake   chan struct{} // capacity 1

	mu      sync.Mutex // held in the message loop, so never while looking or building
	cancel  context.CancelCauseFunc
	ended   chan struct{} // closed when the goroutine has ended; nil: there is none
	stopped bool
	uri     workspace.URI // of the Dockerfile; empty until one is edited
	active  time.Time     // when the author last typed or built
	battery bool          // the client says that the computer runs on it
	asked   *plan.Plan    // of a build by command that has begun since one last looked; nil: none has
	status  followingParams

	// What follows is the goroutine's.
	built state
	build *sessionBuild // that runs or ran last; nil: there was none
	over  chan struct{} // closed when it has ended
	sums  map[string]*survey.Sums
	took  [2]time.Duration // the last two looks at the context, without their waits
}

// followingParams are those of buildls/following. A status is "off", "waiting", "building",
// "succeeded", "failed" or "resting", which it is until the author edits something again or, on
// battery, until the power is back.
type followingParams struct {
	Status  string        `json:"status"`
	URI     workspace.URI `json:"uri"`     // of the Dockerfile; empty while none is followed
	Message string        `json:"message"` // one line; may be empty
}

var (
	errTurnedOff = errors.New("the text is no longer followed")
	errOnBattery = errors.New("the computer runs on battery")
)

// lookAtDisk is how often the disk is looked at, at most: not every client says when a file of a
// context has changed. A fiftieth of the time goes into that, at most.
const lookAtDisk = 3 * time.Second

func (f *following) init(s *Server) {
	f.server, f.wake, f.sums = s, make(chan struct{}, 1), map[string]*survey.Sums{}
}

// edited follows what the author types: a Dockerfile, or what it may copy or be built with. It is
// noted whatever the settings are: they may come later.
func (f *following) edited(doc *workspace.Document, _ []workspace.LineEdit) {
	f.mu.Lock()
	if doc.Kind() == workspace.Dockerfile {
		f.uri = doc.URI
	}
	f.active = time.Now()
	f.mu.Unlock()
	f.look()
}

func (f *following) opened(*workspace.Document)        { f.look() }
func (f *following) reread(_, _ []*workspace.Document) { f.look() }

func (f *following) closed(uri workspace.URI) {
	f.mu.Lock()
	if f.uri.Key() == uri.Key() {
		f.uri = ""
	}
	f.mu.Unlock()
	f.look()
}

// ordered takes a build by command that begins: what it builds need not be built again.
func (f *following) ordered(p *plan.Plan) {
	f.mu.Lock()
	f.active = time.Now()
	if f.ended != nil {
		f.asked = p
	}
	f.mu.Unlock()
	f.look()
}

// look has the goroutine look whether there is something to build, or to be followed. It is called
// from anywhere.
func (f *following) look() {
	settings := f.server.settings.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended == nil && (f.stopped || settings.buildsOn() != buildOnType) {
		return
	}
	if f.ended == nil {
		ctx, cancel := context.WithCancelCause(f.server.rpc.Context())
		ended := make(chan struct{})
		f.cancel, f.ended = cancel, ended
		f.server.rpc.Go(func() {
			defer close(ended)
			defer cancel(errTurnedOff)
			f.run(ctx)
		})
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// stop has nothing be built any more. It returns when that is so, or when ctx is done.
func (f *following) stop(ctx context.Context) {
	f.mu.Lock()
	f.stopped = true
	ended := f.ended
	if ended != nil {
		f.cancel(errShutdown)
	}
	f.mu.Unlock()
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

func (f *following) run(ctx context.Context) {
	f.tell("waiting", "", "")
	for f.await(ctx) {
		settings := f.server.settings.now()
		if settings.buildsOn() == buildOnType {
			f.follow(ctx)
			continue
		}
		f.tell("off", "", "")
		if f.end() {
			return
		}
	}
}

// await waits until something may have changed and the author pauses. It is false when ctx is done.
func (f *following) await(ctx context.Context) bool {
	var disk <-chan time.Time
	if f.build != nil && !f.rests() {
		disk = time.After(max(lookAtDisk, 49*min(f.took[0], f.took[1]))) // during one, another process may have had the machine
	}
	select {
	case <-disk:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	case <-f.wake:
	}
	for {
		settings := f.server.settings.now()
		if settings.buildsOn() != buildOnType {
			return true
		}
		select {
		case <-f.wake:
		case <-time.After(settings.BuildOnTypeDelay):
			return ctx.Err() == nil
		case <-ctx.Done():
			return false
		}
	}
}

// end ends following, unless the setting is as it was again.
func (f *following) end() bool {
	settings := f.server.settings.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if settings.buildsOn() == buildOnType {
		return false
	}
	f.ended = nil
	return true
}

// follow builds what the author has written, if that is another build than the one before and the
// text has no mistake.
func (f *following) follow(ctx context.Context) {
	s := f.server
	f.mu.Lock()
	uri, active, asked, battery := f.uri, f.active, f.asked, f.battery
	if !battery { // else it counts when the power is back
		f.asked = nil
	}
	f.mu.Unlock()
	settings, snapshot := s.settings.now(), s.ws.Snapshot()
	doc := snapshot.Document(uri)
	if f.build != nil && f.build.plan.Doc.URI.Key() != uri.Key() {
		f.build.cancel(errTurnedOff) // the Dockerfile was closed, or another one is edited
		f.built = state{}
	}
	switch {
	case !s.followable(snapshot, doc):
		f.tell("waiting", "", "")
		return
	case battery:
		f.giveUp(ctx)
		f.tell("resting", doc.URI, errOnBattery.Error())
		return
	case settings.BuildOnTypeStopAfter > 0 && time.Since(active) > settings.BuildOnTypeStopAfter:
		f.tell("resting", doc.URI, fmt.Sprintf("nothing was typed or built for %v", settings.BuildOnTypeStopAfter))
		return
	}
	if f.rests() {
		f.tell("waiting", uri, "")
	}
	now := f.stateOf(ctx, snapshot, doc)
	if asked != nil && asked.Doc.Key() == doc.Key() && asked.Doc.Text.String() == now.text {
		f.built = now
	}
	if now == f.built || len(f.wake) > 0 || s.shells.inUse(doc.URI) {
		return // what is in the way wakes us
	}
	isError := func(p dockerfile.Problem) bool { return p.Severity == dockerfile.Error }
	if slices.ContainsFunc(s.check(ctx, doc, s.viewsOf(snapshot, doc, settings), settings), isError) || ctx.Err() != nil {
		return
	}
	if f.start(ctx, snapshot, doc, settings) {
		f.built = now
	}
}

// giveUp cancels the build that runs. What it was to build is built later.
func (f *following) giveUp(ctx context.Context) {
	if f.build == nil {
		return
	}
	f.build.cancel(errOnBattery)
	select {
	case <-f.over:
	case <-ctx.Done():
		return
	}
	if context.Cause(f.build.ctx) == errOnBattery && f.build.over().Status == build.Canceled {
		f.built = state{}
	}
}

// start begins a build, when the one before has ended. It is false if there is to be none now; what
// is in the way wakes us.
func (f *following) start(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) bool {
	s := f.server
	if f.build != nil {
		f.build.cancel(errSuperseded)
		select {
		case <-f.over:
		case <-ctx.Done():
			return false
		}
	}
	sequence, ok := s.builds.expectQuiet(doc)
	if !ok {
		return false
	}
	if !s.diagnostics.orderOf(sequence, doc) { // it was edited meanwhile
		s.builds.forget(sequence)
		return false
	}
	planned, err := s.projects.PlanQuiet(snapshot, plan.NewArgument(doc.URI, "", ""), settings.Defaults)
	if err != nil {
		s.builds.forget(sequence)
		s.diagnostics.begun(sequence)
		f.tell("failed", doc.URI, err.Error())
		return true
	}
	b, over := s.builds.start(ctx, planned, sequence), make(chan struct{})
	f.build, f.over = b, over
	f.tell("building", doc.URI, b.plan.Title())
	s.rpc.Go(func() {
		defer close(over)
		if status, message := s.runQuietly(b); ctx.Err() == nil {
			f.tell(status, doc.URI, message)
		}
	})
	return true
}

// runQuietly builds. What there is to say is shown at the end, and nothing of a build that was
// canceled. It returns what became of it, as followingParams have it.
func (s *Server) runQuietly(b *sessionBuild) (status, message string) {
	defer s.builds.finish(b)
	defer s.endPanicked(b)
	defer s.diagnostics.begun(b.sequence)
	s.log.Debug("build as the text is", zap.String("id", b.id), zap.String("uri", string(b.plan.Doc.URI)))
	out, where := s.buildAt(b)
	if out.Status == build.Canceled {
		b.end(out, resultOf(s.converter(b.plan.Doc), b, out, where, nil))
		return "waiting", ""
	}
	s.begin(b)
	result := s.show(b, out, where)
	s.log.Debug("built as the text is", zap.String("id", b.id), zap.String("status", result.Status), zap.Int64("ms", result.DurationMs))
	return result.Status, summary(b.plan.Title(), result)
}

// rests says whether nothing is built until the author edits something.
func (f *following) rests() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status.Status == "resting"
}

// tell tells the client what became of following, if that is news to it.
func (f *following) tell(status string, uri workspace.URI, message string) {
	message, _, _ = strings.Cut(message, "\n")
	now := followingParams{status, uri, message}
	f.mu.Lock()
	known := f.status == now
	f.status = now
	f.mu.Unlock()
	if known {
		return
	}
	f.server.log.Debug("following", zap.String("status", status), zap.String("uri", string(uri)), zap.String("message", message))
	if f.server.features.following {
		f.server.client.Notify("buildls/following", now)
	}
}
