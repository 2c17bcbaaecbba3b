package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// pullParams are those of textDocument/diagnostic.
type pullParams struct {
	DocumentParams
	PreviousResultID string `json:"previousResultId"`
}

// A pullReport is its answer. ResultID stands for the items: as long as those are the same, so is it.
type pullReport struct {
	Kind     string                 `json:"kind"` // "full" or "unchanged"
	ResultID string                 `json:"resultId"`
	Items    *[]protocol.Diagnostic `json:"items,omitzero"` // nil if unchanged
}

// pullDiagnostics answers a client that asks for what is wrong with a document: what would be
// published. A client for which it is published is not told that it can ask, see clientFeatures.pull:
// many show both, each as its own.
func (s *Server) pullDiagnostics(p *pullParams) (lsp.Work, error) {
	snapshot := s.ws.Snapshot()
	doc := snapshot.Document(p.uri())
	return func(ctx context.Context) (any, error) {
		list, err := s.diagnosticsOf(ctx, p.uri(), snapshot, doc)
		if err != nil {
			return nil, err
		}
		raw, err := protocol.Marshal(list)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(raw)
		report := pullReport{Kind: string(protocol.DocumentDiagnosticReportKindFull), ResultID: hex.EncodeToString(sum[:8]), Items: &list}
		if report.ResultID == p.PreviousResultID {
			report.Kind, report.Items = string(protocol.DocumentDiagnosticReportKindUnchanged), nil
		}
		return report, nil
	}, nil
}

// diagnosticsOf is what is wrong with a text, nil for a document that is not open. Of ShellCheck it
// has what is known, unless the client can't be told of the rest later.
func (s *Server) diagnosticsOf(ctx context.Context, uri workspace.URI, snapshot *workspace.Snapshot, doc *workspace.Document) ([]protocol.Diagnostic, error) {
	var problems []dockerfile.Problem
	if doc != nil {
		settings := s.settings.now()
		if !s.features.refreshPulled {
			s.askShellCheck(ctx, doc, settings, 0)
		}
		problems = s.lint.problems(ctx, snapshot, doc, settings)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	list, current := s.diagnostics.pull(uri, doc, problems)
	if !current {
		return nil, lsp.ErrContentModified
	}
	return list, nil
}

// pull takes what lint says of a text, which is nil if the document is not open, and returns all that
// is wrong with it. It is false if there is a newer text.
func (d *diagnostics) pull(uri workspace.URI, doc *workspace.Document, problems []dockerfile.Problem) (list []protocol.Diagnostic, current bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[uri.Key()]
	switch {
	case f == nil && doc == nil:
		return []protocol.Diagnostic{}, true
	case f == nil, doc != nil && f.doc != doc, f.open != (doc != nil):
		return nil, false
	}
	if doc != nil {
		f.lint = problems
	}
	list = d.list(f)
	if d.server.features.pull {
		f.sent, f.version, f.pulled = list, f.doc.Version, true
	}
	return list, true
}

// offer has a client that pulls ask again, if it has asked for the text that is shown and was told
// otherwise. For another text it asks by itself.
func (d *diagnostics) offer(uri workspace.URI) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[uri.Key()]
	if f == nil {
		return
	}
	list := d.list(f)
	if f.open && f.pulled && f.version == f.doc.Version && !slices.EqualFunc(list, f.sent, sameDiagnostic) {
		f.pulled = false
		d.refresh.changed(0)
	}
	d.forget(f, list)
}
