package handlers

import (
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// memory is what is remembered of builds, to say why the steps of the next were not cached.
// Its zero value is ready.
type memory struct {
	mu      sync.Mutex
	records []remembrance // oldest first
}

// A remembrance is the record of a build of some file, target and platforms.
type remembrance struct {
	uri       workspace.URI
	target    string
	platforms string
	*build.Record
}

// maxRecords and maxRemembered bound how many builds, and how many files of their contexts,
// are remembered.
const (
	maxRecords    = 32
	maxRemembered = 200_000
)

// explain says of the steps of a build why they were not cached, and remembers it.
func (m *memory) explain(p *plan.Plan, out *build.Outcome) {
	r := remembrance{p.Doc.Key(), strings.ToLower(p.Target), strings.Join(p.Platforms, ","), out.Record}
	if r.Record == nil {
		return
	}
	if p.Inline() != nil {
		r.uri += workspace.URI("#" + p.Profile.Name) // a file may hold several
	}
	out.Record = nil // the outcome is kept for longer
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, dir := range r.Dirs() {
		r.Since(name, m.sent(dir))
	}
	for i, why := range r.Explain(m.last(r)) {
		out.Steps[i].Why = why
	}
	m.records = append(slices.DeleteFunc(m.records, func(o remembrance) bool { return o.same(r) && o.Engine == r.Engine }), r)
	m.forget()
}

func (r remembrance) same(o remembrance) bool {
	return r.uri == o.uri && r.target == o.target && r.platforms == o.platforms
}

// last is the newest build of the same: on the same engine, else on any; nil if there is
// none.
func (m *memory) last(r remembrance) (last *build.Record) {
	for _, o := range m.records {
		if o.same(r) && (last == nil || o.Engine == r.Engine || last.Engine != r.Engine) {
			last = o.Record
		}
	}
	return last
}

// sent is what was sent of a directory, the last time.
func (m *memory) sent(dir string) build.Sent {
	for _, r := range slices.Backward(m.records) {
		for name, of := range r.Dirs() {
			if of == dir && r.Sent(name) != nil {
				return r.Sent(name)
			}
		}
	}
	return nil
}

// forget forgets the oldest of too many.
func (m *memory) forget() {
	m.records = slices.Delete(m.records, 0, max(0, len(m.records)-maxRecords))
	files, last := 0, map[string]build.Sent{}
	for _, r := range slices.Backward(m.records) {
		for name, dir := range r.Dirs() {
			sent := r.Sent(name)
			if !sent.Is(last[dir]) { // builds between which nothing changed share one
				files += len(sent)
			}
			last[dir] = sent
		}
		if files > maxRemembered {
			r.Forget()
		}
	}
}
