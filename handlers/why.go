package handlers

import (
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/explain"
	"github.com/buildls/buildls/build/sent"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

// explainRecords are what is remembered of builds, to say why the steps of the next were not cached.
// The zero value is ready.
type explainRecords struct {
	mu      sync.Mutex
	records []explainRecord // oldest first
}

// An explainRecord is the record of a build of some file, target and platforms.
type explainRecord struct {
	uri       workspace.URI
	target    string
	platforms string
	*explain.Record
}

// maxRecords and maxRemembered bound how many builds, and how many files of their contexts,
// are remembered.
const (
	maxRecords    = 32
	maxRemembered = 200_000
)

// explain says of the steps of a build why they were not cached, and remembers its record, which
// may be nil.
func (m *explainRecords) explain(p *plan.Plan, out *build.Outcome, record *explain.Record) {
	if record == nil {
		return
	}
	r := explainRecord{p.Doc.Key(), strings.ToLower(p.Target), strings.Join(p.Platforms, ","), record}
	if p.Inline() != nil {
		r.uri += workspace.URI("#" + p.Profile.Name) // a file may hold several
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, dir := range r.Dirs() {
		r.Since(name, m.sent(dir))
	}
	for i, why := range r.Explain(m.last(r)) {
		out.Steps[i].Why = why
	}
	m.records = append(slices.DeleteFunc(m.records, func(o explainRecord) bool { return o.same(r) && o.Engine == r.Engine }), r)
	m.forget()
}

func (r explainRecord) same(o explainRecord) bool {
	return r.uri == o.uri && r.target == o.target && r.platforms == o.platforms
}

// last is the newest build of the same: on the same engine, else on any; nil if there is
// none.
func (m *explainRecords) last(r explainRecord) (last *explain.Record) {
	for _, o := range m.records {
		if o.same(r) && (last == nil || o.Engine == r.Engine || last.Engine != r.Engine) {
			last = o.Record
		}
	}
	return last
}

// sent is what was sent of a directory, the last time.
func (m *explainRecords) sent(dir string) sent.Files {
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
func (m *explainRecords) forget() {
	m.records = slices.Delete(m.records, 0, max(0, len(m.records)-maxRecords))
	files, last := 0, map[string]sent.Files{}
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
