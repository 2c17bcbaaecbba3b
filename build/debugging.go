package build

import (
	"context"
	"errors"
	"fmt"
	"sync"

	controlapi "github.com/moby/buildkit/api/services/control"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/redact"
)

// Debugging is a build of which nothing is built yet: Request.Debug has it built. It lasts until
// Request.Debug returns.
type Debugging struct {
	Conn        *engine.Conn
	Gateway     gateway.Client
	Definitions []Definition // one for each platform
	Hidden      redact.Mask  // what must not be shown
	// Images waits for the configs of the images on which the build stands, as far as the engine tells.
	Images func() dockerfile.Images
}

// debug calls Request.Debug, if there is one.
func (g throughGateway) debug(ctx context.Context, res *gateway.Result, defs []Definition) error {
	if g.req.Debug == nil {
		return nil
	}
	conn, empty := g.link.conn, true
	res.EachRef(func(gateway.Reference) error {
		empty = false
		return nil
	})
	if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil || caps.Supports(gwpb.CapGatewayEvaluate) != nil {
		return &RefusedError{fmt.Sprintf("%s is too old to stop between steps; newer engines do", conn.Info)}
	}
	if empty {
		return &RefusedError{"this target has no steps, so that there is nothing to stop at"}
	}
	if len(defs) == 0 {
		return &RefusedError{"the front end of this Dockerfile does not say how its steps are made, so that one cannot stop between them"}
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() { end(awaitLoss(ctx, conn, g.req.ID)) }()
	images := sync.OnceValue(func() dockerfile.Images { return baseImages(ctx, g, defs, g.req) })
	go images() // so that nobody waits for them at the first stop
	return g.req.Debug(ctx, &Debugging{conn, g, defs, g.link.hidden, images})
}

// awaitLoss returns when the engine has let go of a build, or went away, or when ctx ends. While nothing
// is asked of the engine, nothing else tells.
func awaitLoss(ctx context.Context, conn *engine.Conn, id string) error {
	stream, err := conn.ControlClient().Status(ctx, &controlapi.StatusRequest{Ref: id})
	for err == nil {
		_, err = stream.Recv()
	}
	return err
}

// A StepFailure is why a step of a build that is debugged failed.
type StepFailure struct {
	Message  string
	ExitCode *int // of a RUN
}

// ExplainStep says why a step failed: err is what the engine returned, and log what the step printed.
func ExplainStep(err error, log string) StepFailure {
	f := StepFailure{Message: dockerfile.PlainError(err)}
	var exit *gwpb.ExitError
	if errors.As(err, &exit) && exit.ExitCode != gwpb.UnknownExitStatus {
		code := int(exit.ExitCode)
		f.ExitCode, f.Message = &code, exitMessage(code, log)
	}
	if program, ok := MissingProgram(err.Error() + "\n" + log); ok {
		f.Message = fmt.Sprintf("RUN could not start: this image has no %s", program)
	}
	return f
}
