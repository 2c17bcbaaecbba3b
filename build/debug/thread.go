package debug

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
)

// A Thread is the build for a platform. What starts it does nothing while it runs.
type Thread struct {
	ID int

	d       *Debugger
	program *program
	base    func() *dockerfile.Baseline // what is in force, by the text

	// These are guarded by d.mu.
	pos     int                     // the place; -1 before the first one
	failed  *failure                // the step behind pos has failed
	running context.CancelCauseFunc // ends the run; nil while the thread stands
	pausing map[int]bool            // the steps that ran when a pause was asked for; nil if none was
	over    bool
}

// Name is the platform.
func (t *Thread) Name() string {
	if t.program.platform != "" {
		return t.program.platform
	}
	if len(t.d.how.Platforms) > 0 {
		return t.d.how.Platforms[0]
	}
	return "build"
}

// A failure is a step that has failed.
type failure struct {
	in    *instruction
	err   error
	solve *errdefs.SolveError // names what the step left; nil if it left nothing

	making    sync.Mutex
	container gateway.Container // of what the step left; nil if nobody has looked
}

var (
	errPaused  = errors.New("paused")
	errRunning = errors.New("the build is running; pause it first")
	errEnded   = errors.New("there is nothing more to build")
)

// Standing says whether the thread has stopped, and can be looked at.
func (t *Thread) Standing() bool {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	return t.stands() == nil
}

// Runs says whether the thread is running.
func (t *Thread) Runs() bool {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	return t.running != nil
}

func (t *Thread) stands() error {
	switch {
	case t.over || t.d.ctx.Err() != nil:
		return errEnded
	case t.running != nil || t.pos < 0:
		return errRunning
	}
	return nil
}

// move resumes a thread that stands, to a place that depends on where it stands.
func (t *Thread) move(to func(pos int) int) error {
	t.d.mu.Lock()
	err := t.stands()
	pos := t.pos
	t.d.mu.Unlock()
	if err != nil {
		return err
	}
	t.resume(to(pos), Stepped)
	return nil
}

// Continue goes on to the next stop.
func (t *Thread) Continue() error {
	return t.move(func(int) int { return len(t.program.places) })
}

// Next runs an instruction: to the next one of the stage, or to the stage's end; from there to where
// the stage is used.
func (t *Thread) Next() error {
	return t.move(func(pos int) int {
		depth := len(t.program.places[pos].frames)
		in := t.program.places[pos].here().instruction()
		return t.find(pos+1, func(p *place) bool {
			return len(p.frames) < depth || len(p.frames) == depth && (in == nil || p.here().instruction() != in)
		})
	})
}

// StepIn goes into a stage that the instruction uses and that has not run. If there is none, it is
// Next.
func (t *Thread) StepIn() error { return t.move(func(pos int) int { return pos + 1 }) }

// StepOut runs a stage to its end: to where it is used, or for the target to the end of the build.
func (t *Thread) StepOut() error {
	return t.move(func(pos int) int {
		depth := len(t.program.places[pos].frames)
		last := len(t.program.places) - 1
		if depth == 1 && pos < last {
			return last
		}
		return t.find(pos+1, func(p *place) bool { return len(p.frames) < depth })
	})
}

// find is the first place from a position on that is as wanted, else their number.
func (t *Thread) find(from int, wanted func(*place) bool) int {
	for i := from; i < len(t.program.places); i++ {
		if wanted(t.program.places[i]) {
			return i
		}
	}
	return len(t.program.places)
}

// StepBack goes to the instruction before, of this stage or of one that uses it. Nothing runs.
func (t *Thread) StepBack() error {
	return t.back(func(pos int) int {
		here := t.program.places[pos]
		for i := pos - 1; i > 0; i-- {
			p := t.program.places[i]
			if len(p.frames) < len(here.frames) || len(p.frames) == len(here.frames) && p.here() != here.here() {
				return i
			}
		}
		return 0
	}, Stepped)
}

// back moves a thread to a place behind it.
func (t *Thread) back(to func(pos int) int, why Reason) error {
	t.d.mu.Lock()
	if err := t.stands(); err != nil {
		t.d.mu.Unlock()
		return err
	}
	if t.failed == nil || why != Stepped { // from what a step left, to before that step
		t.pos = to(t.pos)
	}
	t.failed = nil
	t.d.mu.Unlock()
	t.d.client.Stopped(t, Stop{Reason: why})
	return nil
}

// ReverseContinue goes to the last breakpoint before, else to the entry. Nothing runs.
func (t *Thread) ReverseContinue() error {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	if err := t.stands(); err != nil {
		return err
	}
	from := t.pos
	ctx, cancel := context.WithCancelCause(t.d.ctx)
	t.running, t.failed = cancel, nil
	t.d.spawn(func() {
		defer cancel(nil)
		for pos := from - 1; pos > 0; pos-- {
			if hit := t.hitAt(ctx, pos); hit != nil {
				t.stop(pos, *hit)
				return
			}
		}
		t.stop(0, Stop{Reason: Entry})
	})
	return nil
}

