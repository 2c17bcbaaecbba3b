package handlers

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.lsp.dev/protocol"
	"go.uber.org/zap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/handlers/history"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A past is the builds that were kept, of this process and all others of the user. A build
// waits for it for a moment only, and never fails by it.
type historyStore struct {
	warn func(error) // told, once, what is not kept and what cannot be read

	once  sync.Once
	store history.Store
	err   error         // there is no store
	turn  chan struct{} // held by who is at the disk
}

func (p *historyStore) init(log *zap.Logger) {
	var said sync.Map
	p.warn = func(err error) {
		if _, again := said.LoadOrStore(err.Error(), true); !again {
			log.Warn("history", zap.Error(err))
		}
	}
}

// A pastBuild is the header of a record: a result, and the unit of its ranges.
type pastBuild struct {
	Encoding workspace.Encoding `json:"encoding"`
	Entry    string             `json:"entry,omitempty"` // of the Dockerfile's place
	Result   *buildResult       `json:"result"`
}

// patience is how long a build waits for the disk.
const patience = time.Second

var errSlow = errors.New("the disk does not answer")

// ask has f use the store, and waits for its answer for so long. One that takes longer goes
// on alone, and until it has ended there is no other.
func ask[T any](p *historyStore, wait time.Duration, f func(history.Store) (T, error)) (answer T, err error) {
	p.once.Do(func() {
		p.turn = make(chan struct{}, 1)
		p.store.Dir, p.err = history.Dir()
	})
	if p.err != nil {
		return answer, p.err
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case p.turn <- struct{}{}:
	case <-late.C:
		return answer, fmt.Errorf("%s: %w", p.store.Dir, errSlow)
	}
	type ended struct {
		answer T
		err    error
	}
	end := make(chan ended, 1)
	go func() {
		defer func() { <-p.turn }()
		answer, err := f(p.store)
		end <- ended{answer, err}
	}()
	select {
	case e := <-end:
		return e.answer, e.err
	case <-late.C:
		return answer, fmt.Errorf("%s: %w", p.store.Dir, errSlow)
	}
}

// keep keeps a build that has ended. madeOf says what it was made of.
func (p *historyStore) keep(r *sessionBuild, e workspace.Encoding, madeOf func() ([]byte, error)) {
	header, err := protocol.Marshal(pastBuild{e, r.plan.Doc.Place().Entry(), r.ended.brief()})
	if err != nil {
		p.warn(fmt.Errorf("build %s is not kept: %w", r.id, err))
		return
	}
	details, err := inspect.Keep(r.outcome, &r.plan.Spec).Encode()
	if err != nil { // it cannot be looked at later
		p.warn(fmt.Errorf("build %s: %w", r.id, err))
	}
	made, err := madeOf()
	if err != nil { // the next build cannot be compared with it
		p.warn(fmt.Errorf("build %s: %w", r.id, err))
	}
	record := history.Record{Details: details, MadeOf: made, ID: r.id, Began: r.began, Key: r.plan.Key(), Header: header, Logs: r.outcome.LastLogs(history.MaxStepLog + 1)}
	if _, err := ask(p, patience, func(s history.Store) (any, error) { return nil, s.Add(record) }); err != nil {
		p.warn(err)
	}
}

// brief is the result with an error's output cut: the step's log has it.
func (r *buildResult) brief() *buildResult {
	if r.Error == nil {
		return r
	}
	short, err := *r, *r.Error
	err.Log = history.Tail(err.Log, 16<<10)
	short.Error = &err
	return &short
}

// compare says of the steps of a result how long they took the last time that they ran.
func (p *historyStore) compare(r *buildResult, key string) {
	last, err := ask(p, patience, func(s history.Store) (*buildResult, error) { return newest(s, key) })
	if err != nil || last == nil { // what cannot be read is said by who lists it
		return
	}
	took := map[string][]*int64{}
	for _, s := range last.Steps {
		took[s.instruction()] = append(took[s.instruction()], s.lastRun())
	}
	for i := range r.Steps {
		if times := took[r.Steps[i].instruction()]; len(times) > 0 {
			r.Steps[i].LastMs, took[r.Steps[i].instruction()] = times[0], times[1:]
		}
	}
}

// newest is the last build of a key that knows of steps; nil if there is none.
func newest(s history.Store, key string) (*buildResult, error) {
	list, err := s.Newest(key)
	for _, b := range list {
		if past, err := decode(b); err == nil && len(past.Result.Steps) > 0 {
			return past.Result, nil
		}
	}
	return nil, err
}

