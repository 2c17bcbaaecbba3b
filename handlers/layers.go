package handlers

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/buildls/buildls/build/inspect"
	"go.uber.org/zap"
)

// layers are what steps left in the caches of their engines, as far as somebody has hovered
// over them. An engine is asked for one place at a time, and no longer than somebody cares. The
// zero value is ready.
type layers struct {
	mu   sync.Mutex
	seen map[layerKey]seenLayers
	now  *layerLook // the last one
}

// A layerKey is an instruction in a build.
type layerKey struct {
	id   string
	line int
}

// seenLayers are those of an instruction's steps, by their index.
type seenLayers map[int]seenLayer

type seenLayer struct {
	*inspect.Layer
	imageFiles int // of a FROM
	imageBytes int64
	gone       bool // the engine no longer has it
}

// A layerLook is a question to an engine.
type layerLook struct {
	layerKey
	cancel context.CancelFunc
	done   chan struct{}
	seen   seenLayers // once done; nil if the engine did not answer
}

const (
	// layerPatience is how long a hover waits for an engine.
	layerPatience = 700 * time.Millisecond
	// layerWithin bounds the question, whose answer the next hover shows.
	layerWithin = 20 * time.Second
	// maxLayers bounds how many instructions are remembered.
	maxLayers = 200
)

// of are the layers of an instruction's steps. late says that the engine is still being asked.
func (l *layers) of(ctx context.Context, s *Server, key layerKey, steps []int) (seen seenLayers, late bool) {
	look, seen := l.begin(s, key, steps)
	if look == nil {
		return seen, false
	}
	patience := time.NewTimer(layerPatience)
	defer patience.Stop()
	select {
	case <-look.done:
		return look.seen, false
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil, true
}

// begin has an engine be asked, unless it was; of another instruction it is asked no more.
func (l *layers) begin(s *Server, key layerKey, steps []int) (*layerLook, seenLayers) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seen, ok := l.seen[key]; ok {
		return nil, seen
	}
	if l.now != nil && l.now.layerKey == key {
		select {
		case <-l.now.done: // in vain
		default:
			return l.now, nil
		}
	}
	if l.now != nil {
		l.now.cancel()
	}
	ctx, cancel := context.WithTimeout(s.rpc.Context(), layerWithin)
	look := &layerLook{key, cancel, make(chan struct{}), nil}
	l.now = look
	s.rpc.Go(func() {
		defer close(look.done)
		defer cancel()
		var whole bool
		if look.seen, whole = s.lookAt(ctx, key.id, steps); whole {
			l.keep(key, look.seen)
		}
		s.builds.releaseMemory()
	})
	return look, nil
}

func (l *layers) keep(key layerKey, seen seenLayers) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil || len(l.seen) >= maxLayers {
		l.seen = map[layerKey]seenLayers{}
	}
	l.seen[key] = seen
}

// lookAt asks the engine that made a build's steps, if it is still connected to. It starts no
// engine, and runs nothing. whole says that there is no more to be had.
func (s *Server) lookAt(ctx context.Context, id string, steps []int) (seen seenLayers, whole bool) {
	at, release := s.inspectable(id)
	if at == nil {
		return nil, true
	}
	defer release()
	out := at.Outcome
	seen, whole = seenLayers{}, true
	for _, i := range steps {
		var layer seenLayer
		var err error
		switch {
		case out.Steps[i].From():
			layer.imageFiles, layer.imageBytes, _, err = at.ImageSize(ctx, i)
		case inspect.CheckStep(out, i) == nil:
			layer.Layer, err = at.Layer(ctx, i)
		default:
			continue
		}
		layer.gone = errors.As(err, new(*inspect.GoneError))
		if err != nil && !layer.gone {
			whole = false
			s.log.Debug("layer", zap.String("id", id), zap.String("step", out.Steps[i].Name), zap.Error(err))
		}
		seen[i] = layer
	}
	return seen, whole
}
