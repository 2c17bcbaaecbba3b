//go:build !portable

package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/staticfs"
	"github.com/moby/sys/mountinfo"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// connectEnv makes the test binary a process that connects once, prints the engine's
// process id, and exits. Its value is the root and the socket.
const connectEnv = "BUILDLS_TEST_CONNECT"

func TestMain(m *testing.M) {
	if where := os.Getenv(connectEnv); where != "" {
		os.Exit(connectOnce(where))
	}
	if how := os.Getenv(goneEnv); how != "" {
		os.Exit(findProgram(how))
	}
	code := m.Run()
	if program.dir != "" {
		os.RemoveAll(program.dir)
	}
	os.Exit(code)
}

// builtEnv names a buildls that was built already.
const builtEnv = "BUILDLS_TEST_BUILT"

// busyboxEnv names a busybox for a user who cannot read that of the engines' folder.
const busyboxEnv = "BUILDLS_TEST_BUSYBOX"

func connectOnce(where string) int {
	root, socket, _ := strings.Cut(where, "\n")
	p, err := embedded.NewPaths(root, socket)
	if err == nil {
		var c *client.Client
		if c, err = embedded.Connect(context.Background(), p, nil); err == nil {
			_, err = c.ListWorkers(context.Background())
			c.Close()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// program is buildls, built once for all tests that ask for it.
var program struct {
	once sync.Once
	dir  string
	path string
	err  error
}

func buildProgram() (string, error) {
	program.once.Do(func() {
		if program.path = os.Getenv(builtEnv); program.path != "" {
			return
		}
		if program.dir, program.err = os.MkdirTemp("", "buildls-test"); program.err != nil {
			return
		}
		program.path = filepath.Join(program.dir, "buildls")
		build := exec.Command("go", "build", "-o", program.path, "github.com/buildls/buildls/cmd/buildls")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			program.err = fmt.Errorf("building buildls: %w\n%s", err, out)
		}
	})
	return program.path, program.err
}

// needHost skips the test where an engine could not run.
func needHost(t *testing.T) {
	t.Helper()
	err := embedded.CheckHost()
	enginetest.Need(t, "a machine for the embedded engine", err == nil, fmt.Sprint(err))
}

// newEngine returns the places of an engine of the test's own, and ends what runs there
// when the test is over.
func newEngine(t *testing.T) embedded.Paths {
	t.Helper()
	enginetest.Dir(t)
	needHost(t)
	path, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	busybox(t)
	t.Setenv("BUILDLS_ENGINE_PROGRAM", path)
	return places(t)
}

func places(t *testing.T) embedded.Paths {
	t.Helper()
	dir := t.TempDir()
	p, err := embedded.NewPaths(filepath.Join(dir, "root"), filepath.Join(dir, "run", "engine.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(p.Log)
			t.Logf("the engine's log:\n%s", log)
		}
		if pid := holderPID(p); pid > 0 {
			if engine, err := unix.PidfdOpen(pid, 0); err == nil {
				unix.PidfdSendSignal(engine, unix.SIGTERM, nil, 0)
				waitEnd(t, engine, limit)
				unix.Close(engine)
			}
		}
		awaitNone(t, p, dir)
		mounts, _ := mountinfo.GetMounts(mountinfo.PrefixFilter(dir))
		for i := len(mounts) - 1; i >= 0; i-- {
			t.Errorf("the engine left a mount: %s", mounts[i].Mountpoint)
			unix.Unmount(mounts[i].Mountpoint, unix.MNT_DETACH)
		}
	})
	return p
}

// awaitNone waits until no process runs that was started for a folder. Of several that start at once all
// but one end when they find that another serves; one that was late serves when the other has ended, and
// is told to end.
func awaitNone(t *testing.T, p embedded.Paths, dir string) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		running := processesOf(dir)
		if pid := holderPID(p); pid > 0 {
			unix.Kill(pid, unix.SIGTERM)
		}
		switch {
		case len(running) == 0:
			return
		case time.Now().After(deadline):
			t.Errorf("it still runs: %v", running)
			return
		}
	}
}

// processesOf are the command lines of the processes that were started for a folder, by their ids.
func processesOf(dir string) map[int]string {
	found := map[int]string{}
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		if line, err := os.ReadFile(path); err == nil && strings.Contains(string(line), dir) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found[pid] = strings.ReplaceAll(string(line), "\x00", " ")
		}
	}
	return found
}

// tellStacks has the processes of an engine that does not answer end, and write into its log what they
// were doing.
func tellStacks(t *testing.T, p embedded.Paths) {
	t.Helper()
	for pid, line := range processesOf(p.Root) {
		in, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
		t.Logf("process %d, in the kernel's %s: %s", pid, in, line)
		unix.Kill(pid, unix.SIGQUIT)
	}
	for deadline := time.Now().Add(limit); len(processesOf(p.Root)) > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}

