// Package enginetest gives tests real engines to build on: Docker engines of
// two ages, a standalone buildkitd, and a registry that holds base images.
//
// The programs are made ready by .ci/test-engines; this package starts them,
// beside whatever runs on the machine already, and leaves nothing behind. It
// knows nothing of how buildls reaches an engine: it hands out addresses.
//
// A package whose tests share engines ends them in its TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }
package enginetest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Dir is the folder that .ci/test-engines filled, $BUILDLS_TEST_ENGINES. Where
// it is not set, the test is skipped.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("BUILDLS_TEST_ENGINES")
	Need(t, "test engines", dir != "", `"make test" makes them ready and sets BUILDLS_TEST_ENGINES; by hand it is .ci/test-engines`)
	return dir
}

// Need skips a test that lacks a part of the machine, naming the part and how
// to get it. Where everything is meant to be there, on CI with engines, a part
// that is missing is a failure: else nobody would notice.
func Need(t testing.TB, what string, ok bool, how string) {
	t.Helper()
	if ok {
		return
	}
	if os.Getenv("CI") == "true" && os.Getenv("BUILDLS_TEST_ENGINES") != "" {
		t.Fatalf("NEEDS %s, which CI must have: %s", what, how)
	}
	t.Skipf("SKIPPED, needs %s: %s", what, how)
}

// Long says whether tests take the time to try all that they can, as in a nightly run: with
// BUILDLS_TEST_LONG=true.
func Long() bool { return os.Getenv("BUILDLS_TEST_LONG") == "true" }

// Some is how many of n a long test makes: all in a Long run, else a tenth, and one at least.
func Some(n int) int {
	if Long() {
		return n
	}
	return max(1, n/10)
}

// Sample is what a long test takes of a list: Some, spread over all of it.
func Sample[T any](list []T) (some []T) {
	n := Some(len(list))
	for i := range min(n, len(list)) {
		some = append(some, list[i*len(list)/n])
	}
	return some
}

// Pairs says whether a long test that makes every pair of two lists makes that of i and j: all of them as
// a whole, else each of both lists with every second of the other.
func Pairs(i, j int) bool { return Long() || (i+j)%2 == 0 }

// Docker is the Docker engine of a version, "20.10" or "28". All tests of the
// process share it: who wants to kill or pause one starts a private one.
func Docker(t testing.TB, version string) *Daemon {
	t.Helper()
	program := dockerProgram(t, version)
	return shared(t, "docker "+version, func() (*Daemon, error) { return newDocker(program, version, nil) })
}

// StartDocker starts a Docker engine for one test, which ends it.
func StartDocker(t testing.TB, version string, opts ...Option) *Daemon {
	t.Helper()
	program := dockerProgram(t, version)
	return private(t, func() (*Daemon, error) { return newDocker(program, version, opts) })
}

// ContainerdDocker is a Docker engine 28 that keeps its images in containerd, as new
// installations do. All tests of the process share it.
func ContainerdDocker(t testing.TB) *Daemon {
	t.Helper()
	program := dockerProgram(t, "28")
	return shared(t, "docker 28 containerd", func() (*Daemon, error) { return newDocker(program, "28", []Option{WithContainerdStore()}) })
}

// Buildkitd is a standalone buildkitd: root, the OCI worker, the network of the
// host. All tests of the process share it.
func Buildkitd(t testing.TB) *Daemon {
	t.Helper()
	program := buildkitProgram(t)
	return shared(t, "buildkitd", func() (*Daemon, error) { return newBuildkitd(program, nil) })
}

// StartBuildkitd starts a buildkitd for one test, which ends it.
func StartBuildkitd(t testing.TB, opts ...Option) *Daemon {
	t.Helper()
	program := buildkitProgram(t)
	return private(t, func() (*Daemon, error) { return newBuildkitd(program, opts) })
}

// Registry is the host:port of a registry on loopback, which every engine takes
// as plain HTTP. All tests of the process share it. It holds:
//
//   - base:latest, for this machine's platform: a busybox with its applets;
//   - multi:latest, an index for linux/amd64 and linux/arm64. Both hold the
//     busybox of this machine, so that RUN works on either without an emulator,
//     and differ in /etc/arch.
func Registry(t testing.TB) string {
	t.Helper()
	program := need(t, "docker-registry", "bin")
	box := Busybox(t)
	return shared(t, "registry", func() (*Daemon, error) { return newRegistry(program, box) }).Address
}

