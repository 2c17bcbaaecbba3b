package handlers

import (
	"bytes"
	"maps"
	"sync"

	"github.com/buildls/buildls/build/dockerfile"
)

// images are those that builds of this session have met. Its zero value is ready.
type images struct {
	mu      sync.Mutex
	configs dockerfile.Images // replaced, never changed
}

func (i *images) all() dockerfile.Images {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.configs
}

// learn takes configs in, and says whether one is new.
func (i *images) learn(configs dockerfile.Images) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.configs.With(configs)
	if maps.EqualFunc(now, i.configs, bytes.Equal) {
		return false
	}
	i.configs = now
	return true
}
