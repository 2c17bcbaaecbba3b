package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/moby/buildkit/identity"
	"go.lsp.dev/protocol"
	"go.uber.org/zap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/explain"
	"github.com/buildls/buildls/build/lint/locate"
	"github.com/buildls/buildls/build/sent"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// commandBuild starts a build. What is built is the snapshot of the moment in which
// the command was read.
func (s *Server) commandBuild(raw []byte, p *commandParams) (lsp.Work, error) {
	arg, err := readArgument("buildls.build", raw)
	if err != nil {
		return nil, err
	}
	sequence := s.newBuild()
	return func(ctx context.Context) (any, error) {
		planned, err := s.plan(ctx, p.snapshot, arg, sequence)
		if err != nil {
			return nil, err
		}
		wait := arg.Wait || p.token != nil
		if !wait {
			ctx = s.rpc.Context() // the request ends now, the build goes on
		}
		b := s.builds.start(ctx, planned, sequence)
		b.progress = s.newProgress(b, p.token)
		if !wait {
			s.rpc.Go(func() { s.run(b) })
			return map[string]any{"id": b.id, "token": b.progress.Token()}, nil
		}
		s.run(b)
		return b.result(), nil
	}, nil
}

// newBuild orders a build among all, in the message loop. It is followed by plan.
func (s *Server) newBuild() (sequence int64) {
	sequence = s.builds.expect()
	s.diagnostics.order(sequence)
	return sequence
}

// plan plans a build that was ordered.
func (s *Server) plan(ctx context.Context, snapshot *workspace.Snapshot, arg plan.Argument, sequence int64) (*plan.Plan, error) {
	p, err := s.projects.Plan(snapshot, arg, s.currentSettings(ctx).Defaults)
	if err != nil {
		s.builds.forget(sequence)
		s.reportMissingTarget(sequence, err)
		s.diagnostics.begun(sequence)
		s.following.look() // it was in the way
	}
	return p, err
}

// newProgress shows the build where the client can: on the token of the request, else
// on one that the client creates; nil if it shows none.
func (s *Server) newProgress(b *sessionBuild, token protocol.ProgressToken) *lsp.Progress {
	title := "Build " + b.plan.Title()
	cancel := func() { b.cancel(errCanceled) }
	switch {
	case token != nil:
		return s.client.ProgressOf(token, title, cancel)
	case s.features.progress:
		return s.client.NewProgress(title, cancel)
	}
	return nil
}

// run builds, and tells the author all along: progress, diagnostics, and the end.
func (s *Server) run(b *sessionBuild) {
	defer s.builds.finish(b)
	defer s.endPanicked(b)
	s.log.Info("build", zap.String("id", b.id), zap.String("uri", string(b.plan.Doc.URI)), zap.String("target", b.plan.Target),
		zap.Any("profile", resultOfProfile(b.plan.Profile, b.plan.Snapshot)), zap.Strings("notes", b.plan.Notes))
	s.following.ordered(b.plan)
	defer s.following.look()
	s.begin(b)
	out, where := s.buildAt(b)
	result := s.show(b, out, where)
	if f := out.Failure; f != nil && f.Lines == nil {
		s.showMessage(protocol.MessageTypeError, fmt.Sprintf("buildls: %s: %s", b.plan.Title(), f.Message))
	}
	s.log.Info("built", zap.String("id", b.id), zap.String("status", result.Status), zap.Int64("ms", result.DurationMs))
	b.progress.End(summary(b.plan.Title(), result))
	if s.features.finished {
		s.client.Notify("buildls/buildFinished", result)
	}
	s.history.keep(b, s.ws.Snapshot().Encoding(), func() ([]byte, error) { return s.explainRecords.encode(where.record) })
}

// begin takes back what earlier builds of the file have said of it: there is a new one.
func (s *Server) begin(b *sessionBuild) {
	s.diagnostics.begin(b.sequence, b.plan.Doc, b.plan.Target)
	s.diagnostics.publish(b.plan.Doc.URI)
	s.unmarkFaults(b)
	s.diagnostics.begun(b.sequence)
	before := s.marks.lastBuild(b.plan.Doc.URI)
	s.marks.begin(b)
	if now := s.marks.lastBuild(b.plan.Doc.URI); before == nil || !now.SameGiven(before) {
		s.lint.start(b.plan.Doc.URI) // what it is given counts there too
	}
}

