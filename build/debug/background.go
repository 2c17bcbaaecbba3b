package debug

import (
	"errors"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// background has built what the other stages need, as the build would, up to what stands on the
// instructions at which the thread stops, and on breakpoints. Its failures are seen by the thread
// when it comes there.
func (t *Thread) background(to int) {
	if to < 0 || to >= len(t.program.places) && !t.breaks() {
		return // the engine is asked for all that there is
	}
	blocked := map[digest.Digest]bool{}
	block := func(list []*instruction) {
		for _, in := range list {
			for _, o := range in.ops {
				blocked[o.digest] = true
			}
		}
	}
	if to < len(t.program.places) {
		for _, f := range t.program.places[to].frames {
			block(f.stage.list[f.next:])
		}
	}
	block(t.instructionsWithBreakpoints())
	var path []*stage // that the thread itself builds
	for _, f := range t.program.places[min(to, len(t.program.places)-1)].frames {
		path = append(path, f.stage)
	}
	for _, out := range t.program.graph.frontier(blocked) {
		if !t.d.states.has(out) {
			t.d.spawn(func() { t.buildBehind(out, path) })
		}
	}
}

func (t *Thread) buildBehind(out *pb.Input, path []*stage) {
	vertices := t.program.graph.below(out)
	t.d.note(vertices, 1)
	defer t.d.note(vertices, -1)
	_, err := t.d.states.get(t.d.ctx, t.program.graph, out)
	var vertex *errdefs.VertexError
	if err == nil || t.d.ctx.Err() != nil || !errors.As(err, &vertex) {
		return
	}
	failed := digest.Digest(vertex.Digest)
	in := t.program.of(failed, 0)
	own := func(s *stage) bool {
		return slices.ContainsFunc(s.list, func(in *instruction) bool { return in.has(failed) })
	}
	if in == nil || slices.ContainsFunc(path, own) {
		return
	}
	t.d.mu.Lock()
	known := t.d.noted[vertex.Digest]
	t.d.noted[vertex.Digest] = true
	t.d.mu.Unlock()
	if !known {
		lines := in.Lines()
		t.d.client.Output("A step of another stage has failed: "+strings.TrimSpace(in.Text)+"\n", &lines)
	}
}

// note counts what is built in the background.
func (d *Debugger) note(vertices map[digest.Digest]bool, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range vertices {
		if d.behind[v] += n; d.behind[v] == 0 {
			delete(d.behind, v)
		}
	}
}
