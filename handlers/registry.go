package handlers

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// The value of the setting registry with which registries are asked; the other is "nothing".
const registryTags = "tags"

// registryPatience is how long a list waits for a registry. What comes later is in the next list.
const registryPatience = 300 * time.Millisecond

// askRegistry is what a registry answers about an image, if the settings let it be asked. late is
// set if the answer is still to come.
func askRegistry[T any](ctx context.Context, s *Server, ask func(context.Context, string) (T, error), image string, late *bool) (answer T) {
	select {
	case <-s.settings.loaded:
	default: // the client may be about to say that nobody is asked
		*late = true
		return answer
	}
	if s.settings.now().Registry != registryTags {
		return answer
	}
	ctx, cancel := context.WithTimeout(ctx, registryPatience)
	defer cancel()
	answer, err := ask(ctx, image)
	switch {
	case ctx.Err() != nil:
		*late = true
	case err != nil:
		s.log.Debug("registry", zap.String("image", image), zap.Error(err))
	}
	return answer
}
