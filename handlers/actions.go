package handlers

import (
	"context"
	"slices"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint"
	"github.com/buildls/buildls/build/lint/fix"
)

// fixAllKind is the kind of the action that mends, on request or on save, all that can
// be mended without asking.
const fixAllKind protocol.CodeActionKind = "source.fixAll.buildls"

// codeActionParams are those of textDocument/codeAction, as far as they are used.
type codeActionParams struct {
	DocumentParams
	Range   protocol.Range `json:"range"`
	Context struct {
		Only []protocol.CodeActionKind `json:"only"`
	} `json:"context"`
}

// codeAction offers the quick fixes of the problems that meet the range, found anew in
// the text as it is now.
func (s *Server) codeAction(ctx context.Context, d document, p *codeActionParams) (any, error) {
	settings := s.settings.now()
	views := s.viewsOf(d.snapshot, d.doc, settings)
	file := s.lintFiles(views)[0]
	problems := s.check(ctx, d.doc, views, settings)
	fixer := fix.New(file.Dockerfile, s.knownOf(d.doc, file))
	actions := []protocol.CodeAction{} // not null: a list
	if wanted(p.Context.Only, protocol.CodeActionKindQuickFix) {
		actions = append(actions, d.quickFixes(ctx, p.Range, problems, fixer)...)
		actions = append(actions, s.shellActions(ctx, d.snapshot, d.doc, p.Range)...)
	}
	if wanted(p.Context.Only, protocol.CodeActionKindRefactorRewrite) {
		actions = append(actions, d.pins(p.Range, file.Dockerfile, fixer, actions)...)
	}
	if wanted(p.Context.Only, fixAllKind) {
		actions = append(actions, d.fixAll(problems, file)...)
	}
	return actions, nil
}

// wanted says whether a client that asks only for some kinds wants one: kinds are
// hierarchical, "source" asks for "source.fixAll" too. What is done to the whole file is
// offered on request alone.
func wanted(only []protocol.CodeActionKind, kind protocol.CodeActionKind) bool {
	if len(only) == 0 {
		return kind != fixAllKind
	}
	return slices.ContainsFunc(only, func(k protocol.CodeActionKind) bool {
		return k == "" || k == kind || len(kind) > len(k) && kind[:len(k)] == k && kind[len(k)] == '.'
	})
}

// maxMended is of how many problems in a range fixes are offered.
const maxMended = 200

// quickFixes are the fixes of the problems that meet a range, as many as there are before ctx is
// canceled.
func (c converter) quickFixes(ctx context.Context, at protocol.Range, problems []dockerfile.Problem, fixer *fix.Fixer) []protocol.CodeAction {
	var actions []protocol.CodeAction
	mended := 0
	for _, p := range problems {
		d := c.diagnostic(p)
		if !meet(d.Range, at) {
			continue
		}
		if mended++; mended > maxMended || ctx.Err() != nil {
			break
		}
		for _, fix := range fixer.For(p) {
			a := protocol.CodeAction{Title: fix.Title, Kind: ptr(protocol.CodeActionKindQuickFix), Diagnostics: []protocol.Diagnostic{d}, Edit: c.edit(fix.Edits)}
			if fix.Preferred {
				a.IsPreferred = ptr(true)
			}
			actions = append(actions, a)
		}
	}
	return actions
}

// pins pin the images of FROMs in a range, of which there is no problem that offers it.
func (c converter) pins(at protocol.Range, file *dockerfile.File, fixer *fix.Fixer, offered []protocol.CodeAction) (actions []protocol.CodeAction) {
	for _, st := range file.Instructions() {
		if st.Name() != "FROM" || !meet(c.lineRange(st.Lines()), at) {
			continue
		}
		f, ok := fixer.Pin(st)
		same := func(a protocol.CodeAction) bool { return a.Title == f.Title }
		if ok && !slices.ContainsFunc(offered, same) {
			actions = append(actions, protocol.CodeAction{Title: f.Title, Kind: ptr(protocol.CodeActionKindRefactorRewrite), Edit: c.edit(f.Edits)})
		}
	}
	return actions
}

// fixAll is one action with every fix that is safe beside the others; none if there is
// none.
func (c converter) fixAll(problems []dockerfile.Problem, file lint.File) []protocol.CodeAction {
	edits := fix.All(problems, file.Dockerfile, fix.Known{Images: file.Images})
	if len(edits) == 0 {
		return nil
	}
	return []protocol.CodeAction{{Title: "Fix all that buildls can fix safely", Kind: ptr(fixAllKind), Edit: c.edit(edits)}}
}

func (c converter) edit(edits []fix.Edit) *protocol.WorkspaceEdit {
	var out []protocol.TextEdit
	for _, e := range edits {
		r := protocol.Range{Start: c.position(e.First, e.Start), End: c.position(e.Last, e.End)}
		out = append(out, protocol.TextEdit{Range: r, NewText: e.Text})
	}
	return &protocol.WorkspaceEdit{Changes: map[uri.URI][]protocol.TextEdit{c.uri: out}}
}

// meet says whether two ranges touch.
func meet(a, b protocol.Range) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b protocol.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}
