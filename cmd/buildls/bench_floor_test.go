package main

import (
	"context"
	"testing"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// BenchmarkFloor is a cached build against what BuildKit itself takes for it: the bare solve of a
// client that is connected already, which tells nobody.
func BenchmarkFloor(b *testing.B) {
	d := enginetest.Buildkitd(b)
	_, dir, build := cachedBuild(b, buildkitdSite(d))
	pairs(b, build, bareBuild(b, d, dir, true))
	tellPairs(b, "cached build, against BuildKit alone", "a bare solve, unrecorded", 0)
}

// BenchmarkFloorOfHistory is that bare solve against one of which the engine keeps a record.
func BenchmarkFloorOfHistory(b *testing.B) {
	d := enginetest.Buildkitd(b)
	_, dir, _ := cachedBuild(b, buildkitdSite(d))
	pairs(b, bareBuild(b, d, dir, true), bareBuild(b, d, dir, false))
	tellPairs(b, "BuildKit alone, cached build without a record", "with one", 0)
}

func bareBuild(b *testing.B, d *enginetest.Daemon, dir string, unrecorded bool) func() {
	c, err := client.New(b.Context(), d.Address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	files, err := fsutil.NewFS(dir)
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		opt := client.SolveOpt{LocalMounts: map[string]fsutil.FS{"dockerfile": files, "context": files}, Internal: unrecorded}
		solve := func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
			return g.Solve(ctx, gateway.SolveRequest{Frontend: "dockerfile.v0"})
		}
		if _, err := c.Build(b.Context(), opt, "buildls-bench", solve, nil); err != nil {
			b.Fatal(err)
		}
	}
}
