//go:build linux && !portable

package daemon

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v, want mode 0600", info, err)
	}
	if _, err := listen(path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a socket on which somebody answers was taken: %v", err)
	}
	first.Close() // leaves the file: it is stale now
	again, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()

	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen(file); err == nil {
		t.Error("a file that is no socket was replaced")
	}
	if _, err := net.Dial("unix", file); err == nil {
		t.Error("somebody listens on it")
	}
}

func TestOnlyBuildKitsMountsAreUndone(t *testing.T) {
	const root = "/data/engine"
	for path, want := range map[string]bool{
		root:                               false, // a disk of its own
		root + "/runc-overlayfs/snapshots": false, // likewise
		root + "/tmp":                      false, // a tmpfs, say
		root + "/runc-overlayfs/executor/abc/rootfs": true,
		root + "/runc-native/cachemounts/buildkit1":  true,
		root + "/tmp/buildkit-mount1":                true,
		root + "-other/tmp/x":                        false,
		"/":                                          false,
	} {
		if got := isBuildKitMount(root, path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
