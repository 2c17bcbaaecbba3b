// Package inspect shows what the steps of a build left in the cache of their engine: files, layers,
// and shells in them. It runs the image that was made. It never runs a step again.
//
// Steps are 0-based indexes into Outcome.Steps. Call CheckStep before a method of Build: the methods
// panic for a step that is not there, and for one whose State is not known. They return a
// *[GoneError] if the engine no longer has the step in its cache, a *[build.RefusedError] if a
// secret of the build cannot be read again, and else an error that says what the engine said.
// Several may run at the same time.
package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/session"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/redact"
)

// A GoneError says that the engine no longer has a step in its cache: it could show the step only by
// running it again.
type GoneError struct {
	Info engine.Info
	Err  error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s no longer has this step in its cache, and it is not run again only to be looked at; build again", e.Info)
}

func (e *GoneError) Unwrap() error { return e.Err }

// A Build is a build that has ended, and the engine that it ran on.
type Build struct {
	Outcome *build.Outcome
	Conn    *engine.Conn   // to the engine that built it
	Request *build.Request // says which secrets, agents and entitlements the build had
}

// CheckStep says why there are no files to show of a step. It is nil if there may be some. It panics
// if out has no such step. It asks no engine.
func CheckStep(out *build.Outcome, step int) error {
	switch s := out.Steps[step]; {
	case step >= len(out.States):
		return errors.New("its front end does not say how its steps are made")
	case s.Status == build.Failed:
		return errors.New("it failed, and what it wrote is not kept")
	case s.Status != build.Done && s.Status != build.Cached:
		return errors.New("it did not run")
	}
	_, _, err := stepState(out.States[step]).around()
	return err
}

// state says where the result of a step is found. It panics for a step that has none.
func (b *Build) state(step int) stepState { return stepState(b.Outcome.States[step]) }

// ask runs look on the engine, and returns what must not be shown of the answer. It leaves no trace
// in the engine's history of builds. part is added to the session, and takes what is exported there.
func (b *Build) ask(ctx context.Context, part session.Attachable, exports []client.ExportEntry, look gateway.BuildFunc) (redact.Mask, error) {
	parts, hidden, err := b.Request.Session(ctx, b.Conn)
	if err != nil {
		return nil, err
	}
	s, err := session.NewSession(ctx, "")
	if err != nil {
		return nil, err
	}
	if part != nil {
		parts = append(parts, part)
	}
	for _, p := range parts {
		s.Allow(p)
	}
	opt := client.SolveOpt{SharedSession: s, SessionPreInitialized: true, Internal: true, Exports: exports, AllowedEntitlements: b.Request.Entitlements()}
	asking, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	var answered atomic.Bool
	eg, ctx := errgroup.WithContext(asking)
	eg.Go(func() error {
		err := s.Run(ctx, b.Conn.Dialer())
		if !answered.Load() && ctx.Err() == nil { // nothing else tells a process that is waited for
			lose(&lostError{b.Conn.Info})
		}
		return err
	})
	eg.Go(func() error {
		defer s.Close()
		defer answered.Store(true)
		_, err := b.Conn.Build(ctx, opt, "buildls", look, nil)
		return err
	})
	err = eg.Wait()
	if lost := (*lostError)(nil); errors.As(context.Cause(asking), &lost) {
		return hidden, lost
	}
	return hidden, inspectionError(hidden.HideError(err), b.Conn.Info)
}

// A lostError says that an engine went away while it was asked, or while something ran in it.
type lostError struct{ info engine.Info }

func (e *lostError) Error() string {
	return fmt.Sprintf("%s went away, and what ran in it with it", e.info)
}

// Cached says whether the engine has what a step leaves in its cache. Nothing is run.
func (b *Build) Cached(ctx context.Context, step int) (bool, error) {
	s := b.state(step)
	_, after, err := s.around()
	if err != nil {
		return false, err
	}
	_, err = b.ask(ctx, nil, nil, func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		_, err := b.lookUp(ctx, g, s, after)
		return gateway.NewResult(), err
	})
	if gone := (*GoneError)(nil); errors.As(err, &gone) {
		return false, nil
	}
	return err == nil, err
}

// CanPause says why an engine cannot pause a failed build for shells; nil if it can. No capability
// says that an engine keeps the files of a failed command. Those engines that do can evaluate.
func CanPause(ctx context.Context, conn *engine.Conn) error {
	var wrong error
	b := &Build{Conn: conn, Request: &build.Request{}}
	_, err := b.ask(ctx, nil, nil, func(_ context.Context, g gateway.Client) (*gateway.Result, error) {
		if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil || caps.Supports(gwpb.CapGatewayEvaluate) != nil {
			wrong = fmt.Errorf("%s is too old to keep what a failed step left; newer engines do", conn.Info)
		}
		return gateway.NewResult(), nil
	})
	return cmp.Or(wrong, err)
}

func inspectionError(err error, info engine.Info) error {
	if err != nil && isGone(err) {
		return &GoneError{info, err}
	}
	if err != nil {
		return fmt.Errorf("%s cannot show this step: %w", info, err)
	}
	return nil
}
