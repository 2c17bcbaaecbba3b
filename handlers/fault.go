package handlers

import (
	"errors"
	"fmt"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/handlers/plan"
)

// A fault is in the Dockerfile of a linked build.
type fault struct {
	plan *plan.Plan
	dockerfile.Problem
}

// locateFault says of a failure in which linked build it happened, and where, if that is
// in another document.
func (w *attempt) locateFault(p *plan.Plan, out *build.Outcome) {
	f := out.Failure
	if f == nil || w.Linked[f.Build] == nil {
		return
	}
	other := w.Linked[f.Build]
	target := "target " + plan.BaseProfile(other.Profile.Name)
	f.Build = "" // now its lines are moved
	other.Relocate(&build.Outcome{Failure: f})
	if f.Lines == nil || other.Doc.URI == p.Doc.URI {
		f.Message = target + ": " + f.Message
		return
	}
	w.fault = &fault{other, dockerfile.Problem{Message: f.Message, Code: f.Code, Lines: *f.Lines, Columns: f.Columns}}
	f.Message = fmt.Sprintf("%s: %s:%d: %s", target, plan.RelativeName(p.Snapshot, other.Doc.Path), editorLine(other.Doc.Text.Bytes(), f.Lines.First)+1, f.Message)
	f.Lines = nil
}

// markFault shows a fault in its document, as long as it is not built again.
func (s *Server) markFault(b *sessionBuild, where *fault) {
	for _, o := range b.plan.Others() {
		var found []dockerfile.Problem
		if where != nil && where.plan.Doc.URI == o.Doc.URI {
			found = []dockerfile.Problem{where.Problem}
		}
		s.diagnostics.finish(b.sequence, o.Doc.URI, linkedTarget, found)
		s.diagnostics.publish(o.Doc.URI)
	}
}

// unmarkFaults forgets what earlier builds found in the documents that are built along.
func (s *Server) unmarkFaults(b *sessionBuild) {
	for _, o := range b.plan.Others() {
		s.diagnostics.begin(b.sequence, o.Doc, linkedTarget)
		s.diagnostics.publish(o.Doc.URI)
	}
}

// linkedTarget stands for the target of a build that is not for its own sake: no stage is
// called so.
const linkedTarget = "target:"

// reportMissingTarget shows a missing target in the text too, on the last FROM: it may
// come from a setting, far from the eye.
func (s *Server) reportMissingTarget(sequence int64, err error) {
	var missing *plan.MissingTargetError
	if !errors.As(err, &missing) {
		return
	}
	stages, _ := plan.FileOf(missing.Doc).Stages()
	if len(stages) == 0 {
		return
	}
	problem := dockerfile.Problem{Code: "build", Message: fmt.Sprintf("target stage %q could not be found", missing.Target), Lines: stages[len(stages)-1].Lines}
	s.diagnostics.begin(sequence, missing.Doc, missing.Target)
	s.diagnostics.finish(sequence, missing.Doc.URI, missing.Target, []dockerfile.Problem{problem})
	s.diagnostics.publish(missing.Doc.URI)
}
