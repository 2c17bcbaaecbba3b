package handlers

import (
	"context"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/sent"
	"github.com/buildls/buildls/workspace"
)

// sentContexts are the large contexts that engines have of earlier builds, each with a trace
// that tells whether it is still so. The zero value is ready.
type sentContexts struct {
	mu   sync.Mutex
	list []sentContext // oldest first
}

type sentContext struct {
	place contextPlace
	trace *workspace.Trace
	kept  *sent.Context
}

// A contextPlace is a directory and an engine it is sent to.
type contextPlace struct{ engine, address, node, dir string }

// A context of fewer files is sent as fast as it is looked at. Of more than maxKept files in
// all only the newest context is remembered, and that only if it has no more than maxTraced:
// what is remembered of a file takes ten bytes, and a hundred where it is known what was sent.
const (
	minKept   = 1000
	maxKept   = 200_000
	maxTraced = 1_000_000
)

// offer lets a build name what the engine has of its context, if that has not changed since,
// and else what has. The function that it returns, which may be nil, is to be called with what
// the engine has after the build.
func (k *sentContexts) offer(ctx context.Context, log *zap.Logger, info engine.Info, req *build.Request) (after func(*sent.Context)) {
	files, ok := req.Context.FS.(*workspace.ContextFS)
	if !ok {
		return nil
	}
	place, trace := contextPlace{info.Name, info.Address, info.Node, workspace.PlaceOf(files.Root()).Key()}, files.Trace()
	last, ok := k.take(place)
	var changes *workspace.Changes
	if ok {
		changes = last.trace.Changes(ctx, files)
	}
	switch {
	case changes == nil:
	case changes.Empty():
		req.Context.Earlier = last.kept
	default:
		req.Context.Delta = &sent.Delta{Since: last.kept, Files: changes}
	}
	return func(kept *sent.Context) {
		sent := "everything"
		switch {
		case kept == nil:
		case ok && kept == last.kept:
			sent, trace = "nothing", last.trace
		case kept.ChangesOnly:
			sent, trace = "changes", changes.Trace
		}
		log.Debug("context", zap.String("build", req.ID), zap.Bool("offered", changes != nil), zap.String("sent", sent))
		if kept != nil {
			k.put(sentContext{place, trace, kept})
		}
	}
}

// take takes the last of a place out: no other build is to use its session meanwhile.
func (k *sentContexts) take(place contextPlace) (last sentContext, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = slices.DeleteFunc(k.list, func(c sentContext) bool {
		if c.place == place {
			last, ok = c, true
		}
		return c.place == place
	})
	return last, ok
}

func (k *sentContexts) put(c sentContext) {
	if n := c.trace.Len(); n < minKept || n > maxTraced {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, c)
	files := 0
	for i, c := range slices.Backward(k.list) {
		if files += c.trace.Len(); files > maxKept && i < len(k.list)-1 {
			k.list = slices.Clone(k.list[i+1:])
			return
		}
	}
}
