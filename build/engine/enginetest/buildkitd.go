package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bkclient "github.com/moby/buildkit/client"
)

// newBuildkitd starts a buildkitd that runs steps with the machine's runc, in the
// network of the machine.
func newBuildkitd(program string, opts []Option) (*Daemon, error) {
	h, err := newHome()
	if err != nil {
		return nil, err
	}
	config := h.path("buildkitd.toml")
	if err := os.WriteFile(config, nil, 0o600); err != nil { // else the machine's is read
		return nil, errors.Join(err, h.remove())
	}
	snapshotter := "native"
	if h.canOverlay() {
		snapshotter = "overlayfs"
	}
	args := []string{
		program,
		"--config", config,
		"--root", h.path("d"),
		"--addr", "unix://" + h.path("s"),
		"--otel-socket-path", h.path("otel"),
		"--containerd-worker=false",
		"--oci-worker=true",
		"--oci-worker-net=host",
		"--oci-worker-binary=runc",
		"--oci-worker-snapshotter=" + snapshotter,
	}
	with := settingsOf(opts)
	remote := ""
	if with.remote {
		address, err := h.addNamespace()
		if err != nil {
			return nil, errors.Join(err, h.remove())
		}
		remote = "tcp://" + address + ":1234"
		args = append([]string{"nsenter", "--net=/run/netns/" + h.bridge()}, append(args, "--addr", remote)...)
	}
	return begin(&Daemon{
		Address: "unix://" + h.path("s"),
		Name:    "buildkitd",
		Log:     h.path("log"),
		Remote:  remote,
		home:    h,
		settings: []string{
			"BUILDKIT_HOST=unix://" + h.path("s"),
			"BUILDX_BUILDER=", "BUILDLS_ENGINE=",
			"PATH=" + onPath(filepath.Dir(program)),
		},
		argv:    append(args, with.args...),
		answers: buildkitdAnswers,
	})
}

// buildkitdAnswers asks for the version, and whether a worker can build yet.
func buildkitdAnswers(ctx context.Context, d *Daemon) error {
	c, err := bkclient.New(ctx, d.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		return err
	}
	if len(workers) == 0 {
		return fmt.Errorf("no worker yet")
	}
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	d.Version = info.BuildkitVersion.Version
	return nil
}
