package handlers

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/explain"
	"github.com/buildls/buildls/build/sent"
	"github.com/buildls/buildls/handlers/history"
)

// explainRecords are what is remembered of the builds of a session, to say why the steps of the next
// were not cached. The zero value is ready.
type explainRecords struct {
	mu      sync.Mutex
	records []explainRecord // oldest first
}

// An explainRecord is the record of a build of some file, target and platforms.
type explainRecord struct {
	key, platforms string
	id, began      string // as in its result
	*explain.Record
}

// maxRecords and maxRemembered bound how many builds, and how many files of their contexts,
// are remembered.
const (
	maxRecords    = 32
	maxRemembered = 200_000
)

// explain says of the steps of a build why they were not cached, and remembers its record. The last
// build is one of this session or of the history, whoever made that.
func (m *explainRecords) explain(b *sessionBuild, out *build.Outcome, where attempt, past *historyStore) {
	if where.record == nil {
		return
	}
	r := explainRecord{b.plan.Key(), strings.Join(b.plan.Platforms, ","), b.id, b.started().Started, where.record}
	m.mu.Lock()
	defer m.mu.Unlock()
	last, known := m.last(r), true
	before := last.record()
	kept := past.before(r.key, where)
	if kept != nil && kept.follows(last, r.Engine) {
		before = past.madeOf(kept)
		known = before != nil
	}
	for name, dir := range r.Dirs() {
		files := m.sent(dir)
		if before != nil && before != last.record() && before.Dirs()[name] == dir && before.Sent(name) != nil {
			files = before.Sent(name)
		}
		r.Since(name, files)
	}
	if known {
		for i, why := range r.Explain(before) {
			out.Steps[i].Why = why
		}
	}
	m.records = append(slices.DeleteFunc(m.records, func(o explainRecord) bool { return o.same(r) && o.Engine == r.Engine }), r)
	m.forget()
}

// encode is what the history keeps of a record, which may be nil.
func (m *explainRecords) encode(r *explain.Record) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return r.Encode()
}

func (r explainRecord) same(o explainRecord) bool {
	return r.key == o.key && r.platforms == o.platforms
}

// last is the newest build of the same: on the same engine, else on any; nil if there is
// none.
func (m *explainRecords) last(r explainRecord) (last *explainRecord) {
	for i, o := range m.records {
		if o.same(r) && (last == nil || o.Engine == r.Engine || last.Engine != r.Engine) {
			last = &m.records[i]
		}
	}
	return last
}

// record is that of r, nil if r is nil.
func (r *explainRecord) record() *explain.Record {
	if r == nil {
		return nil
	}
	return r.Record
}

// keptBefore is a build of the history that came before another one of the same file and target.
type keptBefore struct {
	history.Build
	result     *buildResult
	sameEngine bool
}

// before is the newest build of a key that knows of steps: for the same platforms on the same
// engine, else on another one; nil if there is none. What cannot be read is said by who lists it.
func (p *historyStore) before(key string, where attempt) *keptBefore {
	found, _ := ask(p, patience, func(s history.Store) (found *keptBefore, err error) {
		list, err := s.Newest(key)
		for _, b := range list {
			past, err := decode(b)
			if err != nil || len(past.Result.Steps) == 0 {
				continue
			}
			same := past.Result.Engine == where.engine
			switch {
			case same && slices.Equal(past.Result.Platforms, where.platforms):
				return &keptBefore{b, past.Result, true}, nil
			case !same && found == nil:
				found = &keptBefore{b, past.Result, false}
			}
		}
		return found, err
	})
	return found
}

// follows says whether a build is more like the next one on an engine, or newer, than the last of
// this session, which may be nil.
func (k *keptBefore) follows(last *explainRecord, engine string) bool {
	switch {
	case last == nil:
		return true
	case k.sameEngine != (last.Engine == engine):
		return k.sameEngine
	}
	return k.result.ID != last.id && k.result.Started > last.began
}

// madeOf is what a build of the history was made of; nil if that was not kept.
func (p *historyStore) madeOf(k *keptBefore) *explain.Record {
	data, err := ask(p, patience, func(history.Store) ([]byte, error) { return k.MadeOf() })
	if err != nil || len(data) == 0 {
		return nil
	}
	r, err := explain.Decode(data)
	if err != nil {
		p.warn(fmt.Errorf("build %s: what it was made of cannot be read: %w", k.ID(), err))
		return nil
	}
	return r
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