// Busybox is the path of a busybox that is linked statically.
func Busybox(t testing.TB) string {
	t.Helper()
	return need(t, "busybox", "bin")
}

// Frontend is the path of BuildKit's Dockerfile front end, linked statically, as an
// image that "# syntax=" names holds it.
func Frontend(t testing.TB) string {
	t.Helper()
	return need(t, "dockerfile-frontend", "bin")
}

// Buildctl is the path of BuildKit's own command.
func Buildctl(t testing.TB) string {
	t.Helper()
	return need(t, "buildctl", "bin")
}

// Main is for TestMain: it runs the tests and ends the engines they shared, on an
// interrupt all of them. The answer is the exit status.
func Main(m *testing.M) int {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		endAll()
		os.Exit(1)
	}()
	code := m.Run()
	endAll()
	return code
}

// An Option changes how a private engine is started.
type Option func(*settings)

type settings struct {
	args            []string
	containerdStore bool
	remote          bool
}

// WithArgs adds flags to the daemon's command line.
func WithArgs(args ...string) Option {
	return func(s *settings) { s.args = append(s.args, args...) }
}

// WithContainerdStore has a Docker engine keep its images in containerd, as new
// installations do from version 29 on, and not in its own graph driver.
func WithContainerdStore() Option {
	return func(s *settings) { s.containerdStore = true }
}

// Remote has a buildkitd run in a network of its own, as if it were on another machine:
// see [Daemon.Remote]. Registries of this machine are not there.
func Remote() Option {
	return func(s *settings) { s.remote = true }
}

func settingsOf(opts []Option) settings {
	var s settings
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

// sharing holds the daemons that tests of this process share, by name.
var sharing struct {
	sync.Mutex
	byName map[string]*once
}

// A once starts its daemon at the first call; every later call has that answer.
type once struct {
	sync.Once
	daemon *Daemon
	err    error
}

// shared is the daemon of a name, started if this is the first to ask. Others who
// ask wait for that start alone, not for those of other daemons.
func shared(t testing.TB, name string, start func() (*Daemon, error)) *Daemon {
	t.Helper()
	sharing.Lock()
	if sharing.byName == nil {
		sharing.byName = map[string]*once{}
	}
	o := sharing.byName[name]
	if o == nil {
		o = &once{}
		sharing.byName[name] = o
	}
	sharing.Unlock()

	o.Do(func() { o.daemon, o.err = start() })
	if o.err != nil {
		t.Fatalf("starting %s: %v", name, o.err)
	}
	if !o.daemon.running() {
		t.Fatalf("the shared %s has ended; its log:\n%s", name, o.daemon.Tail())
	}
	return o.daemon
}

// living are the daemons that were not ended yet.
var living struct {
	sync.Mutex
	daemons map[*Daemon]bool
}

func endAll() {
	living.Lock()
	daemons := slices.Collect(maps.Keys(living.daemons))
	living.Unlock()
	for _, d := range daemons {
		if err := d.end(); err != nil {
			fmt.Fprintf(os.Stderr, "ending %s: %v\n", d.Name, err)
		}
	}
}

func private(t testing.TB, start func() (*Daemon, error)) *Daemon {
	t.Helper()
	d, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of %s ended so:\n%s", d.Name, d.Tail())
		}
		if err := d.end(); err != nil {
			t.Errorf("ending %s: %v", d.Name, err)
		}
	})
	return d
}

// need is the path of a program below Dir, which must be there.
func need(t testing.TB, program string, below ...string) string {
	t.Helper()
	path := filepath.Join(append(append([]string{Dir(t)}, below...), program)...)
	_, err := os.Stat(path)
	Need(t, program, err == nil, ".ci/test-engines says why it could not be made ready")
	return path
}

func dockerProgram(t testing.TB, version string) string {
	t.Helper()
	program := need(t, "dockerd", "docker-"+version, "bin")
	need(t, "docker", "docker-28", "cli")
	needMachine(t)
	return program
}

func buildkitProgram(t testing.TB) string {
	t.Helper()
	program := need(t, "buildkitd", "bin")
	needMachine(t)
	_, err := exec.LookPath("runc")
	Need(t, "runc on PATH", err == nil, "apt-get install runc")
	return program
}

func needMachine(t testing.TB) {
	t.Helper()
	Need(t, "root", os.Geteuid() == 0, "engines mount file systems and make networks: run the tests as root")
	_, err := exec.LookPath("ip")
	Need(t, "ip on PATH", err == nil, "apt-get install iproute2")
}

// tail is the end of a file, for messages.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "")
}
