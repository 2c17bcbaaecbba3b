// Package docker connects to the BuildKit inside a Docker engine, through the
// engine's /grpc and /session routes, and to one that runs in a container of it, and
// loads images. Which engine that is, the environment and Docker's contexts say. It is
// the only package that knows the Docker client library, whose successor is
// github.com/moby/moby/client.
//
// It only reads what Docker's own tools have written.
package docker

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	docker "github.com/docker/docker/client"
	"github.com/moby/buildkit/client"
)

// An Engine is a Docker engine that answered.
type Engine struct {
	Client  *client.Client // its BuildKit
	Version string         // e.g. "28.5.2"
	// Containerd says that images are kept in containerd's image store, which
	// holds several platforms under one name.
	Containerd bool
	// Platform is the engine's own, e.g. "linux/amd64".
	Platform string
}

// Connect asks the engine who it is and returns its BuildKit client, which its owner
// closes. Bounded by ctx.
func Connect(ctx context.Context, e Endpoint) (*Engine, error) {
	c, err := e.client(nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	info, err := c.Info(ctx)
	if err != nil {
		return nil, err
	}
	if info.OSType != "" && info.OSType != "linux" {
		return nil, fmt.Errorf("it runs %s containers, and BuildKit builds Linux ones there", info.OSType)
	}
	bk, err := client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return e.hijack(ctx, func(c *docker.Client) (net.Conn, error) { return c.DialHijack(ctx, "/grpc", "h2c", nil) })
		}),
		client.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return e.hijack(ctx, func(c *docker.Client) (net.Conn, error) { return c.DialHijack(ctx, "/session", proto, meta) })
		}))
	if err != nil {
		return nil, err
	}
	containerd := slices.Contains(info.DriverStatus, [2]string{"driver-type", "io.containerd.snapshotter.v1"})
	return &Engine{Client: bk, Version: info.ServerVersion, Containerd: containerd, Platform: info.OSType + "/" + goarch(info.Architecture)}, nil
}

// client is a client of the engine's API. wrap, which may be nil, stands around its dialer.
func (e Endpoint) client(wrap func(dialer) dialer) (*docker.Client, error) {
	dial, host, err := e.dialer()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	opts := []docker.Opt{docker.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: docker.CheckRedirect}),
		docker.WithHost(host), docker.WithAPIVersionNegotiation()}
	if dial != nil { // it does TLS too, so that the library speaks plain HTTP over it
		if wrap != nil {
			dial = wrap(dial)
		}
		opts = append(opts, docker.WithDialContext(dial))
	}
	c, err := docker.NewClientWithOpts(opts...)
	if err != nil {
		return nil, err
	}
	transport.Proxy = nil // hijacked streams would not go through it
	return c, nil
}

// hijack has a stream opened by a client of its own. The library waits for the engine's
// consent without heeding ctx; here ctx ends that wait.
func (e Endpoint) hijack(ctx context.Context, open func(*docker.Client) (net.Conn, error)) (net.Conn, error) {
	var mu sync.Mutex
	var stops []func() bool
	c, err := e.client(func(dial dialer) dialer {
		return func(dialCtx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(dialCtx, network, addr)
			if err == nil {
				mu.Lock()
				stops = append(stops, context.AfterFunc(ctx, func() { conn.Close() }))
				mu.Unlock()
			}
			return conn, err
		}
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	conn, err := open(c)
	mu.Lock()
	defer mu.Unlock()
	for _, stop := range stops {
		stop()
	}
	if err == nil && ctx.Err() != nil {
		conn.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// goarch is Go's name for a kernel's machine name.
func goarch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	default:
		return machine
	}
}