// show shows in the text how a build has ended, and returns its result.
func (s *Server) show(b *sessionBuild, out *build.Outcome, where attempt) *buildResult {
	s.explainRecords.explain(b, out, where, &s.history)
	if where.kept != nil {
		where.kept(out.SentContext)
	}
	news := s.images.learn(out.Images)
	if news { // lint may now say what depends on them
		s.lint.all()
	}
	b.plan.Relocate(out)
	where.blameIgnore(b.plan, out)
	where.locateFault(b.plan, out)
	found := problems(out, b.plan)
	result := resultOf(s.converter(b.plan.Doc), b, out, where, found)
	s.history.compare(result, b.plan.Key())
	s.diagnostics.finish(b.sequence, b.plan.Doc.URI, b.plan.Target, found)
	s.diagnostics.publish(b.plan.Doc.URI)
	s.markFault(b, where.fault)
	s.marks.end(b, out, news)
	b.end(out, result)
	return result
}

// endPanicked ends a build in which an invariant broke, so that nobody waits for it, and
// passes the panic on to be logged.
func (s *Server) endPanicked(b *sessionBuild) {
	r := recover()
	if r == nil {
		return
	}
	result := b.started()
	result.Status, result.Error = "failed", &errorResult{Message: fmt.Sprintf("a defect of buildls: %v", r), URI: b.plan.Doc.URI}
	out := &build.Outcome{Status: build.Failed}
	if !b.plan.Quiet {
		s.marks.end(b, out, false)
	}
	b.end(out, result)
	b.progress.End("Failed: " + result.Error.Message)
	if s.features.finished && !b.plan.Quiet {
		s.client.Notify("buildls/buildFinished", result)
	}
	panic(r)
}

// An attempt records how far one build got: its engine, platforms and overlays.
type attempt struct {
	engine    string // as the setting spells it
	platforms []string
	plan.Overlays
	fault  *fault              // nil if none is in another Dockerfile
	ignore *faultyIgnore       // nil if that is not why the build failed
	record *explain.Record     // to say why steps ran; nil if the build did not get that far
	kept   func(*sent.Context) // is told what the engine has of the context afterwards; may be nil
}

// newAttempt is an engine before it has the context.
func newAttempt(info engine.Info, p *plan.Plan) attempt {
	where := attempt{engine: info.Setting(), platforms: p.Platforms}
	if len(where.platforms) == 0 && len(info.Platforms) > 0 {
		where.platforms = info.Platforms[:1]
	}
	return where
}

// buildAt finds the engine and has it build.
func (s *Server) buildAt(b *sessionBuild) (*build.Outcome, attempt) {
	start := time.Now()
	failed := func(err error) *build.Outcome {
		out := &build.Outcome{Status: build.Failed, Failure: &build.Failure{Message: err.Error(), Code: "build"}, Duration: time.Since(start)}
		if b.ctx.Err() != nil {
			out.Status, out.Failure = build.Stopped(b.ctx)
		}
		return out
	}
	s.shells.letGo(b.plan.Doc.URI) // first: with a build in it, no engine heeds a changed configuration
	choice, err := s.engines.Resolve(b.ctx, func(message string) { b.progress.Report(message, 0) }, b.plan.Platforms, b.plan.Preferences...)
	if err != nil {
		return failed(err), attempt{}
	}
	defer choice.Release()
	b.builtBy(choice)
	info := choice.Conn.Info
	where := newAttempt(info, b.plan)
	var notes []string
	if !b.plan.Quiet { // else the next build tells them
		notes = choice.Conn.TakeNotes()
	}
	for _, note := range notes {
		s.showMessage(protocol.MessageTypeWarning, "buildls: "+note)
	}
	logged := s.log.Info
	if b.plan.Quiet {
		logged = s.log.Debug
	}
	logged("engine", zap.String("id", b.id), zap.Stringer("engine", info), zap.String("version", info.Version), zap.String("why", choice.Why), zap.Strings("tried", choice.Tried))

	req, overlays, err := b.plan.Request(b.id, func(err error) { b.cancel(err) })
	if err != nil {
		return failed(err), where
	}
	where.Overlays = overlays
	where.kept = s.sentContexts.offer(b.ctx, s.log, info, req)
	req.Known = s.images.all()
	if s.features.shell {
		req.Pause = func(h *build.PausedFailure) { s.shells.hold(b, h, func() { s.marks.refresh.changed(0) }) }
	}
	obs := s.observer(b)
	if s.features.log && !b.plan.Quiet {
		live := newLiveLog(func(l build.Log) {
			s.client.Notify("buildls/log", logParams{ID: b.id, Step: stepIndex(l.Step), Name: l.Name, Text: l.Text})
		})
		defer live.close()
		obs.Log = live.add
	}
	out := build.Run(b.ctx, choice.Conn, req, obs)
	where.record, out.Solved = explain.New(req, out, info.String()), nil
	out.Notes = append(notes, out.Notes...)
	return out, where
}

