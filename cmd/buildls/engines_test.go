package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A site is an engine that tests build on.
type site struct {
	name   string
	engine string   // as the result spells it
	env    []string // that makes buildls choose it
	store  bool     // it keeps images
	old    bool     // BuildKit of Docker 20.10
	docker *enginetest.Daemon
}

// onEachEngine runs a test on all engines that buildls builds on.
func onEachEngine(t *testing.T, test func(t *testing.T, s site)) {
	t.Run("embedded", func(t *testing.T) { test(t, embeddedSite(t)) })
	t.Run("buildkitd", func(t *testing.T) { test(t, buildkitdSite(enginetest.Buildkitd(t))) })
	t.Run("docker-20.10", func(t *testing.T) { test(t, dockerSite(enginetest.Docker(t, "20.10"), "20.10")) })
	t.Run("docker-28", func(t *testing.T) { test(t, dockerSite(enginetest.Docker(t, "28"), "28")) })
}

func buildkitdSite(d *enginetest.Daemon) site {
	return site{name: "buildkitd", engine: d.Address, env: []string{"BUILDKIT_HOST=" + d.Address}}
}

func dockerSite(d *enginetest.Daemon, version string) site {
	return site{name: "docker-" + version, engine: "docker", env: []string{"DOCKER_HOST=" + d.Address}, store: true, old: version == "20.10", docker: d}
}

// embeddedDirs holds the embedded engine that the tests of this process share.
var embeddedDirs = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "bls") })

func embeddedSite(t testing.TB) site {
	t.Helper()
	_, err := exec.LookPath("runc")
	enginetest.Need(t, "runc and root", err == nil && runtime.GOOS == "linux" && os.Geteuid() == 0, "apt-get install runc")
	enginetest.Dir(t)
	dir, err := embeddedDirs()
	if err != nil {
		t.Fatal(err)
	}
	return site{name: "embedded", engine: "embedded", env: []string{"BUILDLS_ENGINE=embedded", "XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}}
}

// endEmbedded ends the shared embedded engine by its pid, and removes what it leaves.
func endEmbedded() {
	dir, err := embeddedDirs()
	if err != nil {
		return
	}
	if pid := embeddedPid(dir); pid > 0 {
		syscall.Kill(pid, syscall.SIGTERM)
		awaitDeath(pid)
	}
	os.RemoveAll(dir)
}

// embeddedPid is the process of the embedded engine below dir, 0 if there is none.
func embeddedPid(dir string) int {
	data, err := os.ReadFile(filepath.Join(dir, "buildls", "engine", "engine.lock"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, _ := strconv.Atoi(first)
	if syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}
