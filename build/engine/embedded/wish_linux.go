//go:build !portable

package embedded

import (
	"context"
	"encoding/json"

	"github.com/moby/buildkit/client"
	"google.golang.org/grpc/metadata"

	"github.com/buildls/buildls/build/engine/embedded/config"
)

// HasCertificates says whether the configuration has certificates for a registry's host, or says
// that they do not matter.
func HasCertificates(p Paths, host string) bool {
	c, err := config.Load(p.Config)
	if err != nil {
		return false // which is said when the engine is asked to build
	}
	if host == "registry-1.docker.io" {
		host = "docker.io" // as BuildKit's util/resolver
	}
	r := c.Registries[host]
	return len(r.RootCAs)+len(r.KeyPairs)+len(r.TLSConfigDir) > 0 || r.Insecure != nil && *r.Insecure
}

// wishKey is the metadata of a call by which a client says what it wants the engine to run with.
const wishKey = "buildls-wish-bin"

// Wishing is a context for the first call of a build. With it, the engine sees to it that it runs
// with the configuration as it is now, or answers that it is ending, and it is time to Connect.
// The error is a *config.Mistake.
func Wishing(ctx context.Context, p Paths) (context.Context, error) {
	c, err := config.Load(p.Config)
	if err != nil {
		return nil, err
	}
	wish, err := json.Marshal(c.Wish())
	if err != nil {
		return nil, err
	}
	return metadata.AppendToOutgoingContext(ctx, wishKey, string(wish)), nil
}

// WishOf is what the client of a call wants, if it says so.
func WishOf(ctx context.Context) (wish config.Wish, ok bool) {
	values := metadata.ValueFromIncomingContext(ctx, wishKey)
	return wish, len(values) == 1 && json.Unmarshal([]byte(values[0]), &wish) == nil
}

// RunsLabel is the label of the engine's worker with what the engine runs with.
const RunsLabel = "buildls.engine.runs"

// RunsWith is what a running engine runs with; not ok if it is too old to say so.
func RunsWith(workers []*client.WorkerInfo) (wish config.Wish, ok bool) {
	if len(workers) == 0 {
		return wish, false
	}
	return wish, json.Unmarshal([]byte(workers[0].Labels[RunsLabel]), &wish) == nil
}
