//go:build linux && !portable

package daemon

import (
	"context"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/disk"
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
)

// BuildKit looks once in a minute whether its cache must shrink. Where a build has filled the
// disk, as with what a step wrote before it failed, every build of that minute would fail,
// too. So an engine whose disk is nearly full looks when a build has ended.

const (
	nearlyFull = 50               // one part in so many is free
	pruneLimit = 10 * time.Second // of the wait of who builds
)

// A pruner makes room on a worker's disk.
type pruner struct {
	root  string
	prune func(context.Context, chan client.UsageInfo) error

	mu sync.Mutex // one at a time
}

// unary prunes before a build's end is told: the next one finds the room.
func (p *pruner) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if info.FullMethod == solveMethod && p.isNeeded() {
		within(pruneLimit, p.makeRoom)
	}
	return resp, err
}

func (p *pruner) isNeeded() bool {
	stat, err := disk.GetDiskStat(p.root)
	return err == nil && stat.Available < stat.Total/nearlyFull
}

func (p *pruner) makeRoom() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isNeeded() { // somebody else did
		return
	}
	var bytes int64
	freed, done := make(chan client.UsageInfo), make(chan struct{})
	go func() {
		defer close(done)
		for info := range freed {
			bytes += info.Size
		}
	}()
	err := p.prune(context.Background(), freed)
	close(freed)
	<-done
	logrus.WithError(err).Warnf("the disk is nearly full: %d bytes of the cache were let go", bytes)
}
