package handlers

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// builds are those of this session. Its zero value is ready.
type builds struct {
	mu     sync.Mutex
	last   int64           // sequence that was given out: in the order of the commands' messages
	coming map[int64]error // why those that are being planned were canceled, by sequence; nil: they were not
	list   []*sessionBuild // oldest first; those that run, and the last remembered ones
	tidy   *time.Timer
	wg     sync.WaitGroup
}

// How many builds that ended are kept, and how many bytes of their logs, in memory and in
// temporary files. Of those before them the history has the end, see past.
const (
	remembered       = 50
	rememberedBytes  = 4 << 20
	rememberedOnDisk = 512 << 20
)

// A sessionBuild is one build, until it has ended and after.
type sessionBuild struct {
	id       string
	plan     *plan.Plan
	sequence int64
	began    time.Time
	ctx      context.Context
	cancel   context.CancelCauseFunc
	progress *lsp.Progress // nil if the client shows none

	mu      sync.Mutex
	steps   []build.Step          // as far as they are, while it runs
	outcome *build.Outcome        // nil while it runs
	ended   *buildResult          // likewise
	again   func() *engine.Choice // of the engine that built; nil if none did

	reading   sync.Once
	installed []installation // once they are asked for
}

// expect takes the command of a build in, which can be canceled from now on. It is followed by
// start or forget.
func (b *builds) expect() (sequence int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.order()
}

// expectQuiet is expect for a quiet build of a document, which is not to be if one that was asked for
// by command runs of it, or is being planned.
func (b *builds) expectQuiet(doc *workspace.Document) (sequence int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	running := slices.ContainsFunc(b.list, func(r *sessionBuild) bool {
		return !r.plan.Quiet && r.isRunning() && r.plan.Doc.Key() == doc.Key()
	})
	if running || len(b.coming) > 0 {
		return 0, false
	}
	return b.order(), true
}

// order is called with b.mu held.
func (b *builds) order() (sequence int64) {
	if b.coming == nil {
		b.coming = map[int64]error{}
	}
	b.last++
	b.coming[b.last] = nil
	return b.last
}

// forget is for a command that does not become a build.
func (b *builds) forget(sequence int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.coming, sequence)
}

// start takes a build in. Of two of the same file and target, the one whose command
// came later goes on and the other is canceled. A quiet one gives way to all others of its file.
func (b *builds) start(ctx context.Context, p *plan.Plan, sequence int64) *sessionBuild {
	r := &sessionBuild{id: newID(), plan: p, sequence: sequence, began: time.Now()}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if cause := b.coming[sequence]; cause != nil {
		r.cancel(cause)
	}
	delete(b.coming, sequence)
	for _, o := range b.list {
		if !o.isRunning() || o.plan.Doc.Key() != p.Doc.Key() || o.plan.Quiet == p.Quiet && o.plan.Target != p.Target {
			continue
		}
		if o.plan.Quiet == p.Quiet && o.sequence < sequence || o.plan.Quiet && !p.Quiet {
			o.cancel(errSuperseded)
		} else {
			r.cancel(errSuperseded)
		}
	}
	b.list = append(b.list, r)
	b.wg.Add(1)
	return r
}

// end keeps how the build ended.
func (r *sessionBuild) end(out *build.Outcome, result *buildResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps, r.outcome, r.ended = nil, out, result
}

// follow keeps how far the steps are.
func (r *sessionBuild) follow(steps []build.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = steps
}

// builtBy remembers the engine.
func (r *sessionBuild) builtBy(c *engine.Choice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.again = c.Again
}

// lastEngine is the engine of the newest build that reached one, if it is still connected to; nil if
// not.
func (b *builds) lastEngine() *engine.Choice {
	b.mu.Lock()
	list := slices.Clone(b.list)
	b.mu.Unlock()
	for _, r := range slices.Backward(list) {
		r.mu.Lock()
		again := r.again
		r.mu.Unlock()
		if again != nil {
			return again()
		}
	}
	return nil
}

func (r *sessionBuild) isRunning() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended == nil
}

// result is the build's, as far as it is known.
func (r *sessionBuild) result() *buildResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != nil {
		return r.ended
	}
	result := r.started()
	c := converter{text: r.plan.Doc.Text, encoding: r.plan.Snapshot.Encoding()}
	result.Steps = c.steps(r.steps)
	return result
}

