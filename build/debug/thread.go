package debug

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
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
	pos        int                     // the place; -1 before the first one
	failed     *failure                // the step behind pos has failed
	running    context.CancelCauseFunc // ends the run; nil while the thread stands
	pausing    map[int]bool            // the steps that ran when a pause was asked for; nil if none was
	nearer     context.CancelCauseFunc // ends what it waits for; nil while it waits for nothing
	from, to   int                     // while it waits: the place that it comes from, and the one to which it goes
	straight   bool                    // likewise: no breakpoint counts
	evaluating context.CancelCauseFunc // ends the evaluation of breakpoints; nil while there is none
	sent       int                     // the place to which StartAt sends the thread; -1 once it is there
	over       bool
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
	straight := why == Restarted // it goes where one was before
	for {
		next := to
		if !straight {
			next = min(to, t.nextBreakpoint(pos))
		}
		err := t.reach(ctx, pos, next, straight)
		if errors.Is(err, errNearer) {
			pos = t.passed()
			continue
		}
		if err != nil {
			t.fail(ctx, pos, err)
			return
		}
		pos = next
		if pos == end {
			t.d.over(t, nil)
			return
		}
		if !straight {
			if hit := t.hitAt(ctx, pos); hit != nil {
				t.stop(pos, *hit)
				return
			}
		}
		if pos == to {
			t.stop(pos, Stop{Reason: why})
			return
		}
	}
}

// reach has all built that is before a place. It ends with errNearer if there is a breakpoint now to which
// one comes before.
func (t *Thread) reach(ctx context.Context, from, to int, straight bool) error {
	reaching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.d.mu.Lock()
	t.nearer, t.from, t.to, t.straight = cancel, from, to, straight
	t.d.mu.Unlock()
	eg, solving := errgroup.WithContext(reaching)
	for _, in := range t.program.places[min(to, len(t.program.places)-1)].needs() {
		eg.Go(func() error {
			if _, err := t.d.states.get(solving, t.program.graph, in); err != nil {
				return &unbuilt{in, err}
			}
			return nil
		})
	}
	err := eg.Wait()
	t.d.mu.Lock()
	t.nearer = nil
	t.d.mu.Unlock()
	if cause := context.Cause(reaching); cause != nil {
		return cause
	}
	return err
}

// unbuilt is why an output could not be built.
type unbuilt struct {
	out *pb.Input
	error
}

func (e *unbuilt) Unwrap() error { return e.error }

// passed is the place behind which the thread goes on.
func (t *Thread) passed() int {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	return t.from
}

var errNearer = errors.New("a nearer breakpoint was set")

// heed ends what the thread waits for when a breakpoint that was set meanwhile comes first, and all
// before it has run.
func (t *Thread) heed() {
	t.d.mu.Lock()
	waits, from, to := t.nearer != nil && !t.straight, t.from, t.to
	t.d.mu.Unlock()
	if !waits || t.nextBreakpoint(from) >= to { // it goes to the nearest one
		return
	}
	undone := t.undone(max(from, 0))
	if undone >= to {
		return
	}
	in := t.program.places[undone].here().instruction()
	if t.status(in) == build.Running {
		return
	}
	before := max(in.at[0]-1, from)
	if next := t.nextBreakpoint(before); next <= undone {
		t.d.mu.Lock()
		defer t.d.mu.Unlock()
		if t.nearer != nil {
			t.from = next - 1
			t.nearer(errNearer)
		}
	}
}

// stop has the thread stand at a place.
func (t *Thread) stop(pos int, why Stop) {
	t.d.mu.Lock()
	t.pos, t.running, t.pausing, t.sent = pos, nil, nil, -1
	t.d.mu.Unlock()
	t.d.client.Stopped(t, why)
}

// endWithin is how long a stop waits for the engine's word of the step that failed. It says none of one
// that could not begin.
const endWithin = 500 * time.Millisecond

// fail ends a run that did not reach its place.
func (t *Thread) fail(ctx context.Context, from int, err error) {
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, errPaused) {
			t.standAfterPause(from)
		}
		return // else the build is over
	}
	f := &failure{in: t.blamed(from, err), err: err}
	if f.in == nil {
		t.d.over(t, err)
		return
	}
	if errors.As(err, &f.solve) && f.solve.Solve.Op.GetExec() == nil {
		f.solve = nil
	}
	if f.in.ops[len(f.in.ops)-1].GetExec() != nil { // what the engine says of its end is told before the stop
		t.awaitStatus(ctx, f.in, endWithin)
	}
	pos := f.in.at[len(f.in.at)-1]
	explained := t.explain(f)
	hit := t.hitFailed(ctx, pos, explained.ExitCode)
	t.d.mu.Lock()
	if !t.d.stopFailed && hit == nil {
		t.d.mu.Unlock()
		t.d.over(t, err)
		return
	}
	t.pos, t.running, t.pausing, t.sent, t.failed = pos, nil, nil, -1, f
	t.d.mu.Unlock()
	why := Stop{Reason: Failed, Text: explained.Message}
	if hit != nil {
		why.Breakpoints = hit.Breakpoints
	}
	t.d.client.Stopped(t, why)
}

// blamed is the instruction that an error is about: that of the vertex that failed, else the one whose
// output could not be built.
func (t *Thread) blamed(from int, err error) *instruction {
	var vertex *errdefs.VertexError
	if errors.As(err, &vertex) {
		if in := t.program.of(digest.Digest(vertex.Digest), from); in != nil {
			return in
		}
	}
	var output *unbuilt
	if errors.As(err, &output) {
		return t.program.of(digestOf(output.out), from)
	}
	return nil
}

// explain says why a step failed. Its last output may come behind the failure.
func (t *Thread) explain(f *failure) build.StepFailure {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	return build.ExplainStep(f.err, t.d.logs[t.step(f.in)])
}

// Failure is why the step behind the place has failed; ok is false if it has not.
func (t *Thread) Failure() (f build.StepFailure, ok bool) {
	t.d.mu.Lock()
	failed := t.failed
	t.d.mu.Unlock()
	if failed == nil {
		return f, false
	}
	return t.explain(failed), true
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
	if i := t.step(in); i >= 0 {
		return t.d.steps[i].Status
	}
	return ""
}

// step is the index of an instruction among the steps on the thread's platform; -1 if it is none. It is
// called with d.mu held.
func (t *Thread) step(in *instruction) int {
	return slices.IndexFunc(t.d.steps, func(s build.Step) bool {
		return s.Lines.First == in.First && (t.program.platform == "" || strings.HasPrefix(s.Name, "["+t.program.platform+" "))
	})
}