// holderPID is the process that holds the lock, 0 if there is none.
func holderPID(p embedded.Paths) int {
	text, err := os.ReadFile(filepath.Join(p.Root, embedded.LockName))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first)
	return pid
}

func connect(t *testing.T, p embedded.Paths) *client.Client {
	t.Helper()
	c, err := embedded.Connect(t.Context(), p, nil)
	if err != nil {
		tellStacks(t, p)
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// openEngine returns a handle of the running engine's process.
func openEngine(t *testing.T, p embedded.Paths) int {
	t.Helper()
	pid := holderPID(p)
	if pid == 0 {
		t.Fatal("no engine holds the lock")
	}
	return openProcess(t, pid)
}

func openProcess(t *testing.T, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// limit is how long an engine that was told to end may take.
const limit = 15 * time.Second

// waitEnd waits for the end of a process, which is an event and not a time.
func waitEnd(t testing.TB, pidfd int, bound time.Duration) {
	t.Helper()
	deadline := time.Now().Add(bound)
	for {
		left := time.Until(deadline)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(max(left, 0).Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			t.Fatal(err)
		case n == 0:
			t.Fatalf("the process still runs after %v", bound)
		}
		return
	}
}

func busybox(t testing.TB) []byte {
	t.Helper()
	path := os.Getenv(busyboxEnv)
	if path == "" {
		path = enginetest.Busybox(t)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// run is one build: what it logged and which of its vertices were cached.
type run struct {
	err    error
	cached int
	log    string
}

// build builds FROM scratch, busybox, and the given instructions. said, which may be
// nil, receives what steps print.
func build(ctx context.Context, t testing.TB, c *client.Client, instructions string, said func(string)) run {
	t.Helper()
	stamp := time.Unix(1_700_000_000, 0).UnixNano()
	dockerfile, files := staticfs.NewFS(), staticfs.NewFS()
	dockerfile.Add("Dockerfile", &types.Stat{Mode: 0o644, ModTime: time.Now().UnixNano()},
		[]byte("FROM scratch\nCOPY busybox /bin/sh\nCOPY busybox /bin/sleep\n"+instructions))
	files.Add("busybox", &types.Stat{Mode: 0o755, ModTime: stamp}, busybox(t))

	var result run
	var log bytes.Buffer
	status := make(chan *client.SolveStatus)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := c.Solve(ctx, nil, client.SolveOpt{
			Frontend:    "dockerfile.v0",
			LocalMounts: map[string]fsutil.FS{"dockerfile": dockerfile, "context": files},
		}, status)
		return err
	})
	group.Go(func() error {
		for s := range status {
			for _, v := range s.Vertexes {
				if v.Completed != nil && v.Cached {
					result.cached++
				}
			}
			for _, l := range s.Logs {
				log.Write(l.Data)
				if said != nil {
					said(string(l.Data))
				}
			}
		}
		return nil
	})
	result.err = group.Wait()
	result.log = log.String()
	return result
}

// sleeper runs a build whose last step never ends, and returns when the step runs: a
// handle of its process, which the host sees too, and the build's result to come.
func sleeper(ctx context.Context, t *testing.T, c *client.Client, flags string) (int, <-chan run) {
	t.Helper()
	// The argument tells the step's process from all others, of other tests too.
	mark := strconv.FormatInt(1_000_000+time.Now().UnixNano()%1_000_000_000, 10)
	started, done := make(chan struct{}), make(chan run, 1)
	go func() {
		var once sync.Once
		done <- build(ctx, t, c, "RUN "+flags+" echo started; trap '' TERM; exec sleep "+mark+"\n", func(text string) {
			if strings.Contains(text, "started") {
				once.Do(func() { close(started) })
			}
		})
	}()
	select {
	case <-started:
	case r := <-done:
		t.Fatalf("the build ended before its step ran: %v\n%s", r.err, r.log)
	}
	for range time.Tick(time.Millisecond) { // until the step's shell has become the sleep
		if pid := findProcess("sleep\x00" + mark + "\x00"); pid != 0 {
			return openProcess(t, pid), done
		}
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
	}
	panic("unreachable")
}

// awaitUnused waits until no build uses anything of the cache. A step that comes before gets a cache mount of
// its own: BuildKit shares one that is in use, and takes none that is just being let go of (its
// solver/llbsolver/mounts, getRefCacheDirNoCache).
func awaitUnused(t *testing.T, c *client.Client) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		all, err := c.DiskUsage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(all, func(u *client.UsageInfo) bool { return u.InUse }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("something of the cache is still in use")
		}
	}
}

func findProcess(cmdline string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		if text, err := os.ReadFile(path); err == nil && string(text) == cmdline {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	return 0
}

// childOf is the process that pid has started, 0 if there is none.
func childOf(pid int) int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range lists {
		if text, err := os.ReadFile(path); err == nil && len(strings.Fields(string(text))) > 0 {
			child, _ := strconv.Atoi(strings.Fields(string(text))[0])
			return child
		}
	}
	return 0
}

func readPID(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
