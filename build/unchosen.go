package build

import (
	"context"
	"io/fs"
	"slices"
	"sync/atomic"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/tonistiigi/fsutil"
	"google.golang.org/grpc/metadata"
)

// An unchosenFS is the context of a build for which nobody has chosen one. It cannot be listed, so
// that the build fails instead of copying nothing.
type unchosenFS struct {
	fsutil.FS
	err   error
	asked atomic.Bool // somebody wanted to list it
}

// Walk implements [fsutil.FS]. It lets front ends look for an ignore file, which they do before they
// know whether the build needs any file, and there is none.
func (u *unchosenFS) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	asked, _ := metadata.FromIncomingContext(ctx)
	for _, key := range []string{"followpaths", "include-patterns"} { // of BuildKit's session/filesync
		if slices.Equal(asked.Get(key), []string{dockerui.DefaultDockerignoreName}) {
			return u.FS.Walk(ctx, target, fn)
		}
	}
	u.asked.Store(true)
	return u.err
}

// unchosenFailure is the failure of a build that asked for files although nobody has chosen a context;
// nil if it did not ask. The first instruction that takes files is at fault.
func (r *Request) unchosenFailure(ctx context.Context) *Failure {
	if r.unchosen == nil || !r.unchosen.asked.Load() {
		return nil
	}
	fail := &Failure{Code: "build", Message: r.unchosen.err.Error()}
	platform := ""
	if len(r.Platforms) > 0 {
		platform = r.Platforms[0]
	}
	need, err := dockerfile.Parse(r.Dockerfile).ContextNeed(ctx, dockerfile.Given{Target: r.Target, Args: r.BuildArgs, Platform: platform, Images: r.Known})
	if err == nil && len(need.Uses) > 0 {
		fail.Lines = &need.Uses[0].Lines
	}
	return fail
}