// started is the result as far as it is known before the build.
func (r *sessionBuild) started() *buildResult {
	p := r.plan
	return &buildResult{ID: r.id, URI: p.Doc.URI, Status: "running", Started: r.began.UTC().Format(timeFormat), Tags: []string{},
		Platforms: append([]string{}, p.Platforms...), Target: p.Target, Context: p.Context.String(), Overlaid: []workspace.URI{},
		Profile: resultOfProfile(p.Profile, p.Snapshot), Steps: []stepResult{}, Warnings: []warningResult{}}
}

// timeFormat is RFC 3339 of UTC, of which texts are in the order of time.
const timeFormat = "2006-01-02T15:04:05.000Z"

// log is the output of a step, or of all. That of a build that runs is not kept here.
func (r *sessionBuild) log(step *int) (string, error) {
	out := r.over()
	if out == nil {
		return "", lsp.InvalidParams("buildls.log: build %q has not ended", r.id)
	}
	at, err := stepOf(r.id, step, len(out.Steps))
	if err != nil {
		return "", err
	}
	return out.Log(at), nil
}

// finish lets go of a build that has ended, and forgets the oldest of too many. Of quiet ones it keeps
// the newest of each file that was not canceled: that is the one whose end is shown.
func (b *builds) finish(r *sessionBuild) {
	r.cancel(nil)
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []*sessionBuild
	ended, memory, file := 0, int64(0), int64(0)
	quiet := map[workspace.URI]bool{}
	for _, o := range slices.Backward(b.list) {
		if out := o.over(); out != nil {
			if key := o.plan.Doc.Key(); o.plan.Quiet {
				if quiet[key] || out.Status == build.Canceled {
					out.Drop()
					continue
				}
				quiet[key] = true
			}
			m, f := out.LogSize()
			ended, memory, file = ended+1, memory+m, file+f
			if ended > 1 && (ended > remembered || memory > rememberedBytes || file > rememberedOnDisk) {
				out.Drop()
				continue
			}
		}
		kept = append(kept, o)
	}
	slices.Reverse(kept)
	b.list = kept
	b.tidyLater()
	b.wg.Done()
}

// drop lets go of the files of logs.
func (b *builds) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.list {
		if out := r.over(); out != nil {
			out.Drop()
		}
	}
}

// tidyLater gives memory back to the system when no build has ended for a second. The
// collector runs rarely, so that typing does not pay for it (see cmd's serve), and a build
// leaves several times what is kept of it.
func (b *builds) tidyLater() {
	if b.tidy == nil {
		b.tidy = time.AfterFunc(time.Second, debug.FreeOSMemory)
	}
	b.tidy.Reset(time.Second)
}

// releaseMemory gives back what a look into an engine's cache has taken, which may list many files.
func (b *builds) releaseMemory() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tidyLater()
}

// over is how the build ended; nil while it runs.
func (r *sessionBuild) over() *build.Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outcome
}

// find returns the build id, or the newest if id is empty; nil if there is none.
func (b *builds) find(id string) *sessionBuild {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range slices.Backward(b.list) {
		if id == "" || r.id == id {
			return r
		}
	}
	return nil
}

// cancel cancels the build id, or the newest that runs or is being planned, and says whether
// there was one.
func (b *builds) cancel(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	var newest *sessionBuild
	last := int64(-1)
	for _, r := range b.list {
		if r.isRunning() && (r.id == id || id == "" && r.sequence > last) {
			newest, last = r, r.sequence
		}
	}
	planned := false
	for sequence, canceled := range b.coming {
		if id == "" && canceled == nil && sequence > last {
			planned, last = true, sequence
		}
	}
	switch {
	case planned:
		b.coming[last] = errCanceled
	case newest != nil:
		newest.cancel(errCanceled)
	}
	return planned || newest != nil
}

func (b *builds) cancelAll(cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for sequence := range b.coming {
		b.coming[sequence] = cause
	}
	for _, r := range b.list {
		r.cancel(cause)
	}
}

// wait waits until every build has ended, which those that were canceled do soon, unless a disk
// does not answer: for such a one it waits no longer than the server's end would.
func (b *builds) wait() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.wg.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
}

// results are those of all builds, newest first.
func (b *builds) results() []*buildResult {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []*buildResult{}
	for _, r := range slices.Backward(b.list) {
		out = append(out, r.result())
	}
	return out
}
