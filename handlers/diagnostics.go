package handlers

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

// diagnostics holds what is wrong with each file, as lint and builds say, and publishes
// it when it or the text changed. A build's problems are moved along as the text is edited, and go when their own lines
// are edited, when the next build of the file starts, or when the file closes. Here,
// and only here, the result of a build that a newer one has overtaken is dropped.
type diagnostics struct {
	follows
	server  *Server
	refresh refresher // of a client that pulls

	mu    sync.Mutex // guards what follows; held in the message loop, so never while sending
	files map[workspace.URI]*fileProblems
	// ordered are the builds that were asked for and have not begun, by their sequence.
	ordered map[int64]*order

	sending sync.Mutex // one publication after another, each of the newest state
}

// fileProblems is what is known of one file. doc and problems change together.
type fileProblems struct {
	uri      workspace.URI       // in the spelling that was opened or edited last
	sentTo   workspace.URI       // in the spelling that sent was published under
	doc      *workspace.Document // that the problems' lines are of
	open     bool
	lint     []dockerfile.Problem
	problems map[string][]dockerfile.Problem // of builds, by target
	newest   map[string]*generation          // by target
	sent     []protocol.Diagnostic
	version  int32 // of the text that sent is about
	said     bool  // whether anything was ever wrong
	queued   bool  // whether somebody waits to publish its newest state
	pulled   bool  // whether sent was asked for, and not published
}

// A generation is the newest build of a file and target that has begun, and the edits
// between the text that it builds and now.
type generation struct {
	sequence int64
	edits    []workspace.LineEdit
	ended    bool
}

// An order is what happened to files since a build was asked for: to its snapshot.
type order struct {
	edits  map[workspace.URI][]workspace.LineEdit
	closed map[workspace.URI]bool
}

func (d *diagnostics) init(s *Server) {
	d.server = s
	d.refresh.init(s)
	d.files = map[workspace.URI]*fileProblems{}
	d.ordered = map[int64]*order{}
}

// order is called in the message loop when a build is asked for, begun when it has begun
// or never will.
func (d *diagnostics) order(sequence int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ordered[sequence] = &order{map[workspace.URI][]workspace.LineEdit{}, map[workspace.URI]bool{}}
}

// orderOf is order outside of the message loop, for a build of a document. It does nothing, and is
// false, if that is no longer the newest of its file, or not known to be.
func (d *diagnostics) orderOf(sequence int64, doc *workspace.Document) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[doc.URI.Key()]; f == nil || !f.open || f.doc != doc {
		return false
	}
	d.ordered[sequence] = &order{map[workspace.URI][]workspace.LineEdit{}, map[workspace.URI]bool{}}
	return true
}

func (d *diagnostics) begun(sequence int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ordered, sequence)
}

func (d *diagnostics) file(uri workspace.URI) *fileProblems {
	f := d.files[uri.Key()]
	if f == nil {
		f = &fileProblems{uri: uri, problems: map[string][]dockerfile.Problem{}, newest: map[string]*generation{}}
		d.files[uri.Key()] = f
	}
	return f
}

// begin forgets the problems of the file's builds: a new one, of doc and target, has
// started. sequence orders it among all.
func (d *diagnostics) begin(sequence int64, doc *workspace.Document, target string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	since := d.ordered[sequence]
	if since != nil && since.closed[doc.URI.Key()] {
		return
	}
	f := d.file(doc.URI)
	if g := f.newest[target]; g != nil && g.sequence > sequence {
		return
	}
	g := &generation{sequence: sequence}
	if since != nil {
		g.edits = slices.Clone(since.edits[doc.URI.Key()])
	}
	f.newest[target] = g
	clear(f.problems)
	if !f.open {
		f.doc = doc
	}
}

// finish takes the problems that a build found in the text that it built, moved to
// where their lines are now.
func (d *diagnostics) finish(sequence int64, uri workspace.URI, target string, problems []dockerfile.Problem) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[uri.Key()]
	if f == nil || f.newest[target] == nil || f.newest[target].sequence != sequence {
		return // overtaken, or the file was closed
	}
	g := f.newest[target]
	f.problems[target] = shift(problems, g.edits)
	g.edits, g.ended = nil, true
}

// opened takes the text that is now shown of a file.
func (d *diagnostics) opened(doc *workspace.Document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.file(doc.URI)
	f.doc, f.open, f.uri = doc, true, doc.URI
}

// linted takes what a pass of lint says of a text, and says whether that is still the
// newest. The pass is canceled by a newer one of the same text, for other settings.
func (d *diagnostics) linted(pass context.Context, doc *workspace.Document, problems []dockerfile.Problem) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[doc.URI.Key()]
	if pass.Err() != nil || f == nil || !f.open || f.doc != doc {
		return false
	}
	f.lint = problems
	return true
}

// edited moves a file's problems along. Publishing is left to the lint of the new text.
func (d *diagnostics) edited(doc *workspace.Document, edits []workspace.LineEdit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.ordered {
		o.edits[doc.URI.Key()] = append(o.edits[doc.URI.Key()], edits...)
	}
	f := d.files[doc.URI.Key()]
	if f == nil {
		return
	}
	f.lint = shift(f.lint, edits)
	blank := strings.TrimSpace(f.doc.Text.String()) == "" // all was one place, and is touched
	f.doc, f.open, f.uri = doc, true, doc.URI
	for target, problems := range f.problems {
		f.problems[target] = shift(problems, edits)
		if blank {
			f.problems[target] = nil
		}
	}
	for _, g := range f.newest {
		if !g.ended {
			g.edits = append(g.edits, edits...)
		}
	}
}

