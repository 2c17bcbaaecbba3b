package handlers

import (
	"errors"
	"fmt"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
)

// A fault is in the Dockerfile of a linked build.
type fault struct {
	plan *plan
	dockerfile.Problem
}

// blame says of a failure in which linked build it happened, and where, if that is
// in another document.
func (w *site) blame(p *plan, out *build.Outcome) {
	f := out.Failure
	if f == nil || w.linked[f.Build] == nil {
		return
	}
	other := w.linked[f.Build]
	target := "target " + baseProfile(other.profile.Name)
	f.Build = "" // now its lines are moved
	other.place(&build.Outcome{Failure: f})
	if f.Lines == nil || other.doc.URI == p.doc.URI {
		f.Message = target + ": " + f.Message
		return
	}
	w.fault = &fault{other, dockerfile.Problem{Message: f.Message, Code: f.Code, Lines: *f.Lines, Columns: f.Columns}}
	f.Message = fmt.Sprintf("%s: %s:%d: %s", target, relativeName(p.snapshot, other.doc.Path), editorLine(other.doc.Text.Bytes(), f.Lines.First)+1, f.Message)
	f.Lines = nil
}

// markFault shows a fault in its document, as long as it is not built again.
func (s *Server) markFault(b *running, where *fault) {
	for _, o := range b.plan.others() {
		var found []dockerfile.Problem
		if where != nil && where.plan.doc.URI == o.doc.URI {
			found = []dockerfile.Problem{where.Problem}
		}
		s.diagnostics.finish(b.sequence, o.doc.URI, linkedTarget, found)
		s.diagnostics.publish(o.doc.URI)
	}
}

// unmarkFaults forgets what earlier builds found in the documents that are built along.
func (s *Server) unmarkFaults(b *running) {
	for _, o := range b.plan.others() {
		s.diagnostics.begin(b.sequence, o.doc, linkedTarget)
		s.diagnostics.publish(o.doc.URI)
	}
}

// linkedTarget stands for the target of a build that is not for its own sake: no stage is
// called so.
const linkedTarget = "target:"

// reportMissingTarget shows a missing target in the text too, on the last FROM: it may
// come from a setting, far from the eye.
func (s *Server) reportMissingTarget(sequence int64, err error) {
	var missing *missingTargetError
	if !errors.As(err, &missing) {
		return
	}
	stages, _ := dockerfile.Stages(missing.doc.Text.Bytes())
	if len(stages) == 0 {
		return
	}
	problem := dockerfile.Problem{Code: "build", Message: fmt.Sprintf("target stage %q could not be found", missing.target), Lines: stages[len(stages)-1].Lines}
	s.diagnostics.begin(sequence, missing.doc, missing.target)
	s.diagnostics.finish(sequence, missing.doc.URI, missing.target, []dockerfile.Problem{problem})
	s.diagnostics.publish(missing.doc.URI)
}
