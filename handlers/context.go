package handlers

import (
	"context"
	"strings"

	"go.lsp.dev/protocol"
	"golang.org/x/sync/errgroup"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// A contextResult is the answer to buildls.context. Paths are relative to the context, with
// "/"; those of directories end in one.
type contextResult struct {
	Context string `json:"context"` // the directory
	Files   int    `json:"files"`   // regular files and links
	Bytes   int64  `json:"bytes"`
	// Excluded is what the ignore file keeps out of the whole context, by its lines.
	Excluded      []excludedResult    `json:"excluded"`
	Largest       []sizeResult        `json:"largest"`
	ByInstruction []contextUserResult `json:"byInstruction"`
	Secrets       []string            `json:"secrets"` // what looks like one, by name and content
	// Unreadable are the directories that may not be read: what is in them is not counted.
	Unreadable []string `json:"unreadable"`
}

// An excludedResult is what a line of an ignore file keeps out.
type excludedResult struct {
	URI     workspace.URI `json:"uri"`
	Line    int           `json:"line"` // 0-based
	Pattern string        `json:"pattern"`
	Files   int           `json:"files"`
	Dirs    int           `json:"dirs"`  // that are kept out whole, whatever is in them
	Paths   []string      `json:"paths"` // the first ten
}

type sizeResult struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Dir   bool   `json:"dir"`
}

// A contextUserResult is an instruction that takes files from the context.
type contextUserResult struct {
	Name    string         `json:"name"`
	Range   protocol.Range `json:"range"`
	Files   int            `json:"files"`
	Bytes   int64          `json:"bytes"`
	Missing []string       `json:"missing"`         // sources that nothing matches
	Error   string         `json:"error,omitempty"` // why a build fails at it: it takes what may not be read
}

func (s *Server) commandContext(raw []byte, p *commandParams) (lsp.Work, error) {
	var arg struct {
		URI     workspace.URI `json:"uri"`
		Context string        `json:"context"`
		Target  string        `json:"target"`
	}
	if err := decodeArgument("buildls.context", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		v, err := s.viewFor(p.snapshot, arg.URI, arg.Context, arg.Target, s.currentSettings(ctx))
		if err != nil {
			return nil, err
		}
		report, err := v.wholeReport(ctx, s.images.all(), s.lint.of(v.Doc.URI))
		if err != nil {
			return nil, err
		}
		return s.converter(v.Doc).context(report), nil
	}, nil
}

// wholeReport is what a build of the view would send. known remembers what lint found in its text.
func (v view) wholeReport(ctx context.Context, images dockerfile.Images, known *checker) (*contextReport, error) {
	if err := v.CheckTarget(); err != nil {
		return nil, err
	}
	if v.Context.Remote() {
		return nil, lsp.InvalidParams("the context %s is fetched by the engine: a build sends nothing of it from here", v.Context)
	}
	if err := readable(ctx, known, v.file(images, v.platform()), v.Doc.URI); err != nil {
		return nil, err
	}
	need, err := plan.FileOf(v.Doc).ContextNeed(ctx, v.given(images))
	if err != nil {
		return nil, lsp.InvalidParams("%s: %s", v.Doc.URI, strings.Join(append([]string{err.Error()}, v.Notes...), "; "))
	}
	if err := v.Context.Unchosen; err != nil && len(need.Uses) > 0 {
		return nil, err
	}
	return v.report(ctx, need)
}

// viewFor is the view that a command names by fields of a build's argument, each of which may
// be empty. Where profiles that differ build the Dockerfile, it is that of a build that names
// none of them.
func (s *Server) viewFor(snapshot *workspace.Snapshot, uri workspace.URI, context, target string, settings Settings) (view, error) {
	doc, err := plan.OpenDockerfile(snapshot, uri)
	if err != nil {
		return view{}, err
	}
	if context == "" {
		list := s.readViews(snapshot, doc, target, settings)
		if len(list) == 1 {
			return s.withLastBuild(list, snapshot, doc)[0], list[0].wrong
		}
	}
	var v view
	v.Setup, err = s.projects.Setup(snapshot, plan.NewArgument(doc.URI, context, target), settings.Defaults)
	if err == nil {
		v.ignore, err = v.IgnoreFile()
	}
	return v, err
}

// readable is an error if lint cannot read a file to its end.
func readable(ctx context.Context, c *checker, file lint.File, uri workspace.URI) error {
	if why := c.unread(ctx, file); why != "" {
		return lsp.InvalidParams("%s cannot be read without a build: %s", uri, why)
	}
	return ctx.Err()
}

