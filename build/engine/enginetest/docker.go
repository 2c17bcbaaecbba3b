package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// newDocker starts a Docker engine with a containerd and a bridge of its own. If
// left to itself, dockerd would use those of the machine's own engine.
func newDocker(program, version string, opts []Option) (*Daemon, error) {
	h, err := newHome()
	if err != nil {
		return nil, err
	}
	d, err := describeDocker(h, program, version, settingsOf(opts))
	if err != nil {
		return nil, errors.Join(err, h.remove())
	}
	return begin(d)
}

func describeDocker(h *home, program, version string, with settings) (*Daemon, error) {
	bin := filepath.Dir(program)
	cli := filepath.Join(bin, "..", "..", "docker-28")
	if err := h.addBridge(); err != nil {
		return nil, err
	}
	if err := writeDockerFiles(h, cli, with); err != nil {
		return nil, err
	}
	driver := storageDriver(h.canOverlay(), with.containerdStore)
	args := []string{
		program,
		"--config-file", h.path("daemon.json"),
		"--host", "unix://" + h.path("s"),
		"--containerd", h.path("c.sock"),
		"--data-root", h.path("d"),
		"--exec-root", h.path("x"),
		"--pidfile", h.path("pid"),
		"--bridge", h.bridge(),
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
		"--exec-opt", "native.cgroupdriver=cgroupfs",
		"--storage-driver", driver,
	}
	return &Daemon{
		Address: "unix://" + h.path("s"),
		Name:    "docker " + version,
		Log:     h.path("log"),
		home:    h,
		settings: []string{
			"DOCKER_HOST=unix://" + h.path("s"),
			"DOCKER_CONFIG=" + h.path("config"),
			"DOCKER_CONTEXT=", "DOCKER_TLS_VERIFY=", "DOCKER_CERT_PATH=", "DOCKER_API_VERSION=",
			"BUILDKIT_HOST=", "BUILDX_BUILDER=", "BUILDX_CONFIG=", "BUILDLS_ENGINE=",
			"PATH=" + onPath(filepath.Join(cli, "cli")),
		},
		helper: []string{
			filepath.Join(bin, "containerd"),
			"--config", h.path("containerd.toml"),
			"--address", h.path("c.sock"),
			"--root", h.path("c"),
			"--state", h.path("r"),
			"--log-level", "warn",
		},
		argv:    append(args, with.args...),
		path:    bin,
		answers: dockerAnswers,
	}, nil
}

func storageDriver(overlay, containerdStore bool) string {
	switch {
	case overlay && containerdStore:
		return "overlayfs"
	case overlay:
		return "overlay2"
	case containerdStore:
		return "native"
	}
	return "vfs"
}

// writeDockerFiles writes the configurations, so that none of the machine's is
// read: of the daemon, of its containerd, and of the docker command.
func writeDockerFiles(h *home, cli string, with settings) error {
	daemon := "{}"
	if with.containerdStore {
		daemon = `{"features": {"containerd-snapshotter": true}}`
	}
	// The plugin for Kubernetes would want folders of the machine's.
	containerd := `version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
`
	if err := os.Mkdir(h.path("config"), 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(h.path("daemon.json"), []byte(daemon), 0o600),
		os.WriteFile(h.path("containerd.toml"), []byte(containerd), 0o600),
		os.WriteFile(h.path("config", "config.json"), []byte("{}"), 0o600),
		os.Symlink(filepath.Join(cli, "cli-plugins"), h.path("config", "cli-plugins")),
	)
}

// dockerAnswers asks the engine for its version.
func dockerAnswers(ctx context.Context, d *Daemon) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.home.path("s"))
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/version", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /version: %s", response.Status)
	}
	var answer struct{ Version string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("GET /version: %w", err)
	}
	d.Version = answer.Version
	return nil
}
