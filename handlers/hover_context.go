package handlers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// hoverContext says of an instruction that takes files from the context how many, how
// large, and what it goes without.
func (s *Server) hoverContext(ctx context.Context, h *hover) {
	if !s.mayUseContext(plan.FileOf(h.doc), h.line) {
		return
	}
	list, err := s.usageQueries(ctx, h.snapshot, h.doc)
	if err != nil {
		return // diagnostics say what is wrong
	}
	at := func(l dockerfile.Lines) bool { return l.First <= h.line && h.line <= l.Last }
	i := slices.IndexFunc(list, func(q usageQuery) bool {
		return slices.ContainsFunc(q.need.Uses, func(u dockerfile.ContextUse) bool { return at(u.Lines) })
	})
	if i < 0 {
		return
	}
	seen, err := s.contextUsage.current(ctx, list)
	if errors.Is(err, errNewerText) && s.isShown(h.doc) && h.looks < maxLooks {
		h.looks++ // a file of the context has changed, and not the text
		s.hoverContext(ctx, h)
		return
	}
	if ctx.Err() != nil || errors.Is(err, errNewerText) {
		return // nobody wants to know any more
	}
	uses := list[i].need.Uses
	h.about(uses[slices.IndexFunc(uses, func(u dockerfile.ContextUse) bool { return at(u.Lines) })].Lines)
	var none *plan.NoContextError
	if errors.As(err, &none) {
		h.prose.paragraph("%s", h.prose.text(err.Error()))
		return
	}
	if err != nil {
		h.prose.paragraph("Nothing can be told of the context %s: %s", h.prose.code(list[i].Context.String()), h.prose.text(err.Error()))
		return
	}
	for _, u := range usesOf(list, seen) {
		if at(u.lines) {
			h.prose.usage(u)
			return
		}
	}
}

// mayUseContext says whether the instruction on a line, if there is one, may take files from the context:
// to be sure, the whole text is converted, and nobody shall wait for that for nothing.
func (s *Server) mayUseContext(f *dockerfile.File, line int) bool {
	st := f.At(line)
	if st == nil {
		return false
	}
	switch st.Name() {
	case "COPY", "ADD":
		return true
	case "RUN":
		return len(st.Flags) > 0
	case "FROM": // by the triggers of what it stands on
		for _, config := range s.images.all() {
			if bytes.Contains(config, []byte(`"OnBuild"`)) && !bytes.Contains(config, []byte(`"OnBuild":null`)) {
				return true
			}
		}
		return slices.ContainsFunc(f.Instructions(), func(st *dockerfile.Instruction) bool { return !st.Onbuild.Empty() })
	}
	return false
}

// maxLooks is how often a context is looked at again for one hover, because files change meanwhile.
const maxLooks = 3

// isShown says whether an open document has the text that it had.
func (s *Server) isShown(doc *workspace.Document) bool {
	now := s.ws.Snapshot().Document(doc.URI)
	return now != nil && now.Text == doc.Text
}

// usage describes what an instruction takes, of each view apart if they do not agree.
func (p *prose) usage(u usage) {
	apart := slices.ContainsFunc(u.uses, func(use survey.Use) bool { return !reflect.DeepEqual(use, u.uses[0]) })
	for i, use := range u.uses {
		if apart {
			p.paragraph("%s:", p.code(u.views[i].name()))
		}
		if i == 0 || apart {
			p.use(use, u.views[i].ignore)
		}
	}
}

// use describes what an instruction takes.
func (p *prose) use(u survey.Use, ignore plan.IgnoreFile) {
	p.paragraph("%s from the context", amount(u.Amount))
	if u.Files > 1 && len(u.Largest) > 0 {
		p.item("the largest: %s", p.sizes(u.Largest))
	}
	for _, m := range u.Missing {
		p.item("nothing matches %s", p.code(m))
	}
	for _, dir := range u.Unreadable {
		p.item("permission denied: %s, so that the build fails", p.code(dir))
	}
	if len(u.Secrets) > 0 {
		p.item("⚠ looks like a secret: %s", p.names(u.Secrets, len(u.Secrets)))
	}
	const maxLines = 5
	for i, l := range u.Excluded {
		if i == maxLines {
			p.item("and more by %d other lines", len(u.Excluded)-maxLines)
			break
		}
		line := editorLine(ignore.Text, l.Line)
		where := fmt.Sprintf("%s:%d", filepath.Base(string(ignore.URI)), line+1)
		p.item("%s, %s, keeps out %s", p.link(where, ignore.URI, line), p.code(l.Pattern), p.kept(l))
	}
}

