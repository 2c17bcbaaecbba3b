package handlers

import (
	"context"
	"sync"
	"time"

	"go.lsp.dev/protocol"
	"go.uber.org/zap"
)

const (
	// refreshEvery is the least time between two refreshes, of whatever kind.
	refreshEvery = 250 * time.Millisecond
	// settle is how long a change waits for others: a build that is all cached is over by
	// then, and its author sees the end alone.
	settle = 100 * time.Millisecond
	// tick is how often what a running build shows changes by itself.
	tick = time.Second
	// answerWithin bounds the wait for a client that does not answer.
	answerWithin = 5 * time.Second
)

// A refresher has the client ask again for its lenses and hints when they have changed.
// One goroutine sends; it lives while builds run or something is left to send.
type refresher struct {
	server  *Server
	methods []string // that the client knows; none: nothing is ever sent

	mu       sync.Mutex
	building int  // how many builds run
	fresh    bool // something has changed since the last refresh
	last     time.Time
	stopped  bool
	cancel   context.CancelFunc // of the goroutine
	done     chan struct{}      // closed when it has ended; nil: there is none

	wake chan struct{} // capacity 1
}

func (r *refresher) init(s *Server) {
	r.server = s
	r.wake = make(chan struct{}, 1)
}

// knows says what the client can refresh. It is called before anything else.
func (r *refresher) knows(f clientFeatures) {
	if f.refreshHints {
		r.methods = append(r.methods, protocol.MethodWorkspaceInlayHintRefresh)
	}
	if f.refreshLenses {
		r.methods = append(r.methods, protocol.MethodWorkspaceCodeLensRefresh)
	}
}

// changed says that something has changed, and how many builds more run than before.
func (r *refresher) changed(builds int) {
	if len(r.methods) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.building += builds
	r.fresh = true
	if r.stopped {
		return
	}
	if r.done == nil {
		ctx, cancel := context.WithCancel(r.server.rpc.Context())
		done := make(chan struct{})
		r.cancel, r.done = cancel, done
		r.server.rpc.Go(func() {
			defer close(done)
			defer cancel()
			r.run(ctx)
		})
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// stop has nothing be sent any more. It returns when that is so, or when ctx is done.
func (r *refresher) stop(ctx context.Context) {
	r.mu.Lock()
	r.stopped = true
	done := r.done
	if done != nil {
		r.cancel()
	}
	r.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (r *refresher) run(ctx context.Context) {
	for r.await(ctx) && r.pause(ctx) {
		r.send(ctx)
	}
}

// await waits until something has changed. It is false when that is not to be expected,
// and the goroutine ends.
func (r *refresher) await(ctx context.Context) bool {
	late := time.After(tick)
	for {
		r.mu.Lock()
		fresh, idle := r.fresh, r.building == 0
		if !fresh && idle || ctx.Err() != nil {
			r.done = nil
		}
		ended := r.done == nil
		r.mu.Unlock()
		if fresh || ended {
			return !ended
		}
		select {
		case <-r.wake:
		case <-late:
			return true
		case <-ctx.Done():
		}
	}
}

// pause waits until a refresh may be sent, and says whether it still may.
func (r *refresher) pause(ctx context.Context) bool {
	r.mu.Lock()
	least := refreshEvery * time.Duration(len(r.methods))
	wait := max(settle, time.Until(r.last.Add(least)))
	r.mu.Unlock()
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *refresher) send(ctx context.Context) {
	r.mu.Lock()
	r.fresh, r.last = false, time.Now()
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for _, method := range r.methods {
		if err := r.server.client.Call(ctx, method, nil, nil); err != nil && ctx.Err() == nil {
			r.server.log.Debug("refreshing", zap.Error(err))
		}
	}
}
