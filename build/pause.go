package build

import (
	"context"
	"errors"
	"sync"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A PausedFailure is a build whose command failed and that the engine keeps as it is, so that shells
// can run in it. Request.Pause gets it, and must see to it that Release is called: until then, the
// engine answers the same command of other builds with the same failure. Its methods may be called
// from several goroutines.
type PausedFailure struct {
	gateway  gateway.Client
	failure  *errdefs.SolveError
	vertex   digest.Digest
	release  sync.Once
	released chan struct{} // closed by Release
	ended    chan struct{} // closed by solveTelling
}

// Release ends the build and the shells in it. It returns when the engine has ended the build, or
// when ctx ends. It may be called more than once.
func (p *PausedFailure) Release(ctx context.Context) {
	p.release.Do(func() { close(p.released) })
	select {
	case <-p.ended:
	case <-ctx.Done():
	}
}

// Ended is closed by the build when the engine has ended it, after Release or by itself.
func (p *PausedFailure) Ended() <-chan struct{} { return p.ended }

// Released is closed by the first call of Release.
func (p *PausedFailure) Released() <-chan struct{} { return p.released }

// Gateway is the engine's side of the build, in which further processes can be started.
func (p *PausedFailure) Gateway() gateway.Client { return p.gateway }

// Command is the op that failed: its GetExec is not nil. mounts are the IDs of what the command's
// mounts held when it failed, in the same order. There may be fewer of them.
func (p *PausedFailure) Command() (op *pb.Op, mounts []string) {
	return p.failure.Solve.Op, p.failure.Solve.MountIDs
}

// newPausedFailure returns nil if no command failed, or if the engine is too old to start further
// processes in a build.
func newPausedFailure(g gateway.Client, err error) *PausedFailure {
	var failure *errdefs.SolveError
	var vertex *errdefs.VertexError
	if !errors.As(err, &failure) || failure.Solve.Op.GetExec() == nil || !errors.As(err, &vertex) {
		return nil
	}
	if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil {
		return nil
	}
	return &PausedFailure{gateway: g, failure: failure, vertex: digest.Digest(vertex.Digest), released: make(chan struct{}), ended: make(chan struct{})}
}

// pause tells that the build has failed, and waits until it is released. A build that writes a cache
// is not paused, because it may have locked the cache. Nor is one that stands on linked builds.
func (l *linking) pause(ctx context.Context, req *Request, g gateway.Client, err error) {
	if req.Pause == nil || len(l.order) > 0 || len(req.CacheTo) > 0 || ctx.Err() != nil {
		return
	}
	p := newPausedFailure(g, err)
	if p == nil {
		return
	}
	l.paused = p
	l.tell(event{failed: l.failed(req, err), paused: p})
	select {
	case <-p.released:
	case <-ctx.Done():
	}
}
