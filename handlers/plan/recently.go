package plan

import (
	"sync"
	"time"
)

// fresh is how long the disk is not asked again: many documents are looked at together.
const fresh = 3 * time.Second

// recently remembers what the disk answered in the last moments, by path.
type recently[T any] struct {
	mu    sync.Mutex
	known map[string]T
	since time.Time
}

// of is what ask says of a path, or said a moment ago.
func (r *recently[T]) of(path string, ask func() T) T {
	r.mu.Lock()
	if time.Since(r.since) > fresh {
		r.known, r.since = map[string]T{}, time.Now()
	}
	known := r.known
	answer, ok := known[path]
	r.mu.Unlock()
	if ok {
		return answer
	}
	answer = ask()
	r.mu.Lock()
	defer r.mu.Unlock()
	known[path] = answer // which nobody asks any more if all was forgotten meanwhile
	return answer
}

// forget has the disk asked again.
func (r *recently[T]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since = time.Time{}
}
