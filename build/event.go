package build

import (
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/moby/buildkit/client"
)

// An event is what the build's goroutines tell the one that folds: the text of a
// Dockerfile in a remote context, the line map (empty for a Dockerfile without steps),
// the base images, what must not be shown, or a status.
type event struct {
	of         *Request // the linked build that it is of; nil for the build itself
	dockerfile []byte
	lines      LineMap
	defs       []definition // with the lines
	images     dockerfile.Images
	hidden     redact.Mask
	status     *client.SolveStatus
	failed     error // of a build that is held
	held       *Held
}

// observe folds an event in and tells the observer.
func (f *fold) observe(e event, obs Observer) {
	switch {
	case e.of != nil && e.status == nil:
		f.linked[e.of] = e.lines
		return
	case e.dockerfile != nil:
		f.dockerfile = e.dockerfile
		return
	case e.images != nil:
		f.images = e.images
		return
	case e.hidden != nil:
		f.hidden = e.hidden
		return
	case e.status == nil:
		f.setLines(e.lines)
		f.defs = e.defs
		f.tellSteps(obs)
		return
	}
	if f.clean(e.status) { // a value may have become whole
		hideStatus(f.hidden, e.status)
	}
	f.own(e.status, e.of)
	if obs.Status != nil {
		obs.Status(e.status)
	}
	for _, l := range f.update(e.status) {
		if obs.Log != nil {
			obs.Log(l)
		}
	}
	if len(e.status.Vertexes) > 0 {
		f.tellSteps(obs)
	}
	if obs.Progress != nil {
		obs.Progress(f.progress())
	}
}
