package handlers

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// marks holds what became of each file's builds, for the lenses over its stages and the
// hints behind its instructions. What a build's marks are in the text as it is now is
// worked out when the client asks: an edit costs nothing here.
type marks struct {
	follows
	server  *Server
	refresh refresher

	mu    sync.Mutex // held in the message loop, so never while sending or converting
	files map[workspace.URI]*fileMarks
}

// fileMarks are the builds of one file that are shown.
type fileMarks struct {
	targets map[string]*trackedBuild // the newest of each target, in lower case
	steps   *trackedBuild            // the newest of which steps are known, or that it has none
}

// A trackedBuild is a build, from its begin to its end. It does not change: each step makes a
// new one.
type trackedBuild struct {
	id       string // the build's
	sequence int64  // orders it among all
	baseline *dockerfile.Baseline
	began    time.Time
	steps    []build.Step
	since    map[int]time.Time // when each step that runs was first seen to
	outcome  *build.Outcome    // nil while it runs
}

func (m *marks) init(s *Server) {
	m.server = s
	m.refresh.init(s)
	m.files = map[workspace.URI]*fileMarks{}
}

// begin follows a build from now on, unless a newer one of the same file and target is.
func (m *marks) begin(b *sessionBuild) {
	defer m.refresh.changed(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	key := b.plan.Doc.URI.Key()
	f := m.files[key]
	if f == nil {
		f = &fileMarks{targets: map[string]*trackedBuild{}}
		m.files[key] = f
	}
	target := strings.ToLower(b.plan.Target)
	if old := f.targets[target]; old == nil || old.sequence < b.sequence {
		f.targets[target] = &trackedBuild{id: b.id, sequence: b.sequence, began: time.Now(), baseline: m.baseline(b)}
	}
}

// baseline is what a build's text is compared against.
func (m *marks) baseline(b *sessionBuild) *dockerfile.Baseline {
	p := b.plan
	return &dockerfile.Baseline{File: p.File(), Target: p.Target, BuildArgs: p.BuildArgs, Platforms: p.Platforms, Images: m.server.images.all()}
}

// lastBuild is what the newest build of a file was made with; nil if there was none.
func (m *marks) lastBuild(uri workspace.URI) *dockerfile.Baseline {
	m.mu.Lock()
	defer m.mu.Unlock()
	var newest *trackedBuild
	if file := m.files[uri.Key()]; file != nil {
		for _, f := range file.targets {
			if newest == nil || newest.sequence < f.sequence {
				newest = f
			}
		}
	}
	if newest == nil {
		return nil
	}
	return newest.baseline
}

// progress takes how far the steps of a build are.
func (m *marks) progress(b *sessionBuild, steps []build.Step) {
	defer m.refresh.changed(0)
	m.update(b, func(f *trackedBuild) {
		old := f.since
		f.steps, f.since = steps, map[int]time.Time{}
		for i, s := range steps {
			if began, ok := old[i]; ok && s.Status == build.Running {
				f.since[i] = began
			} else if s.Status == build.Running {
				f.since[i] = time.Now() // by our clock: the engine may be elsewhere
			}
		}
	})
}

// end takes how a build ended, and whether more images are known since.
func (m *marks) end(b *sessionBuild, out *build.Outcome, images bool) {
	defer m.refresh.changed(-1)
	m.update(b, func(f *trackedBuild) {
		f.steps, f.since, f.outcome = out.Steps, nil, out
		if images {
			f.baseline = m.baseline(b) // that knows them
		}
	})
}

// update replaces a build that is followed by a copy that was changed.
func (m *marks) update(b *sessionBuild, change func(*trackedBuild)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.files[b.plan.Doc.URI.Key()]
	if f == nil {
		return // the file was closed
	}
	target := strings.ToLower(b.plan.Target)
	old := f.targets[target]
	overtaken := old == nil || old.sequence != b.sequence
	if overtaken { // its steps may be shown until the other has some
		old = f.steps
	}
	if old == nil || old.sequence != b.sequence {
		return
	}
	next := *old
	change(&next)
	if !overtaken {
		f.targets[target] = &next
	}
	known := len(next.steps) > 0 || next.outcome != nil && next.outcome.Status == build.Done // that has none
	if known && (f.steps == nil || f.steps.sequence <= next.sequence) {
		f.steps = &next
	}
}

// closed forgets a file.
func (m *marks) closed(uri workspace.URI) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, uri.Key())
}

// A mark is what is shown behind an instruction.
type mark struct {
	dockerfile.Place
	label string
}

// of are the marks of a document: those of the newest build of which steps are known,
// where the text is still what was built, as far as the cache is concerned.
func (m *marks) of(ctx context.Context, snapshot *workspace.Snapshot, doc *workspace.Document) []mark {
	m.mu.Lock()
	var f *trackedBuild
	if file := m.files[doc.URI.Key()]; file != nil {
		f = file.steps
	}
	m.mu.Unlock()
	if f == nil || f.outcome == nil && !m.server.features.refreshHints {
		return nil // a client that is not told to ask again would go on showing what ran
	}
	now := plan.FileOf(doc)
	if !bytes.Equal(now.Text(), f.baseline.File.Text()) {
		now = m.server.mended(ctx, doc, f.baseline)
	}
	labels := f.labels(time.Now())
	var list []mark
	for _, p := range f.baseline.Compare(ctx, now) {
		label := ""
		for _, line := range p.Built {
			label = cmp.Or(label, labels[line])
		}
		if p.Rebuild && label != "" && label != skipped {
			label = "would rebuild"
		}
		if label != "" {
			list = append(list, mark{p, label})
		}
	}
	return list
}

// skipped is the label of an instruction that was not reached.
const skipped = "skipped"

// labels are what is shown of each instruction, by its first line in the text that was
// built. One that stands for several vertices, of platforms for example, is shown as the
// worst of them.
func (f *trackedBuild) labels(now time.Time) map[int]string {
	worst := map[int]int{}
	for i, s := range f.steps {
		line := s.Lines.First
		if old, ok := worst[line]; !ok || compareSteps(s, f.steps[old]) > 0 {
			worst[line] = i
		}
	}
	labels := map[int]string{}
	for line, i := range worst {
		labels[line] = label(f.steps[i], now.Sub(f.since[i]))
	}
	return labels
}

// fromBest are the states of a step in the order in which one hides another.
var fromBest = []build.Status{build.Cached, build.Done, build.Waiting, build.Canceled, build.Running, build.Failed}

func compareSteps(a, b build.Step) int {
	rank := func(s build.Step) int {
		r := 2 * slices.Index(fromBest, s.Status)
		if s.Started {
			r++ // what was canceled hides what was skipped
		}
		return r
	}
	return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Duration, b.Duration))
}

// label is the contract's, see DESIGN: empty while a step waits.
func label(s build.Step, running time.Duration) string {
	switch s.Status {
	case build.Cached:
		return "cached"
	case build.Done:
		return seconds(s.Duration)
	case build.Running:
		return runningFor(running)
	case build.Failed:
		if s.ExitCode != nil {
			return fmt.Sprintf("✗ exit %d", *s.ExitCode)
		}
		return "✗ failed"
	case build.Canceled:
		if !s.Started {
			return skipped
		}
		return "canceled"
	}
	return ""
}

func runningFor(d time.Duration) string {
	if d < time.Second {
		return "running…"
	}
	return fmt.Sprintf("running %d s", int(d.Seconds()))
}

// seconds is a duration as people read it.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	s := int(math.Round(d.Seconds()))
	return fmt.Sprintf("%d min %d s", s/60, s%60)
}
