package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/engine"
)

// A Held is a build whose command failed, and that the engine was asked to keep as it was.
// Whoever holds it lets go: as long as it is held, the engine answers the same command with the
// same failure.
type Held struct {
	gateway gateway.Client
	failure *errdefs.SolveError
	vertex  digest.Digest
	let     sync.Once
	letting chan struct{} // closed when it is let go
	ended   chan struct{} // closed when the engine has let go
}

// LetGo ends the build and the shells in it. It returns when the engine has let go, or with ctx.
func (h *Held) LetGo(ctx context.Context) {
	h.let.Do(func() { close(h.letting) })
	select {
	case <-h.ended:
	case <-ctx.Done():
	}
}

// Ended is closed when the engine has let go.
func (h *Held) Ended() <-chan struct{} { return h.ended }

// newHeld is nil if err is of no command, or the engine runs no other processes.
func newHeld(g gateway.Client, err error) *Held {
	var failure *errdefs.SolveError
	var vertex *errdefs.VertexError
	if !errors.As(err, &failure) || failure.Solve.Op.GetExec() == nil || !errors.As(err, &vertex) {
		return nil
	}
	if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil {
		return nil
	}
	return &Held{gateway: g, failure: failure, vertex: digest.Digest(vertex.Digest), letting: make(chan struct{}), ended: make(chan struct{})}
}

// hold tells that the build has failed, and waits until it is let go. One that writes a cache is
// not held: it may have locked that.
func (l *linking) hold(ctx context.Context, req *Request, g gateway.Client, err error) {
	if req.Hold == nil || len(l.order) > 0 || len(req.CacheTo) > 0 || ctx.Err() != nil {
		return
	}
	h := newHeld(g, err)
	if h == nil {
		return
	}
	l.held = h
	l.tell(event{failed: l.failed(req, err), held: h})
	select {
	case <-h.letting:
	case <-ctx.Done():
	}
}

// Shell runs a program where the command failed: in its files, as far as it wrote them, and with
// its mounts and environment. It returns the program's exit code.
func (h *Held) Shell(ctx context.Context, t attach.Terminal) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-h.letting:
			cancel(errors.New("a newer build has started, or this one was not used for some minutes: the shell has ended"))
		case <-ctx.Done():
		}
	}()
	exec := h.failure.Solve.Op.GetExec()
	c := shellIn(exec, h.failure.Solve.Op.Platform)
	for i, m := range exec.Mounts {
		at := mountOf(m)
		if i < len(h.failure.Solve.MountIDs) {
			at.ResultID = h.failure.Solve.MountIDs[i]
		}
		c.Mounts = append(c.Mounts, at)
	}
	return c.run(ctx, h.gateway, t)
}

// CanHold says why an engine cannot hold a failed build for shells. That it says what became of
// a command's files is no capability; those who do have this one.
func CanHold(ctx context.Context, conn *engine.Conn) error {
	var wrong error
	_, err := inspect(ctx, conn, &Request{}, nil, nil, func(_ context.Context, g gateway.Client) (*gateway.Result, error) {
		if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil || caps.Supports(gwpb.CapGatewayEvaluate) != nil {
			wrong = fmt.Errorf("%s is too old to keep what a failed step left; newer engines do", conn.Info)
		}
		return gateway.NewResult(), nil
	})
	return cmp.Or(wrong, err)
}