// resume lets a thread run to a place, or to a breakpoint before it. At the place it stops for a
// reason. The number of places stands for the end of the build.
func (t *Thread) resume(to int, why Reason) {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	ctx, cancel := context.WithCancelCause(t.d.ctx)
	from, failed := t.pos, t.failed
	t.running, t.failed, t.pausing = cancel, nil, nil
	t.d.spawn(func() {
		defer cancel(nil)
		if failed != nil && to > from {
			t.d.over(t, failed.err)
			return
		}
		t.run(ctx, from, to, why)
	})
}

// run goes on until there is a reason to stop.
func (t *Thread) run(ctx context.Context, pos, to int, why Reason) {
	end := len(t.program.places)
	t.background(to)
	for {
		next := to
		if why != Restarted { // it goes where one was before
			next = min(to, t.nextBreakpoint(pos))
		}
		if err := t.reach(ctx, min(next, end-1)); err != nil {
			t.fail(ctx, pos, err)
			return
		}
		pos = next
		if pos == end {
			t.d.over(t, nil)
			return
		}
		if hit := t.hitAt(ctx, pos); hit != nil && why != Restarted {
			t.stop(pos, *hit)
			return
		}
		if pos == to {
			t.stop(pos, Stop{Reason: why})
			return
		}
	}
}

// reach has all built that is before a place.
func (t *Thread) reach(ctx context.Context, pos int) error {
	eg, solving := errgroup.WithContext(ctx)
	for _, in := range t.program.places[pos].needs() {
		eg.Go(func() error {
			_, err := t.d.states.get(solving, t.program.graph, in)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// stop has the thread stand at a place.
func (t *Thread) stop(pos int, why Stop) {
	t.d.mu.Lock()
	t.pos, t.running, t.pausing = pos, nil, nil
	t.d.mu.Unlock()
	t.d.client.Stopped(t, why)
}

// fail ends a run that did not reach its place.
func (t *Thread) fail(ctx context.Context, from int, err error) {
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, errPaused) {
			t.standAfterPause(from)
		}
		return // else the build is over
	}
	f := &failure{err: err}
	var vertex *errdefs.VertexError
	if errors.As(err, &vertex) {
		f.in = t.program.of(digest.Digest(vertex.Digest))
	}
	if f.in == nil {
		t.d.over(t, err)
		return
	}
	if errors.As(err, &f.solve) && f.solve.Solve.Op.GetExec() == nil {
		f.solve = nil
	}
	pos := f.in.at[len(f.in.at)-1]
	explained := t.d.explain(f)
	hit := t.hitFailed(pos, explained.ExitCode)
	t.d.mu.Lock()
	if !t.d.stopFailed && hit == nil {
		t.d.mu.Unlock()
		t.d.over(t, err)
		return
	}
	t.pos, t.running, t.pausing, t.failed = pos, nil, nil, f
	t.d.mu.Unlock()
	why := Stop{Reason: Failed, Text: explained.Message}
	if hit != nil {
		why.Breakpoints = hit.Breakpoints
	}
	t.d.client.Stopped(t, why)
}

// explain says why a step failed. Its last output may come behind the failure.
func (d *Debugger) explain(f *failure) build.StepFailure {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, s := range d.steps {
		if s.Lines.First == f.in.First {
			return build.ExplainStep(f.err, d.logs[i])
		}
	}
	return build.ExplainStep(f.err, "")
}

// Failure is why the step behind the place has failed; ok is false if it has not.
func (t *Thread) Failure() (f build.StepFailure, ok bool) {
	t.d.mu.Lock()
	failed := t.failed
	t.d.mu.Unlock()
	if failed == nil {
		return f, false
	}
	return t.d.explain(failed), true
}

// done says whether an instruction has run.
func (t *Thread) done(in *instruction) bool {
	status := t.status(in)
	return status == build.Done || status == build.Cached
}

// status is how far an instruction is; empty if the engine has not spoken of it.
func (t *Thread) status(in *instruction) build.Status {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	return t.statusNow(in)
}

// statusNow is called with d.mu held.
func (t *Thread) statusNow(in *instruction) build.Status {
	i := slices.IndexFunc(t.d.steps, func(s build.Step) bool {
		return s.Lines.First == in.First && (t.program.platform == "" || strings.HasPrefix(s.Name, "["+t.program.platform+" "))
	})
	if i < 0 {
		return ""
	}
	return t.d.steps[i].Status
}
