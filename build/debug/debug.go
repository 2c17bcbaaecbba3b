// Package debug steps through a build, forwards and backwards, and shows what is there between the
// steps. It is the debugger without a protocol: package handlers/dap speaks one.
//
// An engine keeps the files behind every step, and a build has each step once. So a stop costs
// nothing: the engine is asked for the files at the place, and builds what they stand on. To go back
// is to look at earlier files again.
//
// Lines are counted from 0, as in package dockerfile. Errors are for the author.
package debug

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
)

// A Client is told what becomes of the threads, from several goroutines.
type Client interface {
	// Stopped says that a thread has stopped.
	Stopped(*Thread, Stop)
	// Output is what a log point says, and what the author should know besides.
	Output(text string, at *dockerfile.Lines)
	// Over says that a thread has nothing more to build.
	Over(*Thread)
}

// A Stop says why a thread has stopped.
type Stop struct {
	Reason      Reason
	Text        string // for people; may be empty
	Breakpoints []int  // their IDs
}

// A Reason is one of the Debug Adapter Protocol's (the event stopped).
type Reason string

const (
	Entry        Reason = "entry"
	AtBreakpoint Reason = "breakpoint"
	AtFunction   Reason = "function breakpoint"
	Stepped      Reason = "step"
	Paused       Reason = "pause"
	Failed       Reason = "exception"
	Restarted    Reason = "restart"
)

// A Debugger is a build that is debugged. It lasts as long as Wait.
type Debugger struct {
	Threads []*Thread // one for each platform

	build  *build.Debugging
	how    How
	client Client
	states states
	ctx    context.Context // ends with Wait, at the latest
	cancel context.CancelCauseFunc
	idle   sync.WaitGroup // done when nothing runs

	telling  sync.Mutex // held while a client is told of steps that are not taken in yet
	spawning sync.Mutex
	closed   bool // nothing more is run
	ended    chan error

	mu          sync.Mutex
	stopFailed  bool
	breakpoints []*breakpoint
	steps       []build.Step
	told        *sync.Cond // steps are new
	logs        map[int]string
	behind      map[digest.Digest]int // vertices that are built in the background, and how often
	noted       map[string]bool       // what failed in the background, and was told
}

// How says what is debugged.
type How struct {
	File      *dockerfile.File
	Target    string
	BuildArgs map[string]string
	Platforms []string
	Request   *build.Request // that of the build
}

// New makes the debugger of a build. It begins when Start is called.
func New(ctx context.Context, b *build.Debugging, how How, client Client) (*Debugger, error) {
	d := &Debugger{build: b, how: how, client: client, ended: make(chan error, 1), logs: map[int]string{}, behind: map[digest.Digest]int{}, noted: map[string]bool{}}
	d.told = sync.NewCond(&d.mu)
	d.states.init(b)
	d.ctx, d.cancel = context.WithCancelCause(ctx)
	for i, def := range b.Definitions {
		platforms := how.Platforms
		if def.Platform != "" {
			platforms = []string{def.Platform}
		}
		base := func(images dockerfile.Images) *dockerfile.Baseline {
			return &dockerfile.Baseline{File: how.File, Target: how.Target, BuildArgs: how.BuildArgs, Platforms: platforms, Images: images}
		}
		p, err := newProgram(ctx, def, base(nil))
		if err != nil {
			d.cancel(err)
			return nil, err
		}
		whole := sync.OnceValue(func() *dockerfile.Baseline { return base(b.Images()) })
		d.Threads = append(d.Threads, &Thread{ID: i + 1, d: d, program: p, base: whole, pos: -1, sent: -1})
	}
	return d, nil
}

// Wait returns when all threads are over: with the error with which one has failed, and with that of
// the debugger's context if that ends first. Nothing runs then, and nothing is held.
func (d *Debugger) Wait() (err error) {
	select {
	case err = <-d.ended:
	case <-d.ctx.Done():
		err = context.Cause(d.ctx)
	}
	d.cancel(errOver)
	d.spawning.Lock()
	d.closed = true
	d.spawning.Unlock()
	d.idle.Wait()
	return err
}

// spawn runs f beside all else, unless the build is over.
func (d *Debugger) spawn(f func()) {
	d.spawning.Lock()
	defer d.spawning.Unlock()
	if d.closed {
		return
	}
	d.idle.Go(func() {
		defer func() {
			if broken := recover(); broken != nil { // the process also serves an editor
				d.cancel(fmt.Errorf("a defect of buildls: %v", broken))
			}
		}()
		f()
	})
}

var errOver = errors.New("the build is over")

// Start lets all threads run: to the entry of each, or to the first stop.
func (d *Debugger) Start(stopOnEntry bool) {
	for _, t := range d.Threads {
		if stopOnEntry {
			t.resume(0, Entry)
		} else {
			t.resume(len(t.program.places), Stepped)
		}
	}
}

// StopOnFailure says whether a thread stops where a step has failed.
func (d *Debugger) StopOnFailure(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopFailed = on
}

// Steps takes in how far the steps are: see [build.Observer]. Before, it calls tell, which shows them
// to the client: what stops for them comes behind.
func (d *Debugger) Steps(steps []build.Step, tell func()) {
	d.telling.Lock()
	defer d.telling.Unlock()
	tell()
	d.mu.Lock()
	d.steps = steps
	d.told.Broadcast()
	d.mu.Unlock()
	for _, t := range d.Threads {
		t.pauseBehind()
		t.heed()
	}
}

// maxLog is how many bytes of a step's output are kept for a failure.
const maxLog = 8 << 10

// Log takes in output of a step.
func (d *Debugger) Log(l build.Log) {
	if l.Step < 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	text := d.logs[l.Step] + l.Text
	d.logs[l.Step] = text[max(0, len(text)-maxLog):]
}

// over is called when a thread has nothing more to do.
func (d *Debugger) over(t *Thread, err error) {
	d.mu.Lock()
	t.over = true
	more := slices.ContainsFunc(d.Threads, func(o *Thread) bool { return !o.over })
	d.mu.Unlock()
	d.client.Over(t)
	if err != nil || !more {
		select {
		case d.ended <- err:
		default:
		}
	}
}
