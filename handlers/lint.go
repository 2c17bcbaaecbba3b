package handlers

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/practice"
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
	turn  chan struct{}            // capacity 1: held by who checks
	known map[string]*lint.Checker // by all that a file has beside its text
}

func newChecker() *checker { return &checker{turn: make(chan struct{}, 1)} }

// check finds the problems that all of some files have, which are one text in several views;
// nil if ctx is canceled before it is its turn.
func (c *checker) check(ctx context.Context, files ...lint.File) []dockerfile.Problem {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil
	}
	var found [][]dockerfile.Problem
	known := map[string]*lint.Checker{}
	for _, f := range files {
		known[keyOfFile(f)] = c.of(f)
		found = append(found, c.of(f).Check(ctx, f))
	}
	if len(files) > 1 {
		c.known = known // what no view has any more is forgotten
	}
	return lint.InAll(found)
}

// unread says why a file cannot be read to its end; empty if ctx is canceled before it is its turn.
func (c *checker) unread(ctx context.Context, f lint.File) string {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		return c.of(f).Unread(ctx, f)
	case <-ctx.Done():
		return ""
	}
}

// mend mends a file; it is as it was if ctx is canceled before it is its turn.
func (c *checker) mend(ctx context.Context, f lint.File) *dockerfile.File {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
		return c.of(f).Mend(ctx, f)
	case <-ctx.Done():
		return f.Dockerfile
	}
}

// of is what remembers a view. c.turn is held.
func (c *checker) of(f lint.File) *lint.Checker {
	key := keyOfFile(f)
	if c.known == nil || len(c.known) > 2*maxViews {
		c.known = map[string]*lint.Checker{}
	}
	if c.known[key] == nil {
		c.known[key] = new(lint.Checker)
	}
	return c.known[key]
}

func keyOfFile(f lint.File) string { return fmt.Sprintf("%q %q %q", f.Args, f.Target, f.Platform) }

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

func (l *linting) opened(doc *workspace.Document) { l.start(doc.URI) }

// edited starts a pass, but not on a file that describes builds: that is read again when the
// author pauses.
func (l *linting) edited(doc *workspace.Document, _ []workspace.LineEdit) {
	if kind := doc.Kind(); kind != workspace.Compose && kind != workspace.Bake {
		l.start(doc.URI)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.passes[doc.URI.Key()]; cancel != nil {
		cancel(errNewerText)
	}
}

func (l *linting) reread(changed, _ []*workspace.Document) {
	for _, doc := range changed {
		l.start(doc.URI)
	}
}

// closed ends the pass of a document.
func (l *linting) closed(uri workspace.URI) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.passes[uri.Key()]; cancel != nil {
		cancel(errNewerText)
		delete(l.passes, uri.Key())
	}
	delete(l.checkers, uri.Key())
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

// requestsFirst is how long a check leaves the processors to what an editor asks right behind a
// change: an author waits for that.
const requestsFirst = time.Millisecond

func (l *linting) pass(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) {
	s := l.server
	settings := s.settings.now()
	select {
	case <-time.After(max(settings.LintDelay, requestsFirst)):
	case <-ctx.Done():
		return
	}
	l.publish(ctx, snapshot, doc, settings)
	if s.askShellCheck(ctx, doc, settings, typingPause) {
		l.publish(ctx, snapshot, doc, settings)
	}
}

// publish publishes what is wrong with a document, unless its pass is over.
func (l *linting) publish(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) {
	d := &l.server.diagnostics
	if d.linted(ctx, doc, l.problems(ctx, snapshot, doc, settings)) {
		d.publishNext(doc.URI)
	}
}

// problems are what is wrong with a document.
func (l *linting) problems(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document, settings Settings) []dockerfile.Problem {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil
	}
	switch doc.Kind() {
	case workspace.Dockerfile:
		return l.server.check(ctx, doc, l.server.viewsOf(snapshot, doc, settings), settings)
	case workspace.Ignore:
		return l.server.ignores.problems(doc)
	case workspace.Compose, workspace.Bake:
		return l.server.projects.Problems(snapshot, doc)
	}
	return nil
}

// check is what lint says of a document in all its views, as severe as the author wants it.
func (s *Server) check(ctx context.Context, doc *workspace.Document, views []view, settings Settings) []dockerfile.Problem {
	files := s.lintFiles(views)
	for i := range files {
		files[i].Rules = views[0].rules.in(files[i].Rules, practice.Set(settings.LintRules))
	}
	notes := append(policyNote(views), views[0].rules.note()...)
	found := append(notes, s.lint.of(doc.URI).check(ctx, files...)...)
	found = append(found, s.shellProblems(files[0], settings)...)
	return settings.LintSeverity.apply(found)
}

func (s *Server) commandCheck(raw []byte, p *commandParams) (lsp.Work, error) {
	return s.onViews("buildls.check", raw, p, func(ctx context.Context, doc *workspace.Document, views []view, settings Settings) (any, error) {
		c, found := s.converter(doc), []protocol.Diagnostic{}
		s.askShellCheck(ctx, doc, settings, 0)
		for _, problem := range s.check(ctx, doc, views, settings) {
			found = append(found, c.diagnostic(problem))
		}
		return checkResult{found}, nil
	})
}

// A checkResult is the answer to buildls.check.
type checkResult struct {
	Diagnostics []protocol.Diagnostic `json:"diagnostics"`
}
