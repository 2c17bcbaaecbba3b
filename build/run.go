package build

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/escape"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/build/sent"
)

// An Outcome says how a build ended.
type Outcome struct {
	Status  Status   // Done, Failed or Canceled
	Failure *Failure // if Status is Failed
	// Dockerfile is the text that was built. It is nil if that lies in a remote context, and the
	// build ended before the engine had read it.
	Dockerfile  []byte
	Digest      string // of the exported manifest or index; empty if nothing was exported
	ImageID     string // digest of the image's config; empty likewise
	Exported    bool
	Tags        []string // of what was exported
	Steps       []Step
	Warnings    []dockerfile.Problem
	Notes       []string // warnings that no line causes
	Duration    time.Duration
	Images      dockerfile.Images // the base images, as far as the engine tells
	SentContext *sent.Context     // the engine's copy of Request.Context; nil if it is not known to have one
	Solved      *Solved           // nil if the build ended before the front end had answered
	States      []State           // one for each step; empty if the front end does not say how they are made
	Results     []Result          // the images of a build that succeeded, one for each platform; empty likewise
	outputs     outputs
}

// Solved is what the engine was given to solve. It is large: who keeps an Outcome for long sets
// Solved to nil.
type Solved struct {
	Definitions []Definition
	Sent        map[string]*sent.Recorder // of the local contexts, by their names as sources
	Hidden      redact.Mask               // what must not be shown of it
}

// An Observer follows a build. Run calls its functions from the goroutine that called Run, one after
// the other, and never after Run has returned. Each may be nil. The build waits for them.
type Observer struct {
	Progress func(Progress)
	Log      func(Log)
	// Steps gets all steps whenever one of them has changed. The slice is new each time.
	Steps func([]Step)
	// Status sees BuildKit's own messages, for a terminal's display.
	Status func(*client.SolveStatus)
}

// endWithin is how long Run waits for a canceled build to end by itself: a frozen engine does not
// answer, and the author does not wait for it.
const endWithin = time.Second

// Run has the engine at conn build req, and returns when the build has ended. Canceling ctx cancels
// the build. If the cause is a *ContextError, the build has failed with it. A failed build is an
// Outcome, not an error: Failure is for the author. A Request serves for one Run.
func Run(ctx context.Context, conn *engine.Conn, req *Request, obs Observer) *Outcome {
	start := time.Now()
	state := newBuildState()
	state.dockerfile = req.Dockerfile
	notes := append(req.missingCaches(), req.lostAnnotations(conn.Info)...)
	resp, err := solve(ctx, conn, req, state, obs)
	state.flushLogs()
	out := &Outcome{Status: Done, Notes: append(notes, state.notes...), Dockerfile: state.dockerfile, Steps: state.steps(err == nil), Warnings: slices.Concat(state.warned, state.problems(), req.undeclaredArgs(state.dockerfile, state.images)), Images: state.images, States: state.lines.states()}
	switch {
	case err == nil:
		out.exported(resp, conn.Info, req)
		out.Results = results(state.defs)
		if err := req.writeFiles(out, resp); err != nil {
			out.Status, out.Failure = Failed, &Failure{Code: "build", Message: err.Error()}
		}
	case ctx.Err() != nil:
		out.Status, out.Failure = stopped(ctx, req, state)
	default:
		out.Status = Failed
		out.Failure = explainFailure(ctx, conn, err, state, req)
	}
	out.outputs = state.outputs()
	if out.Failure != nil {
		out.Failure.Message, out.Failure.Log = escape.Text(out.Failure.Message), escape.Text(out.Failure.Log)
	}
	if files := req.recorders[dockerui.DefaultLocalNameContext]; files != nil && ctx.Err() == nil {
		out.SentContext = files.Result()
	}
	if len(state.defs) > 0 {
		out.Solved = &Solved{Definitions: state.defs, Sent: req.recorders, Hidden: state.hidden}
	}
	out.Duration = time.Since(start)
	return out
}

// Stopped says how a build ended whose ctx ended before it began: it failed if the cause is a
// *ContextError, and was canceled if not.
func Stopped(ctx context.Context) (Status, *Failure) {
	var ce *ContextError
	if errors.As(context.Cause(ctx), &ce) {
		return Failed, &Failure{Code: "build", Message: ce.Error()}
	}
	return Canceled, nil
}

// stopped is Stopped for a build that has begun, and may know which line is at fault.
func stopped(ctx context.Context, req *Request, b *buildState) (Status, *Failure) {
	var ce *ContextError
	if errors.As(context.Cause(ctx), &ce) {
		return Failed, req.unreadableContext(ctx, ce, b.dockerfile)
	}
	return Canceled, nil
}

