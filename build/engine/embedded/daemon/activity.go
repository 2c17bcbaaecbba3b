//go:build linux && !portable

package daemon

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// activity counts the calls in progress and tells when there were none for a while.
// Calls, not connections: editors keep a connection open all day. A build's session and
// its status are calls as long as the build runs.
type activity struct {
	idle time.Duration // 0: never idle
	over chan struct{} // closed, once, when idle

	mu      sync.Mutex
	running int
	timer   *time.Timer
	ended   bool
}

func newActivity(idle time.Duration) *activity {
	a := &activity{idle: idle, over: make(chan struct{})}
	if idle > 0 {
		a.timer = time.AfterFunc(idle, a.expire)
	}
	return a
}

// begin counts a call in, and refuses it once the engine is going away: the client then
// starts another engine.
func (a *activity) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		return status.Error(codes.Unavailable, "the embedded engine is ending because nobody used it")
	}
	a.running++
	return nil
}

func (a *activity) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
	if a.running == 0 && a.timer != nil {
		a.timer.Reset(a.idle)
	}
}

// expire runs when the timer fires. A call that began meanwhile has the last word: its
// end sets the timer anew.
func (a *activity) expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running > 0 || a.ended {
		return
	}
	a.ended = true
	close(a.over)
}

// endNow has the engine go away if there is no call in progress, and says whether it does.
func (a *activity) endNow() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running > 0 || a.ended {
		return a.ended
	}
	a.ended = true
	close(a.over)
	return true
}

func (a *activity) unary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := a.begin(); err != nil {
		return nil, err
	}
	defer a.end()
	return handler(ctx, req)
}

func (a *activity) stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if err := a.begin(); err != nil {
		return err
	}
	defer a.end()
	return handler(srv, stream)
}