// observer shows what the build says of itself.
func (s *Server) observer(b *sessionBuild) build.Observer {
	obs := build.Observer{Progress: func(p build.Progress) { b.progress.Report(cmp.Or(p.Message, "Starting"), p.Percentage) }}
	obs.Steps = func(steps []build.Step) {
		b.follow(steps)
		if s.features.marks {
			s.marks.progress(b, steps)
		}
	}
	return obs
}

// logParams are those of buildls/log. Step is null for output of no instruction.
type logParams struct {
	ID   string `json:"id"`
	Step *int   `json:"step"`
	Name string `json:"name"`
	Text string `json:"text"`
}

func stepIndex(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

// problems are what the author should see in the text: why the build failed, if it is
// some line's fault, and then the warnings.
func problems(out *build.Outcome, p *plan.Plan) []dockerfile.Problem {
	var list []dockerfile.Problem
	if f := out.Failure; f != nil && f.Lines != nil {
		list = append(list, dockerfile.Problem{Message: f.Message, Code: f.Code, Lines: *f.Lines, Columns: f.Columns})
	}
	list = append(list, out.Warnings...)
	if p.Inline() == nil {
		locate.Narrow(list, p.File())
	}
	return list
}

func resultOf(c converter, b *sessionBuild, out *build.Outcome, where attempt, found []dockerfile.Problem) *buildResult {
	doc := b.plan.Doc
	r := b.started()
	r.Status = map[build.Status]string{build.Done: "succeeded", build.Failed: "failed", build.Canceled: "canceled"}[out.Status]
	r.DurationMs = out.Duration.Milliseconds()
	r.Engine = where.engine
	r.Overlaid = append(r.Overlaid, where.Overlaid...)
	r.Steps = c.steps(out.Steps)
	r.Warnings = c.warnings(doc.URI, found[len(found)-len(out.Warnings):])
	if where.platforms != nil {
		r.Platforms = where.platforms
	}
	if out.Exported {
		r.Tags = out.Tags
		r.Digest, r.ImageID = nonEmpty(out.Digest), nonEmpty(out.ImageID)
	}
	if out.Status == build.Done && !out.Exported && len(b.plan.Outputs) == 0 && !b.plan.Discard {
		r.Warnings = append(r.Warnings, warningResult{Code: "not-exported", Message: notExported(b.plan, where)})
	}
	for _, note := range b.plan.Notes {
		r.Warnings = append(r.Warnings, warningResult{Code: "profiles", Message: note})
	}
	for _, note := range out.Notes {
		r.Warnings = append(r.Warnings, warningResult{Code: "cache", Message: note})
	}
	for _, path := range where.NotUTF8 {
		r.Warnings = append(r.Warnings, warningResult{Code: "not-utf-8", Message: notUTF8(path, doc)})
	}
	if out.Failure != nil {
		r.Error = &errorResult{Message: out.Failure.Message, URI: doc.URI, ExitCode: out.Failure.ExitCode, Log: out.Failure.Log}
		switch {
		case out.Failure.Lines != nil:
			r.Error.Range = ptr(c.problemRange(found[0]))
		case where.ignore != nil:
			r.Error.URI, c.text = where.ignore.URI, workspace.NewText(string(where.ignore.Text))
			r.Error.Range = ptr(c.problemRange(where.ignore.Problem))
		case where.fault != nil:
			r.Error.URI, c.text = where.fault.plan.Doc.URI, where.fault.plan.Doc.Text
			r.Error.Range = ptr(c.problemRange(where.fault.Problem))
		}
	}
	return r
}

// notExported says that a build left no image, so that its tags went unused.
func notExported(p *plan.Plan, where attempt) string {
	msg := "the image stays in the build cache, because " + where.engine + " has no image store"
	if p.Tagged {
		msg += "; it was not named " + p.Title()
	}
	return msg
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// summary is the one line that the author reads when a build has ended.
func summary(title string, r *buildResult) string {
	switch r.Status {
	case "failed":
		return "Failed: " + r.Error.Message
	case "canceled":
		return "Canceled"
	}
	cached := 0
	for _, step := range r.Steps {
		if step.Status == string(build.Cached) {
			cached++
		}
	}
	end := fmt.Sprintf("Built %s in %.1f s, %d of %d steps cached", title, float64(r.DurationMs)/1000, cached, len(r.Steps))
	if len(r.Tags) == 0 && slices.ContainsFunc(r.Warnings, func(w warningResult) bool { return w.Code == "not-exported" }) {
		end += "; it stays in the build cache"
	}
	return end
}

// Why a build was canceled.
var (
	errCanceled   = errors.New("canceled")
	errSuperseded = errors.New("a newer build of the same target was started")
	errShutdown   = errors.New("the editor is closing")
)

// newID is unique over all builds of an engine, and of all servers on it.
func newID() string { return identity.NewID() }
