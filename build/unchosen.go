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

// unchosenFS stands for the context of a build that has none. It cannot be listed, so that
// nothing is copied from it in silence.
type unchosenFS struct {
	fsutil.FS
	err   error
	asked atomic.Bool // for its files
}

// Walk implements [fsutil.FS]. Front ends look for an ignore file before they know whether
// any file is needed: there is none.
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

// unchosenFailure is that of a build that asked for files of a context which nobody chose;
// nil if it did not. It stands at the first instruction that takes some.
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
