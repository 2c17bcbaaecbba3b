package build

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/redact"
)

// A GoneError says that an engine cannot show a step without running it again.
type GoneError struct {
	Info engine.Info
	Err  error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s no longer has this step in its cache, and it is not run again only to be looked at; build again", e.Info)
}

func (e *GoneError) Unwrap() error { return e.Err }

// CheckStep says why a step has no files to show, if it has none.
func (o *Outcome) CheckStep(step int) error {
	switch s := o.Steps[step]; {
	case step >= len(o.states):
		return errors.New("its front end does not say how its steps are made")
	case s.Status == Failed:
		return errors.New("it failed, and what it wrote is not kept")
	case s.Status != Done && s.Status != Cached:
		return errors.New("it did not run")
	}
	_, _, err := o.states[step].around()
	return err
}

// inspect has an engine look at what a build left in its cache, and returns what must not be
// shown of it. The engine's history of builds does not get to know. The session is our own, so
// that of what is exported, part may take what it wants.
func inspect(ctx context.Context, conn *engine.Conn, req *Request, part session.Attachable, exports []client.ExportEntry, look gateway.BuildFunc) (redact.Mask, error) {
	parts, hidden, err := req.session(ctx)
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
	opt := client.SolveOpt{SharedSession: s, SessionPreInitialized: true, Internal: true, Exports: exports, AllowedEntitlements: req.entitlements()}
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() error { return s.Run(ctx, conn.Dialer()) })
	eg.Go(func() error {
		defer s.Close()
		_, err := conn.Build(ctx, opt, "buildls", look, nil)
		return err
	})
	return hidden, inspectionError(hidden.HideError(eg.Wait()), conn.Info)
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
