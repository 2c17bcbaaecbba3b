package handlers

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build/engine"
)

// engineImages are the images that the engine of the newest build has. It is asked in the background,
// when somebody completes the name of an image and it is still connected to. The zero value is ready.
type engineImages struct {
	mu     sync.Mutex
	names  []string
	at     time.Time
	asking chan struct{} // closed when the engine has answered; nil: it is not asked
}

const (
	// imagesFresh is how long the images of an engine are believed.
	imagesFresh = 10 * time.Second
	// imagesWithin bounds the question.
	imagesWithin = 5 * time.Second
)

// of waits for the images until ctx is done. whole is false if they are still to come.
func (e *engineImages) of(ctx context.Context, s *Server) (names []string, whole bool) {
	e.mu.Lock()
	if e.asking == nil && time.Since(e.at) > imagesFresh {
		choice := s.builds.lastEngine()
		if choice == nil {
			e.mu.Unlock()
			return nil, true
		}
		e.asking = make(chan struct{})
		s.rpc.Go(func() { e.ask(s, choice) })
	}
	asking := e.asking
	e.mu.Unlock()
	if asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
			return nil, false
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.names, true
}

func (e *engineImages) ask(s *Server, choice *engine.Choice) {
	defer choice.Release()
	ctx, cancel := context.WithTimeout(s.rpc.Context(), imagesWithin)
	defer cancel()
	names, err := choice.Conn.Images(ctx)
	if err != nil {
		s.log.Debug("images of the engine", zap.Error(err))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names, e.at = names, time.Now()
	close(e.asking)
	e.asking = nil
}
