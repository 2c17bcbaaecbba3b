package debug

import "context"

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

// StepBack goes to the instruction before, of this stage or of one that uses it; from what a step has left,
// to before that step. Nothing runs.
func (t *Thread) StepBack() error {
	t.d.mu.Lock()
	if err := t.stands(); err != nil {
		t.d.mu.Unlock()
		return err
	}
	if t.failed == nil {
		t.pos = t.before(t.pos)
	}
	t.failed = nil
	t.d.mu.Unlock()
	t.d.client.Stopped(t, Stop{Reason: Stepped})
	return nil
}

// before is the place of the instruction before a position.
func (t *Thread) before(pos int) int {
	here := t.program.places[pos]
	for i := pos - 1; i > 0; i-- {
		p := t.program.places[i]
		if len(p.frames) < len(here.frames) || len(p.frames) == len(here.frames) && p.here() != here.here() {
			return i
		}
	}
	return 0
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
