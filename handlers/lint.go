package handlers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// linting checks every open Dockerfile when it, or the .dockerignore that it is built
// with, changes. One pass runs for each file; a newer one cancels it.
type linting struct {
	server *Server

	mu       sync.Mutex
	passes   map[workspace.URI]context.CancelCauseFunc
	checkers map[workspace.URI]*checker // of open documents

	slots chan struct{} // held by passes that check: one for each processor
}

// A checker remembers what it found in a document, so that an edit costs what it touched.
// It serves one pass at a time; who waits for its turn and is canceled is gone at once, so
// that of a text which is typed faster than it is checked no versions pile up.
type checker struct {
	turn chan struct{} // capacity 1: held by who checks
	lint.Checker
}

func newChecker() *checker { return &checker{turn: make(chan struct{}, 1)} }

// check finds the problems of a file, nil if ctx is canceled before it is its turn.
func (c *checker) check(ctx context.Context, f lint.File) []build.Problem {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		return c.Check(ctx, f)
	case <-ctx.Done():
		return nil
	}
}

// mend mends a file; it is as it was if ctx is canceled before it is its turn.
func (c *checker) mend(ctx context.Context, f lint.File) []byte {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		return c.Mend(ctx, f)
	case <-ctx.Done():
		return f.Dockerfile
	}
}

// of is a document's checker, a new one if the document is not open.
func (l *linting) of(uri workspace.URI) *checker {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.checkers[uri.Key()]; c != nil {
		return c
	}
	return newChecker()
}

var errNewerText = errors.New("the text has changed")

func (l *linting) init(s *Server) {
	l.server = s
	l.passes = map[workspace.URI]context.CancelCauseFunc{}
	l.checkers = map[workspace.URI]*checker{}
	l.slots = make(chan struct{}, runtime.NumCPU())
}

// changed checks what a change of doc concerns: itself, or the Dockerfiles that an
// ignore file may concern.
func (l *linting) changed(doc *workspace.Document) {
	switch doc.Kind() {
	case workspace.Ignore:
		l.all()
	default:
		l.start(doc.URI)
	}
}

// closed ends the pass of a document; if it was an ignore file, the file on the disk
// counts again.
func (l *linting) closed(uri workspace.URI) {
	l.mu.Lock()
	if cancel := l.passes[uri.Key()]; cancel != nil {
		cancel(errNewerText)
		delete(l.passes, uri.Key())
	}
	delete(l.checkers, uri.Key())
	l.mu.Unlock()
	if workspace.KindOf(uri, "") == workspace.Ignore {
		l.all()
	}
}

// all checks every open Dockerfile.
func (l *linting) all() {
	for _, d := range l.server.ws.Snapshot().Documents() {
		l.start(d.URI)
	}
}

// start begins a pass on an open document, and cancels the one that runs. What is no
// Dockerfile has no mistakes of its own, but problems of a build may have moved.
func (l *linting) start(uri workspace.URI) {
	l.mu.Lock()
	defer l.mu.Unlock()
	snapshot := l.server.ws.Snapshot() // under the lock: no pass gives way to one of an older text
	doc := snapshot.Document(uri)
	if doc == nil {
		return
	}
	ctx, cancel := context.WithCancelCause(l.server.rpc.Context())
	if previous := l.passes[uri.Key()]; previous != nil {
		previous(errNewerText)
	}
	l.passes[uri.Key()] = cancel
	if l.checkers[uri.Key()] == nil {
		l.checkers[uri.Key()] = newChecker()
	}
	l.server.rpc.Go(func() {
		defer cancel(nil)
		l.pass(ctx, snapshot, doc)
	})
}

func (l *linting) pass(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) {
	s := l.server
	settings := s.settings.now()
	if settings.LintDelay > 0 {
		select {
		case <-time.After(settings.LintDelay):
		case <-ctx.Done():
			return
		}
	}
	problems := l.problems(ctx, snapshot, doc, settings)
	if s.diagnostics.linted(ctx, doc, problems) {
		s.diagnostics.publishNext(doc.URI)
	}
}

// problems are what is wrong with a document.
func (l *linting) problems(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) []build.Problem {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil
	}
	switch doc.Kind() {
	case workspace.Dockerfile:
		return l.server.check(ctx, snapshot, doc, settings)
	case workspace.Compose, workspace.Bake:
		return l.server.projectProblems(snapshot, doc)
	}
	return nil
}

// check is what lint says of a document, as severe as the author wants it.
func (s *Server) check(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) []build.Problem {
	return settings.LintSeverity.apply(s.lint.of(doc.URI).check(ctx, s.lintFile(snapshot, doc, settings)))
}

func (s *Server) lintFile(snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) lint.File {
	return lint.File{Dockerfile: beginning(doc), Ignore: ignoreOf(snapshot, doc, settings), Images: s.images.all()}
}

// beginning is a copy of a document's text: of one that is too long to be read anyway, no
// more than shows it.
func beginning(doc *workspace.Document) []byte {
	text := doc.Text.String()
	return []byte(text[:min(len(text), build.MaxBytes+1)])
}

// mended is a document's text without what is at fault in it, line by line.
func (s *Server) mended(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []byte {
	return s.lint.of(doc.URI).mend(ctx, s.lintFile(snapshot, doc, s.settings.now()))
}

// ignoreOf is the .dockerignore that a build of doc would use: its own, else the
// context's; a buffer before its file. Nil if there is none.
func ignoreOf(snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) []byte {
	from, err := contextOf(snapshot, doc, "", settings.Context)
	if err != nil || from.Kind != build.LocalContext {
		return nil // BuildKit ignores nothing of a remote context
	}
	if doc.Path != "" {
		if own := contentOf(snapshot, doc.Path+".dockerignore"); own != nil {
			return own
		}
	}
	return contentOf(snapshot, filepath.Join(from.Dir, ".dockerignore"))
}

// contentOf is the text of a file as the author sees it, nil if it is not there.
func contentOf(snapshot *workspace.Snapshot, path string) []byte {
	if d := snapshot.Document(workspace.FileURI(path)); d != nil {
		return d.Text.Bytes()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return data
}

// didChangeWatchedFiles checks again what an ignore file on the disk concerns.
func (s *Server) didChangeWatchedFiles(p *protocol.DidChangeWatchedFilesParams) error {
	for _, c := range p.Changes {
		if workspace.KindOf(workspace.URI(c.URI), "") == workspace.Ignore {
			s.lint.all()
			s.surveys.changed()
			return nil
		}
	}
	return nil
}

func (s *Server) commandCheck(raw []byte, p *commandParams) (lsp.Work, error) {
	var arg struct {
		URI workspace.URI `json:"uri"`
	}
	if err := decodeArgument("buildls.check", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		doc, err := dockerfile(p.snapshot, arg.URI)
		if err != nil {
			return nil, err
		}
		c := s.converter(doc)
		found := []protocol.Diagnostic{}
		for _, problem := range s.check(ctx, p.snapshot, doc, s.currentSettings(ctx)) {
			found = append(found, c.diagnostic(problem))
		}
		return checkResult{found}, nil
	}, nil
}

// A checkResult is the answer to buildls.check.
type checkResult struct {
	Diagnostics []protocol.Diagnostic `json:"diagnostics"`
}
