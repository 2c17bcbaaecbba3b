package build

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/util/grpcerrors"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/escape"
)

// An Outcome is how a build ended.
type Outcome struct {
	Status  Status // Done, Failed or Canceled
	Failure *Failure
	// Dockerfile is the text that was built; nil for one in a remote context, if the
	// build did not get that far.
	Dockerfile []byte
	Digest     string // of the exported manifest or index; empty if nothing was exported
	ImageID    string // digest of the image's config; empty likewise
	Exported   bool
	Tags       []string // of what was exported
	Steps      []Step
	Warnings   []dockerfile.Problem
	Notes      []string // warnings that no line causes
	Duration   time.Duration
	Images     dockerfile.Images // that the Dockerfile stands on, as far as the engine tells
	Record     *Record           // to explain the next build by; nil if it did not get that far
	Kept       *Kept             // what the engine has of the context now; nil if it is not known to have any
	outputs    outputs
	states     []stepState
}

// An Observer follows a build. Its functions are called from one goroutine, in
// order, and never after Run has returned; each may be nil.
type Observer struct {
	Progress func(Progress)
	Log      func(Log)
	// Steps sees all steps whenever one of them has changed.
	Steps func([]Step)
	// Status sees BuildKit's own messages, for a terminal's display.
	Status func(*client.SolveStatus)
}

// letGo is how long a canceled build may take to end by itself. An engine that is
// frozen does not answer; the author does not wait for it.
const letGo = time.Second

// Run has req built by the engine at conn. It returns when the build has ended;
// canceling ctx cancels the build, with the cause as its reason. A failed build is
// an Outcome, not an error.
func Run(ctx context.Context, conn *engine.Conn, req *Request, obs Observer) *Outcome {
	start := time.Now()
	f := newFold()
	f.dockerfile = req.Dockerfile
	notes := append(req.missingCaches(), req.lostAnnotations(conn.Info)...)
	resp, err := solve(ctx, conn, req, f, obs)
	f.flushLogs()
	out := &Outcome{Status: Done, Notes: notes, Dockerfile: f.dockerfile, Steps: f.steps(err == nil), Warnings: f.problems(), Images: f.images}
	switch {
	case err == nil:
		out.exported(resp, conn.Info, req)
		if err := req.writeFiles(out, resp); err != nil {
			out.Status, out.Failure = Failed, &Failure{Code: "build", Message: err.Error()}
		}
	case ctx.Err() != nil:
		out.Status, out.Failure = stopped(ctx, req, f)
	default:
		out.Status = Failed
		out.Failure = explain(ctx, conn, err, f, req)
	}
	out.outputs = f.outputs()
	if out.Failure != nil {
		out.Failure.Message, out.Failure.Log = escape.Text(out.Failure.Message), escape.Text(out.Failure.Log)
	}
	out.keepStates(f)
	if files := req.recorders[dockerui.DefaultLocalNameContext]; files != nil && ctx.Err() == nil {
		out.Kept = files.keeps()
	}
	if out.Record = req.record(f, out.Steps, conn.Info.String()); out.Record != nil {
		out.Record.kept = out.Kept
	}
	out.Duration = time.Since(start)
	return out
}

// Stopped tells a build that was canceled before it began from one of which the context could
// not be read. ctx has ended.
func Stopped(ctx context.Context) (Status, *Failure) {
	var ce *ContextError
	if errors.As(context.Cause(ctx), &ce) {
		return Failed, &Failure{Code: "build", Message: ce.Error()}
	}
	return Canceled, nil
}

// stopped is Stopped for a build that has begun, and may know which line is at fault.
func stopped(ctx context.Context, req *Request, f *fold) (Status, *Failure) {
	var ce *ContextError
	if errors.As(context.Cause(ctx), &ce) {
		return Failed, req.unsent(ctx, ce, f.dockerfile)
	}
	return Canceled, nil
}

