package lint

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"sync"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/dockerfile"
)

// ignoring is the front end's view of a build context with some .dockerignore: BuildKit's
// rule about copying ignored files asks for it there.
type ignoring struct {
	content []byte
	client  *dockerui.Client
}

// A .dockerignore that is larger counts as none: each line costs a matcher.
const maxIgnoreLines, maxIgnoreBytes = 10_000, 1 << 20

// set has the context hold a .dockerignore. One that cannot be read counts as none: what
// is wrong with it is for others to say (see [File]).
func (i *ignoring) set(content []byte) {
	if bytes.Count(content, []byte("\n")) > maxIgnoreLines || len(content) > maxIgnoreBytes {
		content = nil // what it says of COPY is left to a build
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(content))
	if err == nil {
		_, err = patternmatcher.New(patterns)
	}
	if err != nil {
		content = nil
	}
	if i.client == nil || !bytes.Equal(i.content, content) {
		i.content = bytes.Clone(content)
		i.client = newClient(contextWith{ignore: i.content})
	}
}

// errBeforeDispatch ends a conversion before BuildKit looks into the stages.
var errBeforeDispatch = errors.New("the stages are not looked into")

// beforeDispatch is a client that ends a conversion where it asks for the .dockerignore,
// which is the first thing that it does when the stages hang together.
var beforeDispatch = sync.OnceValue(func() *dockerui.Client { return newClient(contextWith{err: errBeforeDispatch}) })

// newClient panics if BuildKit does not take what is written here.
func newClient(c contextWith) *dockerui.Client {
	client, err := dockerui.NewClient(c)
	if err != nil {
		panic(err)
	}
	return client
}

// contextWith is a gateway to a build context in which there is a .dockerignore and
// nothing else. The front end asks it for that file alone while it lints.
type contextWith struct {
	gateway.Client // nil: whatever else is asked for is a defect, and recovered
	ignore         []byte
	err            error
}

func (c contextWith) BuildOpts() gateway.BuildOpts {
	return gateway.BuildOpts{Opts: map[string]string{}, Workers: []gateway.WorkerInfo{{Platforms: []ocispecs.Platform{defaultPlatform()}}}, LLBCaps: dockerfile.AllCaps(), Caps: gwpb.Caps.CapSet(nil)}
}

func (c contextWith) Solve(context.Context, gateway.SolveRequest) (*gateway.Result, error) {
	if c.err != nil {
		return nil, c.err
	}
	res := gateway.NewResult()
	res.SetRef(contextRef(c))
	return res, nil
}

// defaultPlatform is what a build is for that names no platform: engines run on Linux, wherever
// their author is.
func defaultPlatform() ocispecs.Platform {
	here := platforms.DefaultSpec()
	here.OS, here.OSVersion, here.OSFeatures = "linux", "", nil
	return platforms.Normalize(here)
}

type contextRef struct {
	gateway.Client
	ignore []byte
	err    error
}

func (r contextRef) ReadFile(_ context.Context, req gateway.ReadRequest) ([]byte, error) {
	if req.Filename == dockerui.DefaultDockerignoreName {
		return r.ignore, nil
	}
	return nil, fs.ErrNotExist
}

func (r contextRef) StatFile(_ context.Context, req gateway.StatRequest) (*fstypes.Stat, error) {
	if req.Path == dockerui.DefaultDockerignoreName {
		return &fstypes.Stat{Path: req.Path, Size: int64(len(r.ignore))}, nil
	}
	return nil, fs.ErrNotExist
}

func (contextRef) ReadDir(context.Context, gateway.ReadDirRequest) ([]*fstypes.Stat, error) {
	return nil, fs.ErrNotExist
}
func (contextRef) Evaluate(context.Context) error { return nil }
func (contextRef) ToState() (llb.State, error)    { return llb.Scratch(), nil }