func (p *prose) sizes(sizes []survey.Size) string {
	var list []string
	for _, s := range sizes {
		list = append(list, p.code(s.Path)+" "+size(s.Bytes))
	}
	return strings.Join(list, ", ")
}

// names lists some of n names.
func (p *prose) names(names []string, n int) string {
	const most = 3
	var list []string
	for _, name := range names[:min(most, len(names))] {
		list = append(list, p.code(name))
	}
	if n > len(list) {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}

// kept is what a line of an ignore file keeps out.
func (p *prose) kept(l survey.Line) string {
	var counts []string
	if l.Files > 0 {
		counts = append(counts, plural(l.Files, "file", "files"))
	}
	if l.Dirs > 0 {
		counts = append(counts, plural(l.Dirs, "directory", "directories"))
	}
	return strings.Join(counts, " and ") + ": " + p.names(l.Paths, l.Files+l.Dirs)
}

// hoverIgnore says of a line of an ignore file what it keeps out.
func (s *Server) hoverIgnore(ctx context.Context, h *hover) {
	text := h.doc.Text.Row(h.line)
	if h.line == 0 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	line := strings.TrimSpace(text)
	dir := s.ignoredDir(h.snapshot, h.doc)
	if line == "" || text[0] == '#' || line[0] == '!' || dir == "" {
		return
	}
	kept, err := s.keptOut(ctx, h.snapshot, h.doc, h.doc.Text.Bytes(), h.line)
	if ctx.Err() != nil {
		return
	}
	h.about(dockerfile.Lines{First: h.line, Last: h.line})
	switch {
	case err != nil:
		err = plan.IgnoreFile{URI: h.doc.URI}.Explain(err)
		h.prose.paragraph("This cannot be told of %s: %s", h.prose.code(dir), h.prose.text(err.Error()))
	case kept == nil:
		h.prose.paragraph("Keeps nothing out of %s that other lines would not", h.prose.code(dir))
	default:
		h.prose.paragraph("Keeps out of %s %s", h.prose.code(dir), h.prose.kept(*kept))
	}
}

// keptOut is what a row (0-based) of an ignore file keeps out of its context, if that has a text;
// nil if nothing.
func (s *Server) keptOut(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, text []byte, row int) (*survey.Line, error) {
	look := plan.NewSetup(snapshot, doc, s.ignoredDir(snapshot, doc), s.settings.now().Defaults)
	contextFS, err := look.CountedFS()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, surveyWithin, errLargeContext)
	defer cancel()
	answer, err := survey.Of(ctx, contextFS, survey.Question{Ignore: text})
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(answer.Excluded, func(l survey.Line) bool { return l.Line == row }); i >= 0 {
		return &answer.Excluded[i], nil
	}
	return nil, nil
}

// ignoredDir is the context that an ignore file is for: its own directory, or that of the
// Dockerfile beside it. Empty if there is none here.
func (s *Server) ignoredDir(snapshot *workspace.Snapshot, doc *workspace.Document) string {
	path, own := strings.CutSuffix(doc.Path, ".dockerignore")
	switch {
	case doc.Path == "" || plan.WhyNoContext(doc.Place().Dir()) != "":
		return ""
	case !own || filepath.Base(doc.Path) == ".dockerignore":
		return filepath.Dir(doc.Path)
	}
	uri := workspace.FileURI(path)
	dockerfile := cmp.Or(snapshot.DocumentAt(path), &workspace.Document{URI: uri, Path: path, Text: workspace.NewText("")})
	return s.viewsOf(snapshot, dockerfile, s.settings.now())[0].Context.Dir
}

// amount is "214 files, 3.1 MB".
func amount(a survey.Amount) string {
	if a.Files == 0 {
		return "no files"
	}
	return plural(a.Files, "file", "files") + ", " + size(a.Bytes)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// size is "3.1 MB".
func size(bytes int64) string {
	n, unit := float64(bytes), 0
	for ; n >= 999.5 && unit < 5; unit++ {
		n /= 1000
	}
	if unit == 0 || n >= 9.95 {
		return fmt.Sprintf("%.0f %s", n, [...]string{"B", "kB", "MB", "GB", "TB", "PB"}[unit])
	}
	return fmt.Sprintf("%.1f %s", n, [...]string{"B", "kB", "MB", "GB", "TB", "PB"}[unit])
}
