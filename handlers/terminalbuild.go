package handlers

import (
	"context"
	"time"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/explain"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// A TerminalBuild is a build that was asked for in a terminal.
type TerminalBuild struct {
	plan.Terminal
	build   *sessionBuild // once there is a request
	request *build.Request
}

// Request makes of it the request that an editor's build of the same file makes, and
// says which engine is wished for. onError is told when a file cannot be sent.
func (t *TerminalBuild) Request(onError func(error)) (*build.Request, []engine.Preference, error) {
	p, err := t.Plan()
	if err != nil {
		return nil, nil, err
	}
	t.build = &sessionBuild{id: newID(), plan: p, began: time.Now()}
	t.request, _, err = p.Request(t.build.id, onError)
	return t.request, p.Preferences, err
}

// Keep keeps the build that was requested, for `buildls builds` and the editors. warn is
// told if that fails. Of a build for which there is no request, nothing is known to be kept.
func (t *TerminalBuild) Keep(out *build.Outcome, info engine.Info, warn func(error)) {
	b := t.build
	if b == nil {
		return
	}
	if b.plan.Doc == nil {
		b.plan.Doc = &workspace.Document{URI: workspace.URI(b.plan.Context.String()), Text: workspace.NewText(string(out.Dockerfile))}
	}
	doc := b.plan.Doc
	c := converter{uri: toURI(doc.URI), text: doc.Text, encoding: workspace.UTF16}
	past := historyStore{warn: warn}
	where := newAttempt(info, b.plan)
	where.record, out.Solved = explain.New(t.request, out, info.String()), nil
	var records explainRecords
	records.explain(b, out, where, &past)
	where.blameIgnore(b.plan, out)
	result := resultOf(c, b, out, where, problems(out, b.plan))
	past.compare(result, b.plan.Key())
	b.end(out, result)
	past.keep(b, c.encoding, where.record.Encode)
}

// A ContextResult is the contract's answer to buildls.context, for a terminal.
type ContextResult = contextResult

// Survey says what the build would send of its context. It asks no engine, so that of base images
// nothing is known.
func (t *TerminalBuild) Survey(ctx context.Context) (*ContextResult, error) {
	p, err := t.Plan()
	if err != nil {
		return nil, err
	}
	v := view{Setup: p.Setup}
	if v.Doc == nil { // in a remote context
		v.Doc = &workspace.Document{URI: workspace.URI(v.Context.String()), Text: workspace.NewText("")}
	}
	if !v.Context.Remote() {
		if v.ignore, err = v.IgnoreFile(); err != nil {
			return nil, err
		}
	}
	report, err := v.wholeReport(ctx, nil, newChecker())
	if err != nil {
		return nil, err
	}
	result := converter{uri: toURI(v.Doc.URI), text: v.Doc.Text, encoding: workspace.UTF16}.context(report)
	return &result, nil
}

// Result is that of the build, once it is kept; nil before.
func (t *TerminalBuild) Result() *BuildResult {
	if t.build == nil {
		return nil
	}
	return t.build.ended
}
