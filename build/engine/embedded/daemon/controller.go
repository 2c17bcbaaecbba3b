//go:build linux && !portable

package daemon

import (
	"context"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/moby/buildkit/cache/remotecache"
	"github.com/moby/buildkit/cache/remotecache/inline"
	"github.com/moby/buildkit/cache/remotecache/local"
	"github.com/moby/buildkit/cache/remotecache/registry"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/frontend"
	dockerfile "github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/frontend/gateway"
	"github.com/moby/buildkit/frontend/gateway/forwarder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/entitlements"
	"github.com/moby/buildkit/worker"
	bolt "go.etcd.io/bbolt"

	"github.com/buildls/buildls/build/engine/embedded/config"
)

// newController is buildkitd's with its defaults: the Dockerfile and the gateway front
// end, the caches that need no account, one worker, and what makes room on its disk.
// stopping is closed when the engine begins to end.
func newController(ctx context.Context, at place, conf *config.Config, wishes *wishes, stopping <-chan struct{}) (*control.Controller, *pruner, error) {
	sessions, err := session.NewManager()
	if err != nil {
		return nil, nil, err
	}
	archutil.CacheMaxAge = platformsAge
	heedSystem(conf.System)
	hosts := docker.RegistryHosts(wishes.registryHosts) // a registry on loopback is plain HTTP by BuildKit's own default
	w, err := newWorker(ctx, at, conf, hosts)
	if err != nil {
		return nil, nil, err
	}
	workers := &worker.Controller{}
	if err := workers.Add(&copyWorker{w, newFlusher(at.root), wishes}); err != nil {
		return nil, nil, err
	}
	gatewayFrontend, err := gateway.NewGatewayFrontend(workers.Infos(), conf.Frontends.Gateway.AllowedRepositories)
	if err != nil {
		return nil, nil, err
	}
	reserve(filepath.Join(at.root, "cache.db"), filepath.Join(at.root, "history.db"))
	cache, err := bboltcachestorage.NewStore(filepath.Join(at.root, "cache.db"))
	if err != nil {
		return nil, nil, err
	}
	history, err := boltutil.SafeOpen(filepath.Join(at.root, "history.db"), 0o600, &bolt.Options{
		FreelistType:   bolt.FreelistMapType,
		NoFreelistSync: true,
	})
	if err != nil {
		return nil, nil, err
	}
	controller, err := control.NewController(control.Opt{
		SessionManager:   sessions,
		WorkerController: workers,
		Frontends: map[string]frontend.Frontend{
			"dockerfile.v0": forwarder.NewGatewayForwarder(workers.Infos(), dockerfile.Build),
			"gateway.v0":    gatewayFrontend,
		},
		ResolveCacheExporterFuncs: map[string]remotecache.ResolveCacheExporterFunc{
			"registry": registry.ResolveCacheExporterFunc(sessions, hosts),
			"local":    local.ResolveCacheExporterFunc(sessions),
			"inline":   inline.ResolveCacheExporterFunc(),
		},
		ResolveCacheImporterFuncs: map[string]remotecache.ResolveCacheImporterFunc{
			"registry": registry.ResolveCacheImporterFunc(sessions, w.ContentStore(), hosts),
			"local":    local.ResolveCacheImporterFunc(sessions),
		},
		CacheManager: solver.NewCacheManager(ctx, "local", cache, worker.NewCacheResultStorage(workers)),
		// What a build may be granted, not what it gets: it still has to ask, and its
		// client to allow it.
		Entitlements: []string{
			string(entitlements.EntitlementNetworkHost),
			string(entitlements.EntitlementSecurityInsecure),
		},
		HistoryDB:      history,
		HistoryConfig:  conf.History,
		CacheStore:     cache,
		LeaseManager:   w.LeaseManager(),
		ContentStore:   w.ContentStore(),
		GarbageCollect: w.GarbageCollect,
		GracefulStop:   stopping,
	})
	return controller, &pruner{root: at.root, prune: func(ctx context.Context, freed chan client.UsageInfo) error {
		return w.Prune(ctx, freed, w.GCPolicy()...)
	}}, err
}
