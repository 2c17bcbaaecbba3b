package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	units "github.com/docker/go-units"
	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/handlers/history"
)

// A cacheKind is what an engine's cache has of one kind.
type cacheKind struct {
	Kind       string    `json:"kind"` // as BuildKit calls it
	Records    int       `json:"records"`
	Bytes      int64     `json:"bytes"`
	InUseBytes int64     `json:"inUseBytes"` // what builds that run use, which stays
	Oldest     time.Time `json:"oldest"`     // when the first of it was made; the zero time if that is not known
}

// kept are the builds that are remembered.
type kept struct {
	Dir    string `json:"dir"`
	Builds int    `json:"builds"`
	Bytes  int64  `json:"bytes"`
}

// diskWithin bounds the wait for an engine that counts its cache.
const diskWithin = 2 * time.Second

// cacheOf sums up an engine's cache; nil if it does not say in time.
func cacheOf(ctx context.Context, conn *engine.Conn) (kinds []cacheKind, total *int64) {
	ctx, cancel := context.WithTimeout(ctx, diskWithin)
	defer cancel()
	records, err := conn.Cache(ctx)
	if err != nil {
		return nil, nil
	}
	total = new(int64)
	of := map[string]*cacheKind{}
	for _, r := range records {
		name := cmp.Or(string(r.RecordType), "regular") // Docker 20.10 does not say it of all
		k := of[name]
		if k == nil {
			k = &cacheKind{Kind: name}
			of[name] = k
		}
		k.Records++
		k.Bytes += r.Size
		if r.InUse {
			k.InUseBytes += r.Size
		}
		if r.CreatedAt.Unix() > 0 && (k.Oldest.IsZero() || r.CreatedAt.Before(k.Oldest)) { // an image may have no time
			k.Oldest = r.CreatedAt
		}
		*total += r.Size
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		kinds = append(kinds, *of[name])
	}
	slices.SortStableFunc(kinds, func(a, b cacheKind) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return kinds, total
}

// sizeOnDisk is what an embedded engine that does not run has on the disk. To count it may take long.
func sizeOnDisk(ctx context.Context, paths embedded.Paths) (bytes int64, whole bool) {
	ctx, cancel := context.WithTimeout(ctx, diskWithin)
	defer cancel()
	return paths.DiskSize(ctx)
}

// ofDisk says it.
func ofDisk(bytes int64, whole bool) string {
	least := ""
	if !whole {
		least = "at least "
	}
	return least + units.HumanSize(float64(bytes)) + " on the disk; `buildls prune --dry-run` starts the engine, and says of what"
}

// ofKinds says how large a cache is, and of what.
func ofKinds(total int64, kinds []cacheKind) string {
	size := func(bytes int64) string { return units.HumanSize(float64(bytes)) }
	var parts []string
	for _, k := range kinds {
		if k.Bytes > 0 {
			part := fmt.Sprintf("%s of %s", size(k.Bytes), kindName(k.Kind))
			if !k.Oldest.IsZero() {
				part += fmt.Sprintf(" (the oldest from %s)", since(k.Oldest))
			}
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return size(total)
	}
	return size(total) + ": " + strings.Join(parts, ", ")
}

// kindNames say for people what BuildKit calls the parts of a cache.
var kindNames = map[client.UsageRecordType]string{
	client.UsageRecordTypeRegular:     "steps and images",
	client.UsageRecordTypeLocalSource: "contexts",
	client.UsageRecordTypeGitCheckout: "git repositories",
	client.UsageRecordTypeCacheMount:  "cache mounts",
	client.UsageRecordTypeFrontend:    "front ends",
	client.UsageRecordTypeInternal:    "the engine's own",
}

func kindName(kind string) string { return cmp.Or(kindNames[client.UsageRecordType(kind)], kind) }

// historyOf counts the builds that are remembered; nil if that cannot be said.
func historyOf() *kept {
	dir, err := history.Dir()
	if err != nil {
		return nil
	}
	builds, bytes, err := history.Store{Dir: dir}.Forget(time.Now(), true)
	if err != nil {
		return nil
	}
	return &kept{dir, builds, bytes}
}