// closed forgets a file.
func (d *diagnostics) closed(uri workspace.URI) {
	d.mu.Lock()
	for _, o := range d.ordered {
		o.closed[uri.Key()] = true
	}
	f := d.files[uri.Key()]
	if f != nil {
		clear(f.problems)
		clear(f.newest)
		f.lint, f.open = nil, false
	}
	d.mu.Unlock()
	if f != nil {
		d.server.rpc.Go(func() { d.publishNext(uri) })
	}
}

// shift moves problems through edits, and drops those whose lines were touched.
func shift(problems []dockerfile.Problem, edits []workspace.LineEdit) []dockerfile.Problem {
	var moved []dockerfile.Problem
	for _, p := range problems {
		ok := true
		for _, e := range edits {
			if p.Lines.First, p.Lines.Last, ok = e.Shift(p.Lines.First, p.Lines.Last); !ok {
				break
			}
		}
		if ok {
			moved = append(moved, p)
		}
	}
	return moved
}

// publish sends the file's problems if they are not what was sent last of this text: a
// client may drop those of a text that it has left behind, as Helix does. It returns
// when the newest state has been sent, and may block while the client does not read.
func (d *diagnostics) publish(uri workspace.URI) {
	d.sending.Lock()
	defer d.sending.Unlock()
	d.send(uri)
}

func (d *diagnostics) send(uri workspace.URI) {
	if d.server.features.pull {
		d.offer(uri)
		return
	}
	for _, params := range d.current(uri) {
		d.server.client.Notify("textDocument/publishDiagnostics", params)
	}
}

// publishNext is publish for those who need not wait for it: if somebody waits already, it is
// left to him. So a client that does not read costs no more for all that is typed.
func (d *diagnostics) publishNext(uri workspace.URI) {
	d.mu.Lock()
	f := d.files[uri.Key()]
	left := f == nil || f.queued
	if !left {
		f.queued = true
	}
	d.mu.Unlock()
	if left {
		return
	}
	d.sending.Lock()
	defer d.sending.Unlock()
	d.mu.Lock()
	f.queued = false
	d.mu.Unlock()
	d.send(uri)
}

// current is what to publish of a file, if it differs from what was sent. What was sent under
// another spelling of its URI is taken back: one file has one lot of marks.
func (d *diagnostics) current(uri workspace.URI) (all []*protocol.PublishDiagnosticsParams) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[uri.Key()]
	if f == nil {
		return nil
	}
	list := d.list(f)
	known := !f.said || !f.open || f.version == f.doc.Version
	moved := f.sentTo != f.uri && len(f.sent) > 0
	if known && !moved && slices.EqualFunc(list, f.sent, sameDiagnostic) {
		return nil
	}
	if moved {
		all = append(all, &protocol.PublishDiagnosticsParams{URI: toURI(f.sentTo), Diagnostics: []protocol.Diagnostic{}})
	}
	f.sentTo, f.sent, f.version, f.said = f.uri, list, f.doc.Version, f.said || len(list) > 0
	d.forget(f, list)
	params := &protocol.PublishDiagnosticsParams{URI: toURI(f.uri), Diagnostics: list}
	if f.open {
		params.Version = protocol.NewOptional(f.doc.Version)
	}
	return append(all, params)
}

// list is what is shown of a file.
func (d *diagnostics) list(f *fileProblems) []protocol.Diagnostic {
	c := d.server.converter(f.doc)
	list := []protocol.Diagnostic{} // not null: null is no list
	for _, p := range f.all(d.server.settings.now().LintSeverity) {
		list = append(list, c.diagnostic(p))
	}
	slices.SortStableFunc(list, compareDiagnostics)
	return list
}

// forget forgets a file of which nothing is left to say.
func (d *diagnostics) forget(f *fileProblems, list []protocol.Diagnostic) {
	if !f.open && len(list) == 0 && len(f.newest) == 0 {
		delete(d.files, f.uri.Key())
	}
}

// all are the problems of lint and builds, each once: what a build says of a line and lint
// has said in the same words, or by the same rule, is lint's. What the author turned off no
// build says either, unless it failed by that.
func (f *fileProblems) all(wanted severities) []dockerfile.Problem {
	all := slices.Clone(f.lint)
	for _, target := range slices.Sorted(maps.Keys(f.problems)) {
		for _, p := range f.problems[target] {
			shown := p.Code != linter.RuleInvalidDefaultArgInFrom.Name // lint says so, unless an argument stands in for the default
			if p.Severity != dockerfile.Error {
				var on bool
				p, on = wanted.of(p)
				shown = shown && on
			}
			if shown && !slices.ContainsFunc(all, func(o dockerfile.Problem) bool { return same(o, p) }) {
				all = append(all, p)
			}
		}
	}
	return all
}

// same says whether two problems are one. Their lines meet: lint may have found the token
// on a later line of the instruction.
func same(a, b dockerfile.Problem) bool {
	meet := a.Lines.First <= b.Lines.Last && b.Lines.First <= a.Lines.Last
	return meet && a.Code == b.Code && (a.Message == b.Message || a.Code != "build")
}
