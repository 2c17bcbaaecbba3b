package dap

import (
	"fmt"
	"sync"

	"github.com/buildls/buildls/build/debug"
)

// handles are what the client names by a number: frames, variables that have others, files. They last
// until their thread goes on. The zero value is ready.
type handles struct {
	mu   sync.Mutex
	last int
	of   map[int]handle
}

type handle struct {
	thread int
	what   any
}

// new numbers a thing.
func (h *handles) new(thread int, what any) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[int]handle{}
	}
	h.last++
	h.of[h.last] = handle{thread, what}
	return h.last
}

// forget lets go of what belongs to a thread; of all if it is 0.
func (h *handles) forget(thread int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, of := range h.of {
		if thread == 0 || of.thread == thread {
			delete(h.of, id)
		}
	}
}

func (h *handles) get(id int) (handle, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	found, ok := h.of[id]
	return found, ok
}

func (h *handles) frame(id int) (*debug.Frame, error) {
	found, _ := h.get(id)
	if f, ok := found.what.(*debug.Frame); ok {
		return f, nil
	}
	return nil, fmt.Errorf("there is no frame %d: the build has gone on", id)
}
