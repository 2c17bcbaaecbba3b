//go:build linux && !portable

package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/diff/apply"
	ctdmetadata "github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/containerd/v2/plugins/diff/walking"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/moby/buildkit/cache/metadata"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/executor/resources"
	"github.com/moby/buildkit/executor/runcexecutor"
	containerdsnapshot "github.com/moby/buildkit/snapshot/containerd"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/source/git"
	"github.com/moby/buildkit/util/archutil"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/leaseutil"
	"github.com/moby/buildkit/util/network"
	"github.com/moby/buildkit/util/network/proxyprovider"
	"github.com/moby/buildkit/util/winlayers"
	"github.com/moby/buildkit/worker/base"
	wlabel "github.com/moby/buildkit/worker/label"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/sirupsen/logrus"
	bolt "go.etcd.io/bbolt"

	"github.com/buildls/buildls/build/engine/embedded/config"
)

// A place is where a worker keeps its state, and what it runs steps with.
type place struct {
	root, runc string
	rootless   bool // no cgroups and no /sys for steps
}

// newWorker is buildkitd's OCI worker without CNI. It follows worker/runc.NewWorkerOpt, which
// cannot be called: it makes an RSA key for a proxy that hardly any build asks for, and that
// key is most of an engine's start.
func newWorker(ctx context.Context, at place, conf *config.Config, hosts docker.RegistryHosts) (*base.Worker, error) {
	emulation := make(chan []ocispecs.Platform, 1)
	go func() { emulation <- hostPlatforms() }() // a process per architecture, which is slow; meanwhile the disk is

	name, newSnapshotter := chooseSnapshotter(at.root)
	root := filepath.Join(at.root, "runc-"+name)
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	reserve(filepath.Join(root, "containerdmeta.db"), filepath.Join(root, "metadata_v2.db"), filepath.Join(root, "snapshots", "metadata.db"))
	monitor, err := resources.NewMonitor()
	if err != nil {
		return nil, err
	}
	networks := map[pb.NetMode]network.Provider{
		pb.NetMode_UNSET: network.NewHostProvider(),
		pb.NetMode_HOST:  network.NewHostProvider(),
		pb.NetMode_NONE:  network.NewNoneProvider(),
	}
	proxy := &lazyProxy{root: at.root, networks: networks}
	exe, err := runcexecutor.New(runcexecutor.Opt{
		Root:              filepath.Join(root, "executor"),
		CommandCandidates: []string{at.runc},
		Rootless:          at.rootless,
		ProcessMode:       oci.ProcessSandbox,
		ResourceMonitor:   monitor,
		ProxyProvider:     proxy,
		DNS:               dnsOf(conf.DNS),
	}, networks)
	if err != nil {
		return nil, err
	}

	snapshotter, err := newSnapshotter(filepath.Join(root, "snapshots"))
	if err != nil {
		return nil, fmt.Errorf("opening the %s snapshotter: %w", name, err)
	}
	// An engine that was killed while it made a snapshot has left a directory in whose place
	// that of the next one belongs.
	if c, ok := snapshotter.(snapshots.Cleaner); ok {
		if err := c.Cleanup(ctx); err != nil && !errdefs.IsNotFound(err) { // a new one has none to tell apart
			logrus.WithError(err).Warnf("clearing the %s snapshotter", name)
		}
	}
	blobs, err := local.NewStore(filepath.Join(root, "content"))
	if err != nil {
		return nil, err
	}
	db, err := boltutil.Open(filepath.Join(root, "containerdmeta.db"), 0o600, &bolt.Options{
		FreelistType:   bolt.FreelistMapType,
		NoFreelistSync: true,
	})
	if err != nil {
		return nil, err
	}
	meta := ctdmetadata.NewDB(db, blobs, map[string]snapshots.Snapshotter{name: snapshotter})
	if err := meta.Init(ctx); err != nil {
		return nil, err
	}
	records, err := metadata.NewStore(filepath.Join(root, "metadata_v2.db"))
	if err != nil {
		return nil, err
	}
	id, err := base.ID(root)
	if err != nil {
		return nil, err
	}
	content := containerdsnapshot.NewContentStore(meta.ContentStore(), "buildkit")

	w, err := base.NewWorker(ctx, base.WorkerOpt{
		ID:               id,
		Root:             root,
		Labels:           labels(name),
		Platforms:        <-emulation,
		GCPolicy:         conf.GCPolicy(root),
		BuildkitVersion:  buildkitVersion(),
		NetworkProviders: networks,
		ProxyProvider:    proxy,
		Executor:         exe,
		Snapshotter:      containerdsnapshot.NewSnapshotter(name, meta.Snapshotter(name), "buildkit", nil),
		ContentStore:     content,
		Applier:          winlayers.NewFileSystemApplierWithWindows(content, apply.NewFileSystemApplier(content)),
		Differ:           winlayers.NewWalkingDiffWithWindows(content, walking.NewWalkingDiff(content)),
		RegistryHosts:    hosts,
		LeaseManager:     leaseutil.WithNamespace(ctdmetadata.NewLeaseManager(meta), "buildkit"),
		GarbageCollect:   meta.GarbageCollect,
		ParallelismSem:   parallelism(conf.Workers.OCI.MaxParallelism),
		MetadataStore:    records,
		ContentMetadata:  db,
		MountPoolRoot:    filepath.Join(root, "cachemounts"),
		ResourceMonitor:  monitor,
	})
	if err != nil {
		return nil, err
	}
	contexts, err := newLocalSource(w.CacheMgr)
	if err != nil {
		return nil, err
	}
	w.SourceManager.Register(contexts)
	return w, withGit(w)
}

