package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"

	"github.com/buildls/buildls/build/engine/docker"
	"github.com/buildls/buildls/build/engine/embedded"
)

// Docker is the Docker engine at an endpoint.
func Docker(at docker.Endpoint) Engine { return dockerEngine{at: at} }

type dockerEngine struct {
	at      docker.Endpoint
	builder string // the buildx builder that names it, if one does
	start   string // what starts the desktop program whose engine it is, in words; empty for others
}

func (e dockerEngine) Info() Info {
	info := Info{Name: "docker", Address: e.at.Host, Context: e.at.Context, Builder: e.builder, ImageStore: true}
	if e.builder != "" {
		info.Driver = "docker"
	}
	return info
}

func (e dockerEngine) Connect(ctx context.Context, _ func(string)) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	d, err := e.connect(ctx)
	if err != nil {
		return nil, unavailable(ctx, e.Info(), err, e.mend(err))
	}
	info := e.Info()
	info.Version = d.Version
	info.Platforms = []string{d.Platform}
	info.MultiPlatform = d.Containerd
	workers, _ := d.Client.ListWorkers(ctx) // what a failure is about, the build says
	info.Frontend = frontendOf(workers, d.Version)
	return &Conn{Client: d.Client, Info: info, docker: e.at}, nil
}

func (e dockerEngine) connect(ctx context.Context) (*docker.Engine, error) {
	if err := probe(ctx, e.at.Host); err != nil {
		return nil, err
	}
	return docker.Connect(ctx, e.at)
}

// Embedded is BuildKit in a child process of this product.
func Embedded() Engine { return embeddedEngine{} }

type embeddedEngine struct {
	config string // the file of its configuration, see [Pool.Configure]
	looked bool   // somebody only looks: its configuration need not count yet
}

// paths are its places.
func (e embeddedEngine) paths() (embedded.Paths, error) {
	paths, err := embedded.DefaultPaths()
	paths.Config = e.config
	return paths, err
}

// check is nil if the engine could run, with its configuration.
func (e embeddedEngine) check() error {
	if err := embedded.Check(); err != nil {
		return err
	}
	paths, err := e.paths()
	if err == nil {
		err = paths.Check()
	}
	if err == nil {
		_, err = e.asking(context.Background())
	}
	return err
}

// asking is the context of a build's first call to the engine, which sees to it that its
// configuration counts. The error is an *UnavailableError.
func (e embeddedEngine) asking(ctx context.Context) (context.Context, error) {
	paths, err := e.paths()
	if err != nil { // it is not to be had here, which Connect says
		return ctx, nil
	}
	asking, err := embedded.Wishing(ctx, paths)
	if err != nil {
		return nil, &UnavailableError{Info: e.Info(), Err: err}
	}
	if e.looked {
		return ctx, nil
	}
	return asking, nil
}

func (embeddedEngine) Info() Info {
	info := Info{Name: "embedded"}
	if p, err := embedded.DefaultPaths(); err == nil {
		info.Address = "unix://" + p.Socket
	}
	return info
}

// idle says whether the engine does not run; the error, an *UnavailableError, says why it cannot be
// started then.
func (e embeddedEngine) idle(ctx context.Context) (bool, error) {
	paths, err := e.paths()
	if err == nil && embedded.Running(ctx, paths) {
		return false, nil
	}
	if err = e.check(); err != nil && !errors.As(err, new(*UnavailableError)) {
		err = &UnavailableError{Info: e.Info(), Err: err}
	}
	return true, err
}

func (e embeddedEngine) Connect(ctx context.Context, report func(string)) (*Conn, error) {
	if err := embedded.Check(); err != nil {
		return nil, &UnavailableError{Info: e.Info(), Err: err}
	}
	paths, err := e.paths()
	if err != nil {
		return nil, &UnavailableError{Info: e.Info(), Err: err}
	}
	connect := embedded.Connect
	if e.looked {
		connect = embedded.Look
	}
	c, err := connect(ctx, paths, report)
	if err != nil {
		return nil, unavailable(ctx, e.Info(), err, "")
	}
	conn, err := greet(ctx, c, e.Info())
	if err != nil {
		return nil, unavailable(ctx, e.Info(), err, "")
	}
	return conn, nil
}

// greet asks a BuildKit who it is. Engines older than 0.11 cannot say their
// version, but answer.
func greet(ctx context.Context, c *client.Client, info Info) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		c.Close()
		return nil, err
	}
	if len(workers) > 0 { // the first is the one that builds
		for _, p := range workers[0].Platforms {
			info.Platforms = append(info.Platforms, platforms.Format(p))
		}
	}
	bi, err := c.Info(ctx)
	if err == nil {
		info.Version = strings.TrimPrefix(bi.BuildkitVersion.Version, "v")
	} else if grpcerrors.Code(err) != codes.Unimplemented {
		c.Close()
		return nil, err
	}
	info.Frontend = cmp.Or(frontendOf(workers, ""), broughtBy(info.Version))
	return &Conn{Client: c, Info: info}, nil
}

// unavailable wraps an error of connecting, unless it was the caller who gave up.
func unavailable(ctx context.Context, info Info, err error, mend string) error {
	if cause := context.Cause(ctx); cause != nil && cause != context.DeadlineExceeded {
		return fmt.Errorf("connecting to %s: %w", info, cause)
	}
	return &UnavailableError{Info: info, Err: err, Mend: mend}
}
