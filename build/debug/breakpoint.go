package debug

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/build/lazyregexp"
	digest "github.com/opencontainers/go-digest"
)

// A Breakpoint is asked for: at a line or, by name, at a stage.
type Breakpoint struct {
	ID    int
	Line  int    // 0-based; -1 for one at a stage
	Stage string // its name or number
	// Condition is a command for the shell of the stage, run in the files at the place: it holds if
	// the command ends with 0. Or it is "cached", "!cached", or a comparison of the code with which
	// the step has failed, such as "exit != 0". Empty always holds.
	Condition string
	// Log is told in place of a stop. {COMMAND} in it is what a command prints, {$NAME} a variable.
	Log string
}

// A Placed breakpoint says where one was put.
type Placed struct {
	ID    int
	Lines *dockerfile.Lines // nil if it is nowhere
	Why   string            // it is nowhere
}

// A breakpoint is one that is placed.
type breakpoint struct {
	Breakpoint
	at map[*Thread]*instruction // may lack some
	// onEnd is the place, if it is the end of a stage.
	onEnd map[*Thread]int
}

// SetBreakpoints replaces all breakpoints, and says where they were put, in their order.
func (d *Debugger) SetBreakpoints(list []Breakpoint) []Placed {
	var placed []Placed
	var all []*breakpoint
	for _, asked := range list {
		b := &breakpoint{Breakpoint: asked, at: map[*Thread]*instruction{}, onEnd: map[*Thread]int{}}
		p := Placed{ID: asked.ID}
		for _, t := range d.Threads {
			lines, why := t.place(b)
			if p.Lines == nil {
				p.Lines, p.Why = lines, why
			}
		}
		placed, all = append(placed, p), append(all, b)
	}
	d.mu.Lock()
	d.breakpoints = all
	for _, t := range d.Threads {
		if t.evaluating != nil {
			t.evaluating(errReplaced)
		}
	}
	d.mu.Unlock()
	for _, t := range d.Threads {
		t.heed()
	}
	return placed
}

// place finds where a thread stops for a breakpoint.
func (t *Thread) place(b *breakpoint) (at *dockerfile.Lines, why string) {
	if b.Line < 0 {
		return t.placeStage(b)
	}
	outside := len(t.program.stages) > 0 && b.Line < t.program.stages[0].from
	for _, s := range t.program.stages {
		if outside && !t.reached(s) || !outside && (b.Line < s.from || b.Line >= s.until) {
			continue
		}
		for _, in := range s.list {
			if in.End() >= b.Line && len(in.at) > 0 {
				return t.placeAt(b, in)
			}
		}
		return t.placeOnEnd(b, s)
	}
	return nil, "no stage of the build stands here or below"
}

// placeAt puts a breakpoint at an instruction.
func (t *Thread) placeAt(b *breakpoint, in *instruction) (at *dockerfile.Lines, why string) {
	b.at[t] = in
	lines := in.Lines()
	return &lines, ""
}

// placeOnEnd puts a breakpoint on the end of a stage.
func (t *Thread) placeOnEnd(b *breakpoint, s *stage) (at *dockerfile.Lines, why string) {
	end := t.find(0, func(p *place) bool { return p.here() == frame{s, len(s.list)} })
	if end == len(t.program.places) {
		return nil, "the target " + cmp.Or(t.d.how.Target, "of the build") + " does not need this stage"
	}
	b.onEnd[t] = end
	lines := t.program.places[end].here().lines()
	return &lines, ""
}

// reached says whether the build needs a stage.
func (t *Thread) reached(s *stage) bool {
	return t.find(0, func(p *place) bool { return p.here().stage == s }) < len(t.program.places)
}