// explain says why the build failed: the engine, a refusal, or the Dockerfile.
func explain(ctx context.Context, conn *engine.Conn, err error, f *fold, req *Request) *Failure {
	var linked *linkedError
	if errors.As(err, &linked) && linked.req != req {
		fail := explain(ctx, conn, linked.err, f.of(linked.req), linked.req)
		fail.Build = linked.req.ID
		return fail
	}
	var refused *RefusedError
	if errors.As(err, &refused) {
		return &Failure{Code: "build", Message: refused.Reason}
	}
	if fail := req.unchosenFailure(ctx); fail != nil {
		return fail
	}
	if maybeLost(err) && !conn.Alive(ctx) {
		return lostEngine(conn.Info, err)
	}
	if ofConnection(err) {
		return brokenConnection(conn.Info, err)
	}
	if grpcerrors.Code(err) == codes.Canceled {
		return canceledElsewhere(conn.Info)
	}
	if fail := req.contextFailure(err, f, conn.Info); fail != nil {
		return fail
	}
	if fail := req.unsent(ctx, err, f.dockerfile); fail != nil {
		return fail
	}
	fail := newFailure(err, f, f.dockerfile)
	req.tellMissing(fail, f.dockerfile)
	return fail
}

// solve runs the build and folds what it says. The fold is no longer touched when
// solve has returned.
func solve(ctx context.Context, conn *engine.Conn, req *Request, f *fold, obs Observer) (*client.SolveResponse, error) {
	if err := req.check(conn.Info); err != nil {
		return nil, err
	}
	var resp *client.SolveResponse
	events := make(chan event)
	ended := make(chan error, 1)
	gone := make(chan struct{}) // closed when nobody reads events any more
	defer close(gone)
	tell := func(e event) {
		select {
		case events <- e:
		case <-gone:
		}
	}
	// A build that is held lasts longer than its context.
	lasting, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	defer stop()
	go func() {
		defer end(nil)
		var err error
		resp, err = solveTelling(lasting, conn, req, tell)
		ended <- err
	}()

	giveUp := ctx.Done()
	var late <-chan time.Time
	var held event
	for {
		select {
		case e := <-events:
			if e.held != nil {
				held, late = e, time.After(letGo)
			} else {
				f.observe(e, obs)
			}
			if held.held != nil && f.hasFailed(held.held.vertex) {
				req.Hold(held.held)
				return nil, held.failed
			}
		case err := <-ended:
			return resp, err
		case <-giveUp:
			giveUp, late = nil, time.After(letGo)
		case <-late:
			if held.held != nil && ctx.Err() == nil { // its last words do not come
				req.Hold(held.held)
				return nil, held.failed
			}
			return nil, context.Cause(ctx)
		}
	}
}

// solveTelling runs the build and tells what it learns, all of it before it returns.
func solveTelling(ctx context.Context, conn *engine.Conn, req *Request, tell func(event)) (*client.SolveResponse, error) {
	l, err := newLinking(ctx, conn, req, tell)
	if err != nil {
		return nil, err
	}
	if len(l.hidden) > 0 {
		tell(event{hidden: l.hidden})
	}
	defer func() {
		if l.held != nil {
			close(l.held.ended)
		}
	}()
	return l.solve(ctx, append(req.linked(), req))
}

