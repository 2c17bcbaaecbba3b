package handlers

import (
	"maps"
	"sync"

	"github.com/buildls/buildls/build"
)

// images are those that builds of this session have met. Its zero value is ready.
type images struct {
	mu      sync.Mutex
	configs build.Images // replaced, never changed
}

func (i *images) known(image string) bool {
	return i.all().Has(image)
}

func (i *images) all() build.Images {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.configs
}

// learn takes configs in, and says whether there was one.
func (i *images) learn(configs build.Images) bool {
	if len(configs) == 0 {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	now := maps.Clone(i.configs)
	if now == nil {
		now = build.Images{}
	}
	maps.Copy(now, configs)
	i.configs = now
	return true
}