func (t *Thread) placeStage(b *breakpoint) (at *dockerfile.Lines, why string) {
	i := slices.IndexFunc(t.program.stages, func(s *stage) bool { return strings.EqualFold(s.name, b.Stage) })
	if n, err := strconv.Atoi(b.Stage); i < 0 && err == nil && n >= 0 && n < len(t.program.stages) {
		i = n
	}
	if i < 0 {
		return nil, fmt.Sprintf("there is no stage %q", b.Stage)
	}
	s := t.program.stages[i]
	if len(s.list) > 0 && len(s.list[0].at) > 0 {
		return t.placeAt(b, s.list[0])
	}
	return t.placeOnEnd(b, s)
}

// position is where a thread stops for the breakpoint; -1 if nowhere.
func (b *breakpoint) position(t *Thread) int {
	if in := b.at[t]; in != nil {
		return in.at[0]
	}
	if end, ok := b.onEnd[t]; ok {
		return end
	}
	return -1
}

// nextBreakpoint is the first place behind a position at which a breakpoint stands; the number of
// places if there is none.
func (t *Thread) nextBreakpoint(pos int) int {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	next := len(t.program.places)
	for _, b := range t.d.breakpoints {
		if at := b.position(t); at > pos && exitText.FindString(b.Condition) == "" {
			next = min(next, at)
		}
	}
	return next
}

// breaks says whether the thread has a breakpoint.
func (t *Thread) breaks() bool { return t.nextBreakpoint(-1) < len(t.program.places) }

// instructionsWithBreakpoints are those at which a thread may stop.
func (t *Thread) instructionsWithBreakpoints() (list []*instruction) {
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	for _, b := range t.d.breakpoints {
		if in := b.at[t]; in != nil {
			list = append(list, in)
		}
	}
	return list
}

// hitAt evaluates the breakpoints at a place, and says whether the thread stops for them; nil if not. It
// begins again if they are replaced meanwhile.
func (t *Thread) hitAt(ctx context.Context, pos int) *Stop {
	for {
		evaluating, cancel := context.WithCancelCause(ctx)
		t.d.mu.Lock()
		all := slices.Clone(t.d.breakpoints)
		t.evaluating = cancel
		t.d.mu.Unlock()
		hit := t.evaluate(evaluating, all, pos)
		t.d.mu.Lock()
		t.evaluating = nil
		t.d.mu.Unlock()
		again := context.Cause(evaluating) == errReplaced
		cancel(nil)
		if !again {
			return hit
		}
	}
}

var errReplaced = errors.New("the breakpoints were replaced")

func (t *Thread) evaluate(ctx context.Context, all []*breakpoint, pos int) (hit *Stop) {
	for _, b := range all {
		if b.position(t) != pos {
			continue
		}
		holds, err := t.holds(ctx, b, pos)
		if ctx.Err() != nil {
			return nil
		}
		reason := AtBreakpoint
		if b.Line < 0 {
			reason = AtFunction
		}
		switch {
		case err != nil: // it is better to stop than to miss it
			t.say(b, pos, fmt.Sprintf("the condition %q: %v", b.Condition, err))
		case !holds:
			continue
		case b.Log != "":
			t.say(b, pos, t.expand(ctx, b.Log, pos))
			continue
		}
		if hit == nil {
			hit = &Stop{Reason: reason}
		}
		hit.Breakpoints = append(hit.Breakpoints, b.ID)
	}
	return hit
}

// hitFailed is likewise, for breakpoints at a step that has failed.
func (t *Thread) hitFailed(ctx context.Context, pos int, code *int) (hit *Stop) {
	t.d.mu.Lock()
	all := slices.Clone(t.d.breakpoints)
	t.d.mu.Unlock()
	for _, b := range all {
		m := exitText.FindStringSubmatch(b.Condition)
		if in := b.at[t]; m == nil || in == nil || !slices.Contains(in.at, pos) || code == nil || !compares(*code, m[1], m[2]) {
			continue
		}
		if b.Log != "" {
			t.say(b, pos, t.expand(ctx, b.Log, pos))
			continue
		}
		if hit == nil {
			hit = &Stop{}
		}
		hit.Breakpoints = append(hit.Breakpoints, b.ID)
	}
	return hit
}