// position is where a step's name says how many there are before it, which an edit
// elsewhere changes.
var position = lazyregexp.New(`^(\[[^]]*?) ?\d+/\d+\]`)

// instruction is a step's name without that.
func (s stepResult) instruction() string { return position.ReplaceAllString(s.Name, "$1]") }

// lastRun is how long the step took in its build, or in the last one before in which it
// ran; nil if that is not known.
func (s stepResult) lastRun() *int64 {
	if s.Status == "done" {
		return ptr(s.DurationMs)
	}
	return s.LastMs
}

func decode(b history.Build) (*pastBuild, error) {
	header, err := b.Header()
	if err != nil {
		return nil, err
	}
	var past pastBuild
	if err := protocol.Unmarshal(header, &past); err != nil {
		return nil, fmt.Errorf("build %s: %w", b.ID(), err)
	}
	if past.Result == nil || past.Result.ID != b.ID() {
		return nil, fmt.Errorf("build %s: its record is that of another", b.ID())
	}
	past.Result.entry = past.Entry
	return &past, nil
}

// all are the builds that were kept, newest first, with ranges in units of e.
func (p *historyStore) all(e workspace.Encoding) []*buildResult {
	results, err := ask(p, 5*patience, func(s history.Store) (results []*buildResult, err error) {
		list, err := s.List()
		for _, b := range list {
			past, err := decode(b)
			if err != nil {
				p.warn(fmt.Errorf("passed over: %w", err))
				continue
			}
			if past.Encoding != e {
				past.Result.wholeLines()
			}
			results = append(results, past.Result)
		}
		return results, err
	})
	if err != nil {
		p.warn(err)
	}
	return results
}

// wholeLines makes the ranges those of whole lines: their characters were counted in
// another unit, and the text may have changed.
func (r *buildResult) wholeLines() {
	whole := func(x *protocol.Range) {
		if x != nil {
			*x = protocol.Range{Start: protocol.Position{Line: x.Start.Line}, End: protocol.Position{Line: x.End.Line + 1}}
		}
	}
	for i := range r.Steps {
		whole(&r.Steps[i].Range)
	}
	for _, w := range r.Warnings {
		whole(w.Range)
	}
	if r.Error != nil {
		whole(r.Error.Range)
	}
}

// log is what was kept of the output of a step, or of all if step is nil.
func (p *historyStore) log(id string, step *int) (string, error) {
	return ask(p, 5*patience, func(s history.Store) (string, error) {
		list, err := s.List()
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(list, func(b history.Build) bool { return b.ID() == id })
		if i < 0 {
			return "", lsp.InvalidParams("buildls.log: no build %q is remembered", id)
		}
		past, err := decode(list[i])
		if err != nil {
			return "", err
		}
		logs, err := list[i].Logs()
		if err != nil {
			return "", err
		}
		var names []string
		for _, s := range past.Result.Steps {
			names = append(names, s.Name)
		}
		if len(logs) != len(names)+1 {
			return "", fmt.Errorf("build %q: its record has the output of %d steps, not of %d", id, len(logs)-1, len(names))
		}
		return stepLog(id, step, names, logs)
	})
}

// stepLog is the output of a step of a build, or of all if step is nil.
func stepLog(id string, step *int, names, logs []string) (string, error) {
	at, err := stepOf(id, step, len(names))
	if err != nil {
		return "", err
	}
	return build.LogOf(names, logs, at), nil
}

// stepOf is the step that is asked for, of so many; -1 for all.
func stepOf(id string, step *int, steps int) (int, error) {
	switch {
	case step == nil:
		return -1, nil
	case *step < 0 || *step >= steps:
		return 0, lsp.InvalidParams("buildls.log: build %q has %d steps, counted from 0", id, steps)
	}
	return *step, nil
}

// A BuildResult is the contract's result of a build, for a terminal.
type BuildResult = buildResult

// PastBuilds are the user's builds that were kept, newest first. warn is told what cannot
// be read.
func PastBuilds(warn func(error)) []*BuildResult {
	past := historyStore{warn: warn}
	return past.all(workspace.UTF16)
}

// PastLog is what was kept of the output of a step of a build, a 0-based index, or of all
// if step is nil.
func PastLog(id string, step *int) (string, error) {
	var past historyStore
	return past.log(id, step)
}
