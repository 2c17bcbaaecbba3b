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
	s.mu.Lock()
	begun := s.arguments != nil
	s.arguments = arguments
	if len(arguments) == 0 {
		s.arguments = json.RawMessage("{}")
	}
	s.mu.Unlock()
	if begun {
		return errors.New("this session has a build already; begin another session")
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	s.event("initialized", &dap.InitializedEvent{})
	return nil
}

// start starts a build, which waits for Debugger.Start.
func (s *session) start(ctx context.Context) error {
	launch, err := s.host.Launch(ctx, s.arguments)
	if err != nil {
		return err
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
			if d := debugger(); d != nil {
				d.Steps(steps)
			}
			r.steps.steps(steps)
		},
		Log: func(l build.Log) {
			if d := debugger(); d != nil {
				d.Log(l)
			}
			r.steps.log(l)
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
	case <-r.ended:
		return outcomeError(r.outcome)
	case <-ctx.Done():
		cancel(context.Cause(ctx))
		<-r.ended
		return context.Cause(ctx)
	}
	s.mu.Lock()
	s.launch, s.run = launch, r
	s.filter()
	s.mu.Unlock()
	s.works.Go(func() { s.follow(r) })
	return nil
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
	s.mu.Lock()
	r, launch := s.run, s.launch
	s.mu.Unlock()
	if r == nil {
		return errNoBuild
	}
	r.Start(launch.StopOnEntry && !launch.NoDebug)
	return nil
}

var errNoBuild = errors.New("no build is being debugged; launch one first")

// end cancels the build. Its end is told by follow.
func (s *session) end(cause error) {
	s.mu.Lock()
	r := s.run
	s.mu.Unlock()
	if r != nil {
		r.cancel(cause)
	}
}

// await waits for the end of the build.
func (s *session) await() {
	s.mu.Lock()
	r := s.run
	s.mu.Unlock()
	if r != nil {
		<-r.ended
	}
}

// restart builds the text as it is now, and goes to where one was: where all threads stand, or where
// a frame stands. All before an edit is cached.
func (s *session) restart(r *dap.Request, m dap.ResponseMessage, arguments json.RawMessage, frame *debug.Frame) {
	var given struct{ Arguments json.RawMessage }
	if json.Unmarshal(arguments, &given) == nil && len(given.Arguments) > 0 {
		s.arguments = given.Arguments
	}
	s.mu.Lock()
	old := s.run
	s.run = nil // its end is not told
	s.mu.Unlock()
	if old == nil {
		s.fail(r, errNoBuild)
		return
	}
	spots := old.Spots()
	if frame != nil {
		spots = frame.Spots()
	}
	old.cancel(errRestarted)
	<-old.ended
	s.handles.forget(0)
	if err := s.start(s.ctx); err != nil {
		s.fail(r, err)
		s.event("terminated", &dap.TerminatedEvent{})
		return
	}
	s.answer(r, m)
	s.event("continued", &dap.ContinuedEvent{Body: dap.ContinuedEventBody{ThreadId: 1, AllThreadsContinued: true}})
	s.mu.Lock()
	placed, now := s.place(), s.run
	s.mu.Unlock()
	for _, b := range placed {
		s.event("breakpoint", &dap.BreakpointEvent{Body: dap.BreakpointEventBody{Reason: "changed", Breakpoint: b}})
	}
	now.StartAt(spots)
}