// convertible is the text of a view, without what is at fault, as BuildKit's converter can be
// called with it.
func (s *Server) convertible(ctx context.Context, v view) (*dockerfile.File, error) {
	known, file := s.lint.of(v.Doc.URI), v.file(s.images.all(), v.platform())
	mended := known.mend(ctx, file)
	if readable(ctx, known, file, v.Doc.URI) == nil {
		return mended, nil
	}
	file.Dockerfile = mended // perhaps what could not be read is gone
	return mended, readable(ctx, newChecker(), file, v.Doc.URI)
}

// mended is a document's text without what is at fault in a build of it, line by line.
func (s *Server) mended(ctx context.Context, doc *workspace.Document, b *dockerfile.Baseline) *dockerfile.File {
	v := view{Setup: plan.Setup{Doc: doc, Spec: build.Spec{BuildArgs: b.BuildArgs, Target: b.Target, Platforms: b.Platforms}}}
	return s.lint.of(doc.URI).mend(ctx, v.file(s.images.all(), v.platform()))
}

// A contextReport is what a build would send, and why.
type contextReport struct {
	dir    string
	ignore plan.IgnoreFile
	need   *dockerfile.ContextNeed
	*survey.Answer
}

// report looks at the context as a build would. What is excluded is told of the
// whole context, also where only some of it is asked for.
func (v view) report(ctx context.Context, need *dockerfile.ContextNeed) (*contextReport, error) {
	if err := acquireSlot(ctx); err != nil {
		return nil, err
	}
	defer releaseSlot()
	p, ignore := v.Setup, v.ignore
	contextFS, err := p.CountedFS()
	if err != nil {
		return nil, err
	}
	r := &contextReport{dir: p.Context.Dir, ignore: ignore, need: need}
	var whole *survey.Answer
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		r.Answer, err = survey.Of(ctx, contextFS, question(need, ignore))
		return err
	})
	if len(need.Follow) > 0 || need.Nothing {
		eg.Go(func() (err error) {
			whole, err = survey.Of(ctx, contextFS, survey.Question{Ignore: ignore.Text})
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, lsp.InvalidParams("the context %s: %v", p.Context, ignore.Explain(err))
	}
	if whole != nil {
		r.Excluded, r.Unreadable = whole.Excluded, whole.Unreadable
	}
	return r, nil
}

// question is what a build wants, as survey asks it.
func question(need *dockerfile.ContextNeed, ignore plan.IgnoreFile) survey.Question {
	q := survey.Question{Ignore: ignore.Text, Nothing: need.Nothing, Follow: need.Follow}
	for _, u := range need.Uses {
		var paths []survey.Path
		for _, p := range u.Paths {
			paths = append(paths, survey.Path(p))
		}
		q.Uses = append(q.Uses, paths)
	}
	return q
}

// surveySlots are held by callers that read a context: each compares the open buffers against the disk.
var surveySlots = make(chan struct{}, 8)

// acquireSlot waits until few enough callers read contexts. Without an error, the caller must call releaseSlot.
func acquireSlot(ctx context.Context) error {
	select {
	case surveySlots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func releaseSlot() { <-surveySlots }

// unreadable says what of a use may not be read; empty if all may.
func unreadable(u survey.Use) string {
	if len(u.Unreadable) == 0 {
		return ""
	}
	return strings.Join(u.Unreadable, ", ") + ": permission denied"
}

// context makes the protocol's answer of a report.
func (c converter) context(r *contextReport) contextResult {
	out := contextResult{Context: r.dir, Files: r.Files, Bytes: r.Bytes, Excluded: []excludedResult{}, Largest: []sizeResult{},
		ByInstruction: []contextUserResult{}, Secrets: append([]string{}, r.Secrets...), Unreadable: append([]string{}, r.Unreadable...)}
	for _, l := range r.Excluded {
		out.Excluded = append(out.Excluded, excludedResult{URI: r.ignore.URI, Line: editorLine(r.ignore.Text, l.Line), Pattern: l.Pattern, Files: l.Files, Dirs: l.Dirs, Paths: l.Paths})
	}
	for _, l := range r.Largest {
		out.Largest = append(out.Largest, sizeResult{Path: l.Path, Bytes: l.Bytes, Dir: strings.HasSuffix(l.Path, "/")})
	}
	for i, u := range r.need.Uses {
		use := r.Uses[i]
		out.ByInstruction = append(out.ByInstruction, contextUserResult{Name: u.Name, Range: c.lineRange(u.Lines),
			Files: use.Files, Bytes: use.Bytes, Missing: append([]string{}, use.Missing...), Error: unreadable(use)})
	}
	return out
}
