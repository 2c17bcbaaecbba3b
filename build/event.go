package build

import (
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/moby/buildkit/client"
)

// An event is what the goroutines of a build tell the goroutine that keeps its state: the text of a
// Dockerfile in a remote context, the line map (empty for a Dockerfile without steps), the base
// images, what must not be shown, or a status.
type event struct {
	linked     *Request // the linked build that tells; nil for the build itself
	dockerfile []byte
	lines      LineMap
	defs       []Definition // comes with lines
	images     dockerfile.Images
	hidden     redact.Mask
	warning    *dockerfile.Problem // of this side
	status     *client.SolveStatus
	failed     error // why the build failed that is paused
	paused     *PausedFailure
}

// observe adds an event to the state and tells the observer.
func (b *buildState) observe(e event, obs Observer) {
	switch {
	case e.warning != nil && e.linked != nil:
		b.notes = append(b.notes, "target "+e.linked.Linked+": "+e.warning.Message)
		return
	case e.warning != nil:
		b.warned = append(b.warned, *e.warning)
		return
	case e.linked != nil && e.status == nil:
		b.linked[e.linked] = e.lines
		return
	case e.dockerfile != nil:
		b.dockerfile = e.dockerfile
		return
	case e.images != nil:
		b.images = e.images
		return
	case e.hidden != nil:
		b.hidden = e.hidden
		return
	case e.status == nil:
		b.setLines(e.lines)
		b.defs = e.defs
		b.tellSteps(obs)
		return
	}
	if b.clean(e.status) { // a value may have become whole
		hideStatus(b.hidden, e.status)
	}
	b.claim(e.status, e.linked)
	if obs.Status != nil {
		obs.Status(e.status)
	}
	for _, l := range b.update(e.status) {
		if obs.Log != nil {
			obs.Log(l)
		}
	}
	if len(e.status.Vertexes) > 0 {
		b.tellSteps(obs)
	}
	if obs.Progress != nil {
		obs.Progress(b.progress())
	}
}