// build runs one build. then is called with its result, solved lazily.
func (l *linking) build(ctx context.Context, req *Request, then func(context.Context, *gateway.Result) error) (*client.SolveResponse, error) {
	conn, tell := l.conn, l.telling(req)
	opt, err := req.solveOpt(conn.Info)
	if err != nil {
		return nil, err
	}
	opt.Session = append(opt.Session, l.parts[req]...)
	if len(opt.LocalMounts) > 0 {
		opt.Session, opt.LocalMounts = append(opt.Session, serving(opt.LocalMounts)), nil
	}
	if a := req.answering(); a != nil {
		opt.Session = append(opt.Session, a)
	}
	if opt.FrontendAttrs, err = req.withHosts(ctx, conn, opt.FrontendAttrs); err != nil {
		return nil, err
	}
	closeSessions, err := req.reopen(ctx, conn, opt.SharedKey)
	if err != nil {
		return nil, err
	}
	defer closeSessions()
	export, err := req.newExport(ctx, conn.Info)
	if err != nil {
		return nil, err
	}
	opt.Exports = export.entries
	statuses := make(chan *client.SolveStatus)
	var eg errgroup.Group
	eg.Go(func() error {
		for s := range statuses { // closed by Build
			hideStatus(l.hidden, s)
			tell(event{status: s})
		}
		return nil
	})
	var refused error // its type does not survive the engine
	resp, err := conn.Build(ctx, opt, "buildls", func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		req.sentIn(g)
		caps := g.BuildOpts().LLBCaps
		if refused = errors.Join(req.supported(conn.Info, caps), req.supportedOutputs(conn.Info, caps), req.supportedAttests(conn.Info, caps), req.supportedContexts(conn.Info, caps)); refused != nil {
			return nil, refused
		}
		res, err := throughGateway{g, opt.FrontendAttrs, l, req, tell}.solve(ctx, then)
		if err != nil {
			l.hold(ctx, req, g, err)
		}
		if errors.As(err, new(*linkedError)) || errors.As(err, new(*RefusedError)) {
			refused = err
		}
		return res, err
	}, statuses)
	eg.Wait()
	if err != nil {
		export.drop()
		return nil, cmp.Or(refused, err)
	}
	if err := export.keep(); err != nil {
		return nil, err
	}
	return resp, pushAll(ctx, conn, export.push, resp, tell)
}

// throughGateway is a build that the engine lets this side steer.
type throughGateway struct {
	gateway.Client
	attrs map[string]string
	link  *linking
	req   *Request
	tell  func(event)
}

// solve solves lazily, reads the line map from what would be built, and only then has
// it built; exporters run on the result that it returns. A linked build is built when
// those that stand on it are solved, too.
func (g throughGateway) solve(ctx context.Context, then func(context.Context, *gateway.Result) error) (*gateway.Result, error) {
	dockerfile := g.req.Dockerfile
	inputs, attrs, err := g.link.inputs(ctx, g.req, g.attrs)
	if err != nil {
		return nil, err
	}
	res, err := g.Solve(ctx, gateway.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: attrs, FrontendInputs: inputs})
	if dockerfile == nil && g.req.DockerfileFS == nil {
		dockerfile = g.readDockerfile(ctx, res, err)
		g.tell(event{dockerfile: dockerfile})
	}
	if err != nil {
		return nil, err
	}
	defs, err := definitions(ctx, res)
	if err == nil { // a front end of another make has none
		g.tell(event{lines: hideLines(g.link.hidden, newLineMap(defs, dockerfile)), defs: defs})
	}
	if err := then(ctx, res); err != nil || g.req.Linked != "" {
		return res, err
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() error {
		g.tell(event{images: baseImages(ctx, g, defs, g.req)})
		return nil
	})
	eg.Go(func() error { return evaluate(ctx, res) })
	return res, eg.Wait()
}

// evaluate has a lazily solved result built.
func evaluate(ctx context.Context, res *gateway.Result) error {
	eg, ctx := errgroup.WithContext(ctx)
	res.EachRef(func(ref gateway.Reference) error {
		eg.Go(func() error { return ref.Evaluate(ctx) })
		return nil
	})
	return eg.Wait()
}

// registryCredentials are the ones of the Docker config and its helpers, read-only.
func registryCredentials() session.Attachable {
	return authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(config.LoadDefaultConfigFile(io.Discard)),
	})
}

func (f *fold) tellSteps(obs Observer) {
	if obs.Steps != nil {
		obs.Steps(f.live())
	}
}

func (o *Outcome) exported(resp *client.SolveResponse, info engine.Info, req *Request) {
	o.Digest = resp.ExporterResponse[exptypes.ExporterImageDigestKey]
	o.ImageID = resp.ExporterResponse[exptypes.ExporterImageConfigDigestKey]
	if o.ImageID == "" && info.ImageStore { // Docker 20.10 says it there
		o.ImageID = o.Digest
	}
	o.Exported = o.Digest != "" || o.ImageID != ""
	if o.Exported {
		o.Tags = req.Tags
		if names := resp.ExporterResponse[exptypes.ExporterImageNameKey]; names != "" {
			o.Tags = strings.Split(names, ",")
		}
	}
}