// withGit has a worker fetch git repositories although git is not installed yet: it may
// be by the time somebody asks, and else the error says that it is not.
func withGit(w *base.Worker) (err error) {
	if w.GitSource != nil {
		return nil
	}
	w.GitSource, err = git.NewSource(git.Opt{CacheAccessor: w.CacheMgr, RegistryHosts: w.RegistryHosts})
	if err == nil {
		w.SourceManager.Register(w.GitSource)
	}
	return err
}

// chooseSnapshotter takes overlayfs where root's file system carries it. The name is
// part of the state's path, so a root that changes its mind starts with an empty cache.
func chooseSnapshotter(root string) (string, func(string) (snapshots.Snapshotter, error)) {
	if err := overlayutils.Supported(root); err != nil {
		logrus.Warnf("overlayfs cannot be used in %s, every step copies its whole file system instead: %v", root, err)
		return "native", native.NewSnapshotter
	}
	return "overlayfs", func(root string) (snapshots.Snapshotter, error) {
		return overlay.NewSnapshotter(root, overlay.AsynchronousRemove)
	}
}

func labels(snapshotter string) map[string]string {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "unknown"
	}
	return map[string]string{
		wlabel.Executor:       "oci",
		wlabel.Snapshotter:    snapshotter,
		wlabel.Hostname:       hostname,
		wlabel.Network:        "host",
		wlabel.OCIProcessMode: oci.ProcessSandbox.String(),
		wlabel.SELinuxEnabled: "false",
	}
}

// platformsAge is how long an emulator that was installed meanwhile may stay unseen.
// BuildKit's own 20 s would make most builds of somebody who edits in between try every
// architecture again.
const platformsAge = time.Minute

// hostPlatforms are the host's own and those that the kernel emulates.
func hostPlatforms() []ocispecs.Platform {
	var out []ocispecs.Platform
	for _, p := range archutil.SupportedPlatforms(false) {
		out = append(out, platforms.Normalize(p))
	}
	return out
}

// lazyProxy makes BuildKit's recording proxy when a build first asks for it.
type lazyProxy struct {
	root     string
	networks map[pb.NetMode]network.Provider

	mu    sync.Mutex
	proxy network.ProxyProvider
}

func (l *lazyProxy) NewProxy(ctx context.Context, cfg *network.ProxyConfig) (network.ProxyNamespace, error) {
	proxy, err := l.get()
	if err != nil {
		return nil, err
	}
	return proxy.NewProxy(ctx, cfg)
}

func (l *lazyProxy) get() (network.ProxyProvider, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proxy != nil {
		return l.proxy, nil
	}
	proxy, err := proxyprovider.New(proxyprovider.Opt{
		Root: l.root,
		EgressProviders: map[pb.NetMode]network.Provider{
			pb.NetMode_UNSET: l.networks[pb.NetMode_UNSET],
			pb.NetMode_HOST:  l.networks[pb.NetMode_HOST],
		},
	})
	if err == nil {
		l.proxy = proxy
	}
	return proxy, err
}

func (l *lazyProxy) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proxy == nil {
		return nil
	}
	return l.proxy.Close()
}