// explainFailure says why the build failed: because of the engine, a refusal, or the Dockerfile.
func explainFailure(ctx context.Context, conn *engine.Conn, err error, b *buildState, req *Request) *Failure {
	var linked *linkedError
	if errors.As(err, &linked) && linked.req != req {
		fail := explainFailure(ctx, conn, linked.err, b.stateOf(linked.req), linked.req)
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
	if fail := req.contextFailure(err, b, conn.Info); fail != nil {
		return fail
	}
	if fail := req.unreadableContext(ctx, err, b.dockerfile); fail != nil {
		return fail
	}
	fail := newFailure(err, b, b.dockerfile)
	req.tellMissing(fail, b.dockerfile)
	req.tellUnreached(fail, conn.Info, b.dockerfile)
	return fail
}

// solve runs the build and folds what it says into its state, which is no longer touched when
// solve has returned.
func solve(ctx context.Context, conn *engine.Conn, req *Request, b *buildState, obs Observer) (*client.SolveResponse, error) {
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
	// A paused build lasts longer than ctx.
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
	var paused event
	for {
		select {
		case e := <-events:
			if e.paused != nil {
				paused, late = e, time.After(endWithin)
			} else {
				b.observe(e, obs)
			}
			if paused.paused != nil && b.hasFailed(paused.paused.vertex) {
				req.Pause(paused.paused)
				return nil, paused.failed
			}
		case err := <-ended:
			return resp, err
		case <-giveUp:
			giveUp, late = nil, time.After(endWithin)
		case <-late:
			if paused.paused != nil && ctx.Err() == nil { // its last status does not come
				req.Pause(paused.paused)
				return nil, paused.failed
			}
			return nil, context.Cause(ctx)
		}
	}
}

// solveTelling runs the build, and calls tell with what it learns. It calls it no more when it has
// returned.
func solveTelling(ctx context.Context, conn *engine.Conn, req *Request, tell func(event)) (*client.SolveResponse, error) {
	l, err := newLinking(ctx, conn, req, tell)
	if err != nil {
		return nil, err
	}
	if len(l.hidden) > 0 {
		tell(event{hidden: l.hidden})
	}
	defer func() {
		if l.paused != nil {
			close(l.paused.ended)
		}
	}()
	return l.solve(ctx, append(req.linked(), req))
}

// build runs one build, and calls then with its lazily solved result.
func (l *linking) build(ctx context.Context, req *Request, then func(context.Context, *gateway.Result) error) (*client.SolveResponse, error) {
	conn, tell := l.conn, l.telling(req)
	opt, err := req.solveOpt(conn.Info)
	if err != nil {
		return nil, err
	}
	opt.Session = append(opt.Session, l.parts[req]...)
	if len(opt.LocalMounts) > 0 {
		opt.Session, opt.LocalMounts = append(opt.Session, filesProvider(opt.LocalMounts)), nil
	}
	if a := req.changesProvider(); a != nil {
		opt.Session = append(opt.Session, a)
	}
	if opt.FrontendAttrs, err = req.withHosts(ctx, conn, opt.FrontendAttrs); err != nil {
		return nil, err
	}
	closeSessions, err := req.serveEarlierSessions(ctx, conn, opt.SharedKey)
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
	var refused error // kept here, because the engine returns it without its type
	resp, err := conn.Build(ctx, opt, "buildls", func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		req.noteSession(g)
		caps := g.BuildOpts().LLBCaps
		if refused = errors.Join(req.supported(conn.Info, caps), req.supportedOutputs(conn.Info, caps), req.supportedAttests(conn.Info, caps), req.supportedContexts(conn.Info, caps)); refused != nil {
			return nil, refused
		}
		res, err := throughGateway{g, opt.FrontendAttrs, l, req, tell}.solve(ctx, then)
		if err != nil {
			l.pause(ctx, req, g, err)
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

// A throughGateway is a build that this side steers over the engine's gateway.
type throughGateway struct {
	gateway.Client
	attrs map[string]string
	link  *linking
	req   *Request
	tell  func(event)
}

// solve solves lazily, reads the line map from the definition, and only then has the engine build it.
// Exporters run on the result. A linked build is built when the builds that stand on it are solved,
// too.
func (g throughGateway) solve(ctx context.Context, then func(context.Context, *gateway.Result) error) (*gateway.Result, error) {
	dockerfile := g.req.Dockerfile
	inputs, attrs, err := g.link.inputs(ctx, g.req, g.attrs)
	if err != nil {
		return nil, err
	}
	ask := gateway.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: attrs, FrontendInputs: inputs}
	own := g.req.standIn(g.link.conn.Info, dockerfile)
	if own.unreachedLately() {
		g.tell(own.use(attrs))
	}
	res, err := g.Solve(ctx, ask)
	if dockerfile == nil && g.req.DockerfileFS == nil {
		dockerfile = g.readDockerfile(ctx, res, err)
		g.tell(event{dockerfile: dockerfile})
	}
	if err != nil && attrs["cmdline"] == "" {
		if own = g.req.standIn(g.link.conn.Info, dockerfile); own.isFor(err) {
			g.tell(own.use(attrs))
			res, err = g.Solve(ctx, ask)
		}
	}
	if err != nil {
		return nil, err
	}
	defs, err := definitions(ctx, res)
	if err == nil { // a front end of another make leaves no definitions
		g.tell(event{lines: hideLines(g.link.hidden, newLineMap(defs, dockerfile)), defs: defs})
	}
	if err := then(ctx, res); err != nil || g.req.Linked != "" {
		return res, err
	}
	if err := g.debug(ctx, res, defs); err != nil {
		return nil, err
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() error {
		g.tell(event{images: baseImages(ctx, g, defs, g.req)})
		return nil
	})
	eg.Go(func() error { return evaluate(ctx, res) })
	return res, eg.Wait()
}

// evaluate has the engine build a lazily solved result.
func evaluate(ctx context.Context, res *gateway.Result) error {
	eg, ctx := errgroup.WithContext(ctx)
	res.EachRef(func(ref gateway.Reference) error {
		eg.Go(func() error { return ref.Evaluate(ctx) })
		return nil
	})
	return eg.Wait()
}

func (b *buildState) tellSteps(obs Observer) {
	if obs.Steps != nil {
		obs.Steps(b.live())
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
