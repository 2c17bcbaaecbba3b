package handlers

import (
	"context"
	"encoding/json"

	"go.lsp.dev/protocol"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/workspace"
)

// A lens is a command that is offered over a line.
type lens struct {
	lines    dockerfile.Lines // the lens is over the first
	title    string
	command  string
	argument any
}

// lensesOf find the lenses of a document, by its kind. They run concurrently with everything
// else, and do not let the client wait.
var lensesOf = map[workspace.Kind][]func(*Server, context.Context, *workspace.Snapshot, *workspace.Document) []lens{
	workspace.Dockerfile: {(*Server).stageLenses, (*Server).runLenses, (*Server).contextLenses, (*Server).shellLenses},
	workspace.Compose:    {(*Server).profileLenses},
	workspace.Bake:       {(*Server).profileLenses},
}

func (s *Server) codeLens(ctx context.Context, d document, _ *DocumentParams) (any, error) {
	lenses := []protocol.CodeLens{} // not null: a list
	for _, find := range lensesOf[d.doc.Kind()] {
		for _, l := range find(s, ctx, d.snapshot, d.doc) {
			lenses = append(lenses, d.lens(l))
		}
	}
	return lenses, nil
}

// stageLenses offer to build each stage, and say what became of its newest build. There
// is none over a stage that no target names.
func (s *Server) stageLenses(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []lens {
	stages, err := s.stagesNow(ctx, snapshot, doc)
	if err != nil {
		return nil
	}
	became := s.marks.ofStages(doc.URI, stages)
	var lenses []lens
	for i, stage := range stages {
		if dockerfile.Target(stages, stage.Name) != i {
			continue
		}
		title := "▷ Build"
		if became[i] != "" {
			title += " · " + became[i]
		}
		argument := map[string]any{"uri": doc.URI}
		if stage.Name != "" {
			argument["target"] = stage.Name
		}
		lenses = append(lenses, lens{stage.Lines, title, "buildls.build", argument})
		if s.features.debug { // else the client would run the command itself
			lenses = append(lenses, lens{stage.Lines, "Debug", "buildls.debug", argument})
		}
	}
	return lenses
}

// stagesNow are the stages of a document, or of what it is when it is mended.
func (s *Server) stagesNow(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) ([]dockerfile.Stage, error) {
	return s.lint.of(doc.URI).mend(ctx, s.lintFiles(s.viewsOf(snapshot, doc, s.settings.now()))[0]).Stages()
}

func (c converter) lens(l lens) protocol.CodeLens {
	argument, err := json.Marshal(l.argument)
	if err != nil {
		panic(err) // our own maps: cannot happen
	}
	return protocol.CodeLens{
		Range:   c.firstLine(l.lines), // one line, as the protocol asks
		Command: protocol.Command{Title: l.title, Command: l.command, Arguments: []protocol.LSPAny{argument}},
	}
}
