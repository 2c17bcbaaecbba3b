package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
)

// A Prune says what of a build cache is to go. What a build uses stays.
type Prune struct {
	Keep  int64         // bytes that may stay; what was used least goes first. 0: nothing need stay
	Older time.Duration // only what was not used for so long; 0: whenever
	All   bool          // also what BuildKit keeps for itself: front ends, and its own records
}

// Cache is what an engine has in its build cache. It is bounded.
func (c *Conn) Cache(ctx context.Context) ([]*client.UsageInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, cacheWithin)
	defer cancel()
	return c.DiskUsage(ctx)
}

// cacheWithin bounds Cache. What has never been measured is, which reads the disk.
const cacheWithin = time.Minute

// pruneWithin bounds Prune, for an engine that no longer answers.
const pruneWithin = 30 * time.Minute

// Prune removes what p says from the cache, and returns what has gone. It is bounded.
func (c *Conn) Prune(ctx context.Context, p Prune) (gone []*client.UsageInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, pruneWithin)
	defer cancel()
	opts := []client.PruneOption{client.WithKeepOpt(p.Older, p.Keep, 0, 0)}
	if p.All {
		opts = append(opts, client.PruneAll)
	}
	records, done := make(chan client.UsageInfo), make(chan struct{})
	go func() { // until Prune has ended
		defer close(done)
		for r := range records {
			gone = append(gone, &r)
		}
	}()
	err = c.Client.Prune(ctx, records, opts...)
	close(records)
	<-done
	if err != nil {
		return gone, fmt.Errorf("removing from the cache: %w", err)
	}
	return gone, nil
}

// Of is what of a cache would go. It follows BuildKit's cache/manager: nothing goes before what was
// made from it. Of parts that were used alike, BuildKit takes any, so with Keep it may be others.
func (p Prune) Of(cache []*client.UsageInfo, now time.Time) (gone []*client.UsageInfo) {
	var total int64
	children := map[string]int{}
	for _, r := range cache {
		if !r.Shared {
			total += r.Size
		}
		for _, parent := range r.Parents {
			children[parent]++
		}
	}
	left := slices.DeleteFunc(slices.Clone(cache), func(r *client.UsageInfo) bool {
		ofBuildKit := r.RecordType == client.UsageRecordTypeInternal || r.RecordType == client.UsageRecordTypeFrontend
		return r.InUse || !p.All && (ofBuildKit || r.Shared) || p.Older > 0 && r.LastUsedAt != nil && r.LastUsedAt.After(now.Add(-p.Older))
	})
	for p.Keep == 0 || total >= p.Keep {
		free := slices.DeleteFunc(slices.Clone(left), func(r *client.UsageInfo) bool { return children[r.ID] > 0 })
		if len(free) == 0 {
			break
		}
		next := free[0]
		if p.Keep > 0 {
			next = leastUsed(free)
		}
		gone, total = append(gone, next), total-next.Size
		left = slices.DeleteFunc(left, func(r *client.UsageInfo) bool { return r == next })
		for _, parent := range next.Parents {
			children[parent]--
		}
	}
	return gone
}

// leastUsed is the record that BuildKit lets go first (its cache/manager, sortDeleteRecords): it has
// the lowest sum of its place by the time of its last use and of its place by how often it was used.
func leastUsed(records []*client.UsageInfo) *client.UsageInfo {
	lastUse := func(r *client.UsageInfo) int64 {
		if r.LastUsedAt == nil {
			return 0
		}
		return r.LastUsedAt.UnixNano()
	}
	byTime, byCount := ranks(records, lastUse), ranks(records, func(r *client.UsageInfo) int64 { return int64(r.UsageCount) })
	score := func(r *client.UsageInfo) float64 { return byTime[r] + byCount[r] }
	return slices.MinFunc(records, func(a, b *client.UsageInfo) int { return cmp.Compare(score(a), score(b)) })
}

// ranks are the places of records by a value, as parts of the last: those with the same value have
// the same.
func ranks(records []*client.UsageInfo, value func(*client.UsageInfo) int64) map[*client.UsageInfo]float64 {
	sorted := slices.SortedStableFunc(slices.Values(records), func(a, b *client.UsageInfo) int { return cmp.Compare(value(a), value(b)) })
	places, place, before := map[*client.UsageInfo]float64{}, 1.0, int64(0)
	for _, r := range sorted {
		if v := value(r); v > before {
			place, before = place+1, v
		}
		places[r] = place
	}
	for r := range places {
		places[r] /= place
	}
	return places
}

// ForgetBuilds removes from an engine's own history the builds that ended before a time, and says how
// many. Those that run stay. With dry it removes none.
func (c *Conn) ForgetBuilds(ctx context.Context, before time.Time, dry bool) (builds int, err error) {
	control := c.ControlClient()
	ctx, cancel := context.WithTimeout(ctx, cacheWithin)
	defer cancel()
	stream, err := control.ListenBuildHistory(ctx, &controlapi.BuildHistoryRequest{EarlyExit: true})
	for err == nil {
		var event *controlapi.BuildHistoryEvent
		if event, err = stream.Recv(); err != nil {
			break
		}
		r := event.Record
		if r.GetCompletedAt() == nil || r.CompletedAt.AsTime().After(before) {
			continue
		}
		builds++
		if !dry {
			_, err = control.UpdateBuildHistory(ctx, &controlapi.UpdateBuildHistoryRequest{Ref: r.Ref, Delete: true})
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return builds, fmt.Errorf("the engine's history of builds: %w", err)
	}
	return builds, nil
}
