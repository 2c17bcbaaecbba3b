package dap

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/debug"
	"github.com/buildls/buildls/build/dockerfile"
)

// begin launches the first build, and returns when it is known what can be stopped at.
func (s *session) begin(ctx context.Context, arguments json.RawMessage) error {
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.is().run != nil {
		return errors.New("this session has a build already; begin another session")
	}
	if len(arguments) == 0 {
		arguments = json.RawMessage("{}")
	}
	launch, r, err := s.start(ctx, arguments)
	if err != nil {
		return err
	}
	s.arguments = arguments
	s.debug(launch, r)
	s.event("initialized", &dap.InitializedEvent{})
	return nil
}

// debug makes a build the one that is debugged.
func (s *session) debug(launch *Launch, r *run) {
	s.mu.Lock()
	s.launch, s.run = launch, r
	s.filter()
	s.mu.Unlock()
	s.works.Go(func() { s.follow(r) })
}

// start starts a build, which waits for Debugger.Start. It is called with s.starting held.
func (s *session) start(ctx context.Context, arguments json.RawMessage) (*Launch, *run, error) {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	s.mu.Lock()
	s.abort = abort
	s.mu.Unlock()
	launch, err := s.host.Launch(ctx, arguments)
	if err != nil {
		return nil, nil, err
	}
	r := &run{ended: make(chan struct{})}
	r.steps.tell = func(text string, at dockerfile.Lines, category string) { s.output(category, text, &at) }
	buildCtx, cancel := context.WithCancelCause(s.ctx)
	r.cancel = cancel
	ready := make(chan *debug.Debugger, 1)
	var made *debug.Debugger
	var making sync.Mutex // Steps comes from another goroutine
	debugger := func() *debug.Debugger {
		making.Lock()
		defer making.Unlock()
		return made
	}
	obs := build.Observer{
		Steps: func(steps []build.Step) {
			tell := func() { r.steps.steps(steps) }
			if d := debugger(); d != nil {
				d.Steps(steps, tell)
			} else {
				tell()
			}
		},
		Log: func(l build.Log) {
			r.steps.log(l)
			if d := debugger(); d != nil {
				d.Log(l)
			}
		},
	}
	s.works.Go(func() {
		defer cancel(nil)
		r.outcome = launch.Run(buildCtx, obs, func(ctx context.Context, b *build.Debugging) error {
			d, err := debug.New(ctx, b, launch.How, stops{s, r})
			if err != nil {
				return err
			}
			making.Lock()
			made = d
			making.Unlock()
			ready <- d
			return d.Wait()
		})
		close(r.ended)
	})
	select {
	case r.Debugger = <-ready:
		return launch, r, nil
	case <-r.ended:
		return nil, nil, outcomeError(r.outcome)
	case <-ctx.Done():
		cancel(context.Cause(ctx))
		<-r.ended
		return nil, nil, context.Cause(ctx)
	}
}

func outcomeError(out *build.Outcome) error {
	if out.Failure != nil {
		return errors.New(out.Failure.Message)
	}
	return errCanceled
}

// follow tells how a build has ended, unless another has taken its place.
func (s *session) follow(r *run) {
	<-r.ended
	s.mu.Lock()
	current := s.run == r
	s.mu.Unlock()
	if !current {
		return
	}
	code := 0
	switch out := r.outcome; out.Status {
	case build.Done:
		text := fmt.Sprintf("Built in %.1f s", out.Duration.Seconds())
		if len(out.Tags) > 0 {
			text += ": " + strings.Join(out.Tags, ", ")
		}
		s.output("important", text+"\n", nil)
	case build.Failed:
		code = 1
		if out.Failure.ExitCode != nil {
			code = cmp.Or(*out.Failure.ExitCode, 1)
		}
		s.output("important", "Failed: "+strings.TrimRight(out.Failure.Message, "\n")+"\n", out.Failure.Lines)
	default:
		code = 1
		s.output("important", "Canceled\n", nil)
	}
	s.event("exited", &dap.ExitedEvent{Body: dap.ExitedEventBody{ExitCode: code}})
	s.event("terminated", &dap.TerminatedEvent{})
}

// configured lets the build go: the breakpoints are set.
func (s *session) configured() error {
	is := s.is()
	if is.run == nil {
		return errNoBuild
	}
	is.run.Start(is.launch.StopOnEntry && !is.launch.NoDebug)
	return nil
}

var errNoBuild = errors.New("no build is being debugged; launch one first")

// end cancels the build, and one that is being started. Its end is told by follow.
func (s *session) end(cause error) {
	s.mu.Lock()
	r, abort := s.run, s.abort
	s.mu.Unlock()
	if abort != nil {
		abort(cause)
	}
	if r != nil {
		r.cancel(cause)
	}
}

// await waits for the end of the build.
func (s *session) await() {
	s.starting.Lock() // nothing is being started
	defer s.starting.Unlock()
	if r := s.is().run; r != nil {
		<-r.ended
	}
}

// restart builds the text as it is now, and goes to where one was: where all threads stand, or where
// a frame stands. All before an edit is cached. If the text cannot be built, the old build stays.
func (s *session) restart(r *dap.Request, m dap.ResponseMessage, arguments json.RawMessage, frame *debug.Frame) {
	s.starting.Lock()
	defer s.starting.Unlock()
	old := s.is().run
	if old == nil {
		s.fail(r, errNoBuild)
		return
	}
	spots := old.Spots()
	if frame != nil {
		spots = frame.Spots()
	}
	var given struct{ Arguments json.RawMessage }
	if json.Unmarshal(arguments, &given) != nil || len(given.Arguments) == 0 {
		given.Arguments = s.arguments
	}
	launch, next, err := s.start(s.ctx, given.Arguments)
	if err != nil {
		s.output("important", "It stays as it was: "+strings.TrimRight(err.Error(), "\n")+"\n", nil)
		s.fail(r, err)
		return
	}
	s.arguments = given.Arguments
	s.debug(launch, next) // the end of the old one is not told
	old.cancel(errRestarted)
	<-old.ended
	s.handles.forget(0)
	s.answer(r, m)
	s.event("continued", &dap.ContinuedEvent{Body: dap.ContinuedEventBody{ThreadId: 1, AllThreadsContinued: true}})
	s.mu.Lock()
	placed := s.place()
	s.mu.Unlock()
	for _, b := range placed {
		s.event("breakpoint", &dap.BreakpointEvent{Body: dap.BreakpointEventBody{Reason: "changed", Breakpoint: b}})
	}
	next.StartAt(spots)
}