// compares says whether a comparison holds.
func compares(code int, operator, number string) bool {
	wanted, err := strconv.Atoi(number)
	if err != nil {
		return false
	}
	return map[string]bool{"==": code == wanted, "!=": code != wanted, "<": code < wanted, "<=": code <= wanted, ">": code > wanted, ">=": code >= wanted}[operator]
}

var (
	exitText   = lazyregexp.New(`^\s*exit\s*(==|!=|<=|>=|<|>)\s*(\d+)\s*$`)
	cachedText = lazyregexp.New(`^\s*(!?)\s*cached\s*$`)
)

// holds evaluates a condition.
func (t *Thread) holds(ctx context.Context, b *breakpoint, pos int) (bool, error) {
	if strings.TrimSpace(b.Condition) == "" {
		return true, nil
	}
	if exitText.MatchString(b.Condition) {
		return false, nil // see hitFailed
	}
	if m := cachedText.FindStringSubmatch(b.Condition); m != nil {
		cached, err := t.cached(ctx, t.program.places[pos].here().instruction())
		return cached == (m[1] == ""), err
	}
	code, err := t.viewAt(pos, 0).Run(ctx, b.Condition, io.Discard)
	if err == nil && (code == 126 || code == 127) { // as shells say it
		err = errors.New("the shell finds no such command")
	}
	return code == 0, err
}

// cached says whether an instruction is cached. A command that is not does not run because of that.
// Another instruction does: only its files tell.
func (t *Thread) cached(ctx context.Context, in *instruction) (bool, error) {
	if in == nil || len(in.ops) == 0 {
		return false, errors.New("no step stands here")
	}
	switch t.status(in) {
	case build.Cached:
		return true, nil
	case build.Done, build.Failed:
		return false, nil
	}
	last := in.ops[len(in.ops)-1]
	if last.GetExec() != nil {
		return t.d.inspection(t, last.digest).Cached(ctx, 0)
	}
	if _, err := t.d.states.get(ctx, t.program.graph, in.after()); err != nil {
		return false, err
	}
	return t.awaitStatus(ctx, in, 2*time.Second) == build.Cached, nil
}

// awaitStatus waits for what the engine says of a step that has ended: that may come a moment later.
// It is empty if the engine says nothing for so long.
func (t *Thread) awaitStatus(ctx context.Context, in *instruction, long time.Duration) build.Status {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		t.d.mu.Lock()
		defer t.d.mu.Unlock()
		t.d.told.Broadcast()
	})()
	t.d.mu.Lock()
	defer t.d.mu.Unlock()
	for ctx.Err() == nil {
		if s := t.statusNow(in); s == build.Cached || s == build.Done || s == build.Failed {
			return s
		}
		t.d.told.Wait()
	}
	return ""
}

// inspection looks into the engine's cache for a step of this build: step 0.
func (d *Debugger) inspection(t *Thread, vertex digest.Digest) *inspect.Build {
	out := &build.Outcome{States: []build.State{{Ops: t.program.graph.whole.Def, Vertex: vertex}}}
	return &inspect.Build{Outcome: out, Conn: d.build.Conn, Request: d.how.Request}
}

// say tells a sentence at a breakpoint.
func (t *Thread) say(b *breakpoint, pos int, text string) {
	lines := t.program.places[pos].here().lines()
	t.d.client.Output(text+"\n", &lines)
}

// expand fills in what a log point names.
func (t *Thread) expand(ctx context.Context, text string, pos int) string {
	view := t.viewAt(pos, 0)
	return braces.ReplaceAllStringFunc(text, func(m string) string {
		var out strings.Builder
		inner := m[1 : len(m)-1]
		if name, ok := strings.CutPrefix(inner, "$"); ok {
			if v, err := view.Variable(ctx, name); err == nil {
				return v
			}
		}
		if _, err := view.Run(ctx, inner, &out); err != nil {
			return "{" + err.Error() + "}"
		}
		return strings.TrimRight(out.String(), "\n")
	})
}

var braces = lazyregexp.New(`\{[^{}]*\}`)
