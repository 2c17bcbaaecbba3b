//go:build linux && !portable

package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// clearAftermath ends and removes what an engine that did not shut down in order left
// below root: the steps that still run, their mounts and their bundles. The caller
// holds root's lock, so none of it belongs to a living engine.
func clearAftermath(ctx context.Context, root, runc string) error {
	left := bundles(root)
	for _, bundle := range left {
		if err := deleteContainer(ctx, runc, bundle); err != nil {
			logrus.WithError(err).Warnf("could not end what is left of the step in %s", bundle)
		}
	}
	// A directory is removed only when nothing is mounted below it any more: else a
	// snapshot or somebody's cache mount would be emptied through the mount.
	if err := unmountBelow(root); err != nil {
		return err
	}
	for _, bundle := range left {
		if err := os.RemoveAll(bundle); err != nil {
			return fmt.Errorf("removing what a dead engine left: %w", err)
		}
	}
	if err := os.RemoveAll(tempDir(root)); err != nil {
		return fmt.Errorf("removing what a dead engine left: %w", err)
	}
	return nil
}

// tempDir is TMPDIR of the engine. BuildKit mounts snapshots and writes secrets there;
// below root they are found again after a crash.
func tempDir(root string) string { return filepath.Join(root, "tmp") }

// workerPrefix begins the names of the workers' directories: one per kind of
// snapshotter, of which one is in use.
const workerPrefix = "runc-"

// bundles are the directories of the steps that run, or ran when the engine died. The
// runc executor makes one per container, named by the container's id; its other entries
// are files.
func bundles(root string) []string {
	var dirs []string
	workers, _ := os.ReadDir(root)
	for _, worker := range workers {
		if !strings.HasPrefix(worker.Name(), workerPrefix) {
			continue
		}
		executor := filepath.Join(root, worker.Name(), "executor")
		entries, _ := os.ReadDir(executor)
		for _, entry := range entries {
			if entry.IsDir() {
				dirs = append(dirs, filepath.Join(executor, entry.Name()))
			}
		}
	}
	return dirs
}

// deleteContainer kills the container of a bundle, all its processes with it, and
// forgets it. runc keeps its state outside root, in one place for all its users, so it
// must say that the container is this bundle's.
func deleteContainer(ctx context.Context, runc, bundle string) error {
	id := filepath.Base(bundle)
	out, err := exec.CommandContext(ctx, runc, "state", id).Output()
	if err != nil {
		return nil // no such container: it ended, or never began
	}
	var state struct{ Bundle string }
	if err := json.Unmarshal(out, &state); err != nil {
		return fmt.Errorf("runc state %s: %w", id, err)
	}
	if state.Bundle != bundle {
		return fmt.Errorf("runc knows container %s by another bundle, %s", id, state.Bundle)
	}
	logrus.Infof("ending container %s, left by an engine that died", id)
	if out, err := exec.CommandContext(ctx, runc, "delete", "--force", id).CombinedOutput(); err != nil {
		return fmt.Errorf("runc delete --force %s: %w: %s", id, err, out)
	}
	return nil
}

// unmountBelow detaches the mounts that BuildKit makes below root, the latest first.
// Root itself, or the snapshots in it, may well be a disk of its own.
func unmountBelow(root string) error {
	mounts, err := mountinfo.GetMounts(mountinfo.PrefixFilter(root))
	if err != nil {
		return fmt.Errorf("reading the mounts: %w", err)
	}
	for _, m := range slices.Backward(mounts) {
		if !isBuildKitMount(root, m.Mountpoint) {
			continue
		}
		if err := unix.Unmount(m.Mountpoint, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			return fmt.Errorf("unmounting %s, left by an engine that died: %w", m.Mountpoint, err)
		}
	}
	return nil
}

func isBuildKitMount(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return false
	}
	parts := strings.Split(rel, string(filepath.Separator))
	if parts[0] == "tmp" {
		return len(parts) > 1
	}
	return strings.HasPrefix(parts[0], workerPrefix) && len(parts) > 2 && (parts[1] == "executor" || parts[1] == "cachemounts")
}
