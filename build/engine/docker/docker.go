// Package docker connects to the BuildKit inside a Docker engine, through the
// engine's /grpc and /session routes. It is the only file that knows the Docker
// client library, whose successor is github.com/moby/moby/client.
package docker

import (
	"context"
	"fmt"
	"net"
	"slices"

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

// Host is the address that the environment and defaults choose: $DOCKER_HOST,
// else the system's default socket.
func Host() string {
	c, err := docker.NewClientWithOpts(docker.WithHostFromEnv())
	if err != nil {
		return docker.DefaultDockerHost
	}
	return c.DaemonHost()
}

// Connect asks the engine at host (unix://, tcp:// or npipe://) who it is and
// returns its BuildKit client, which its owner closes. TLS follows $DOCKER_TLS_VERIFY and
// $DOCKER_CERT_PATH. Bounded by ctx.
func Connect(ctx context.Context, host string) (*Engine, error) {
	c, err := docker.NewClientWithOpts(docker.WithTLSClientConfigFromEnv(), docker.WithHost(host), docker.WithAPIVersionNegotiation())
	if err != nil {
		return nil, err
	}
	defer c.Close() // only its dialer is used from here on
	info, err := c.Info(ctx)
	if err != nil {
		return nil, err
	}
	if info.OSType != "" && info.OSType != "linux" {
		return nil, fmt.Errorf("it runs %s containers, and BuildKit builds Linux ones there", info.OSType)
	}
	bk, err := client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return c.DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		client.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return c.DialHijack(ctx, "/session", proto, meta)
		}))
	if err != nil {
		return nil, err
	}
	containerd := slices.Contains(info.DriverStatus, [2]string{"driver-type", "io.containerd.snapshotter.v1"})
	return &Engine{Client: bk, Version: info.ServerVersion, Containerd: containerd, Platform: info.OSType + "/" + goarch(info.Architecture)}, nil
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
