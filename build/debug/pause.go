package debug

import (
	"context"
	"slices"

	"github.com/buildls/buildls/build"
)

// Pause stops a thread that runs, before the next step. Its steps that run go on to their ends, which
// it waits for unless they are in the background.
func (t *Thread) Pause() error {
	t.d.telling.Lock() // a client that was told of a step finds it running
	defer t.d.telling.Unlock()
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	switch {
	case t.over:
		return errEnded
	case t.running == nil:
		return nil
	}
	t.pausing = map[int]bool{}
	for _, p := range t.program.places {
		in := p.here().instruction()
		behind := func(o *op) bool { return t.d.behind[o.digest] > 0 }
		if in != nil && t.statusNow(in) == build.Running && !slices.ContainsFunc(in.ops, behind) {
			t.pausing[t.step(in)] = true
		}
	}
	if len(t.pausing) == 0 || t.evaluating != nil {
		t.running(errPaused)
	}
	return nil
}

// pauseBehind ends a run that is to pause when the steps that it waits for have ended.
func (t *Thread) pauseBehind() {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	for i := range t.pausing {
		if t.d.steps[i].Status == build.Running {
			return
		}
	}
	if len(t.pausing) > 0 && t.running != nil {
		t.running(errPaused)
	}
}

// standAfterPause stops the thread before the first instruction that has not run.
func (t *Thread) standAfterPause(from int) {
	pos := t.undone(max(from, 0))
	if pos == len(t.program.places) {
		pos--
	}
	ctx, cancel := context.WithCancelCause(t.d.ctx)
	defer cancel(nil)
	t.d.mu.Lock()
	t.running, t.pausing = cancel, nil
	t.d.mu.Unlock()
	if err := t.reach(ctx, from, pos, true); err != nil {
		t.fail(ctx, from, err)
		return
	}
	t.stop(pos, Stop{Reason: Paused})
}

// undone is the place before the first instruction that has not run, from a position on; the number of
// places if all have.
func (t *Thread) undone(from int) int {
	for i := from; i < len(t.program.places); i++ {
		in := t.program.places[i].here().instruction()
		if in != nil && len(in.ops) > 0 && i == in.at[len(in.at)-1] && !t.done(in) {
			return i
		}
	}
	return len(t.program.places)
}
