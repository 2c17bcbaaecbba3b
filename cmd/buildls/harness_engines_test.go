package main

import (
	"context"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine/docker"
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

// An engineKind are engines that a client speaks to alike: by their BuildKit, or by Docker's API.
type engineKind []engineOfKind

type engineOfKind struct {
	name string
	at   func(testing.TB) site
}

func engineKinds() []engineKind {
	byBuildKit := engineKind{{"buildkitd", func(t testing.TB) site { return buildkitdSite(enginetest.Buildkitd(t)) }}}
	if !portable && wineRoot == "" {
		byBuildKit = append(byBuildKit, engineOfKind{"embedded", embeddedSite})
	}
	byDocker := engineKind{{"docker-28", func(t testing.TB) site { return dockerSite(enginetest.Docker(t, "28"), "28") }}}
	if wineRoot == "" { // what Windows sends an old one is no other
		byDocker = append(byDocker, engineOfKind{"docker-20.10", func(t testing.TB) site { return dockerSite(enginetest.Docker(t, "20.10"), "20.10") }})
	}
	return []engineKind{byBuildKit, byDocker}
}

// onEachEngine runs a test on all engines that buildls builds on, side by side: it is alone
// on each. They begin when the test that calls has returned.
func onEachEngine(t *testing.T, test func(t *testing.T, s site)) {
	for _, kind := range engineKinds() {
		for _, e := range kind {
			e.run(t, test)
		}
	}
}

// onEachKind is onEachEngine for a test that takes seconds on each: of the engines of a kind it
// runs on one, always the same, which its name chooses. Only a long run, as at night, has all.
func onEachKind(t *testing.T, test func(t *testing.T, s site)) {
	if enginetest.Long() {
		onEachEngine(t, test)
		return
	}
	choice := crc32.ChecksumIEEE([]byte(t.Name()))
	for i, kind := range engineKinds() {
		kind[int(choice>>i)%len(kind)].run(t, test)
	}
}

func (e engineOfKind) run(t *testing.T, test func(t *testing.T, s site)) {
	t.Run(e.name, func(t *testing.T) {
		t.Parallel()
		test(t, e.at(t))
	})
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
	if wineRoot != "" { // for tests that any engine would do for
		return buildkitdSite(enginetest.Buildkitd(t))
	}
	_, err := exec.LookPath("runc")
	enginetest.Need(t, "runc and root", err == nil && runtime.GOOS == "linux" && os.Geteuid() == 0, "apt-get install runc")
	enginetest.Dir(t)
	dir, err := embeddedDirs()
	if err != nil {
		t.Fatal(err)
	}
	return site{name: "embedded", engine: "embedded", env: embeddedIn(dir)}
}

// embeddedIn has buildls choose the embedded engine, below a folder.
func embeddedIn(dir string) []string {
	return []string{"BUILDLS_ENGINE=embedded", "XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}
}

// shippedIn is embeddedIn for tests that start engines again and again. Their processes are those of the program
// as it is shipped, if make test names that: with the race detector, which the shared engine has, they
// begin in thrice the time.
func shippedIn(dir string) []string {
	env := embeddedIn(dir)
	if shipped := os.Getenv("BUILDLS_TEST_PROGRAM"); shipped != "" {
		env = append(env, "BUILDLS_ENGINE_PROGRAM="+shipped)
	}
	return env
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

// client is one of the engine's BuildKit, as the engine's own tools have it.
func (s site) client(t *testing.T) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var c *client.Client
	var err error
	if s.docker != nil {
		d, failed := docker.Connect(ctx, docker.Endpoint{Host: s.docker.Address})
		if failed != nil {
			t.Fatal(failed)
		}
		c = d.Client
	} else {
		address := s.engine
		if s.engine == "embedded" {
			dir, _ := embeddedDirs()
			address = "unix://" + filepath.Join(dir, "buildls", "engine.sock")
		}
		if c, err = client.New(ctx, address); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// prune empties the engine's cache.
func (s site) prune(t *testing.T) {
	t.Helper()
	s.pruneOnly(t, nil)
}

// pruneSteps empties the engine's cache, except for that of mounts.
func (s site) pruneSteps(t *testing.T) {
	t.Helper()
	s.pruneOnly(t, []string{"type==regular"})
}

// pruneOnly gives an engine that has just built a moment to let go of what it used. What it goes
// on using stays.
func (s site) pruneOnly(t *testing.T, filter []string) {
	t.Helper()
	c := s.client(t)
	for late := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err := c.Prune(t.Context(), nil, client.WithFilter(filter), client.PruneAll); err != nil {
			t.Fatal(err)
		}
		left, err := c.DiskUsage(t.Context(), client.WithFilter(filter))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 || time.Now().After(late) {
			return
		}
	}
}

// base is the FROM line that the tests build on.
func base(t *testing.T) string { return "FROM " + enginetest.Registry(t) + "/base\n" }

// ownEmbedded is an embedded engine that no other test uses, below a folder.
func ownEmbedded(t *testing.T) (site, string) {
	s, dir := embeddedSite(t), t.TempDir()
	s.env = shippedIn(dir)
	t.Cleanup(func() {
		if pid := embeddedPid(dir); pid > 0 {
			syscall.Kill(pid, syscall.SIGTERM)
			awaitDeath(pid)
		}
	})
	return s, dir
}
