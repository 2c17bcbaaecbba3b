package handlers

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// builtAt is the newest build of a document of which steps are known, and the first line
// that the instruction at a line had in the text that was built; ok is false for one that
// was edited or is new. What the build was made with is told of no other text.
func (s *Server) builtAt(ctx context.Context, h *hover) (f *trackedBuild, place dockerfile.Place, line int, ok bool) {
	if f = s.marks.newest(h.doc.URI); f == nil {
		return nil, place, 0, false
	}
	now := plan.FileOf(h.doc)
	if !bytes.Equal(now.Text(), f.baseline.File.Text()) {
		now = s.mended(ctx, h.doc, f.baseline)
	}
	for _, p := range f.baseline.Compare(ctx, now) {
		if p.Lines.First <= h.line && h.line <= p.Lines.Last && len(p.Built) > 0 && !p.Rebuild {
			return f, p, p.Built[0], true
		}
	}
	return f, place, 0, false
}

// newest is the newest build of a file of which steps are known; nil if there is none.
func (m *marks) newest(uri workspace.URI) *trackedBuild {
	m.mu.Lock()
	defer m.mu.Unlock()
	if file := m.files[uri.Key()]; file != nil {
		return file.steps
	}
	return nil
}

// hoverStep says of an instruction what became of it in the last build.
func (s *Server) hoverStep(ctx context.Context, h *hover) {
	f, place, line, ok := s.builtAt(ctx, h)
	if !ok || f.outcome == nil {
		return
	}
	var steps []int
	for i, step := range f.steps {
		if step.Lines.First == line {
			steps = append(steps, i)
		}
	}
	h.about(place.Lines)
	if len(steps) == 0 { // one that only says what is in force
		s.hoverEnvironment(ctx, h, f, line)
		return
	}
	layers, late := s.layers.of(ctx, s, layerKey{f.id, line}, steps)
	for _, i := range steps {
		h.prose.step(f, i, s.lastRun(f.id, i), layers[i])
	}
	if late {
		h.prose.item("the engine is still being asked for the files; hover again")
	}
	s.hoverEnvironment(ctx, h, f, line)
}

// hoverEnvironment says what is in force where an instruction of a stage stands.
func (s *Server) hoverEnvironment(ctx context.Context, h *hover, f *trackedBuild, line int) {
	if !f.baseline.InStage(line) {
		return
	}
	if e, err := f.baseline.EnvironmentAt(ctx, line); err == nil {
		h.prose.environment(e)
	}
}

// lastRun is how long a step of a build took when it last ran before; 0 if that is not known.
func (s *Server) lastRun(id string, step int) time.Duration {
	b := s.builds.find(id)
	if b == nil {
		return 0
	}
	if r := b.result(); step < len(r.Steps) && r.Steps[step].LastMs != nil {
		return time.Duration(*r.Steps[step].LastMs) * time.Millisecond
	}
	return 0
}

// lastOutput is how many lines of a step's output are shown.
const lastOutput = 10

// step says what became of a step, and what it left.
func (p *prose) step(f *trackedBuild, i int, last time.Duration, layer seenLayer) {
	step := f.steps[i]
	p.paragraph("%s: %s", p.code(step.Name), became(step, last))
	if step.Why != "" {
		p.paragraph("Not cached: %s", p.text(step.Why))
	}
	if tail := f.outcome.Tail(i, lastOutput); tail != "" {
		p.block(tail)
	}
	if base := inspect.BaseOf(f.outcome, i); base != nil {
		p.image(base, layer)
	} else {
		p.layer(layer)
	}
}

// environment says what is in force where an instruction stands.
func (p *prose) environment(e *dockerfile.Environment) {
	user := e.User
	if user == "" {
		user = "root"
	}
	p.item("directory: %s", p.code(e.Dir))
	p.item("user: %s", p.code(user))
	shell := e.Shell
	if len(shell) == 0 {
		shell = []string{"/bin/sh", "-c"} // BuildKit's own
	}
	p.item("shell: %s", p.code(strings.Join(shell, " ")))
	const most = 20
	for i, pair := range e.Env {
		if i == most {
			p.item("and %d more variables", len(e.Env)-most)
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		p.item("%s", p.code(name+"="+shownValue(name, value)))
	}
}
