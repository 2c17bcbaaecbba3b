//go:build !portable

package embedded_test

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

func TestBuild(t *testing.T) {
	p := newEngine(t)
	var reports []string
	begin := time.Now()
	c, err := embedded.Connect(t.Context(), p, func(text string) { reports = append(reports, text) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Logf("cold root to the first answer: %v", time.Since(begin))
	if len(reports) != 1 {
		t.Errorf("reports: %q, want one", reports)
	}

	workers, err := c.ListWorkers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if v := workers[0].BuildkitVersion.Version; !strings.HasPrefix(v, "v0.") || strings.Contains(v, "unknown") {
		t.Errorf("BuildKit's version is %q", v)
	}
	t.Logf("worker: %v, %d platforms", workers[0].Labels, len(workers[0].Platforms))

	const step = "RUN echo hello > /greeting && echo said $(/bin/sh -c 'echo hello')\n"
	begin = time.Now()
	first := build(t.Context(), t, c, step, nil)
	if first.err != nil || !strings.Contains(first.log, "said hello") {
		t.Fatalf("the build: %v, log %q", first.err, first.log)
	}
	t.Logf("first build: %v", time.Since(begin))
	begin = time.Now()
	second := build(t.Context(), t, c, step, nil)
	if second.err != nil || second.cached < 3 {
		t.Fatalf("the second build: %v, %d steps cached, want 3", second.err, second.cached)
	}
	t.Logf("cached build: %v", time.Since(begin))
}

func TestFailingStepKeepsItsExitCode(t *testing.T) {
	c := connect(t, newEngine(t))
	r := build(t.Context(), t, c, "RUN exit 7\n", nil)
	if r.err == nil || !strings.Contains(r.err.Error(), "exit code: 7") {
		t.Errorf("error %v, want exit code 7", r.err)
	}
}

func TestInsecureStepNeedsTheClientsLeave(t *testing.T) {
	c := connect(t, newEngine(t))
	r := build(t.Context(), t, c, "RUN --security=insecure echo never\n", nil)
	if r.err == nil || !strings.Contains(r.err.Error(), "security.insecure is not allowed") {
		t.Errorf("error %v, want a refusal", r.err)
	}
}

func TestSocketIsTheUsersAlone(t *testing.T) {
	// Not this umask decides but the engine's.
	defer unix.Umask(unix.Umask(0))
	p := newEngine(t)
	connect(t, p)
	for path, want := range map[string]fs.FileMode{p.Socket: 0o600, filepath.Dir(p.Socket): 0o700, p.Root: 0o700, p.Log: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", path, got, want)
		}
	}
}

func TestEngineSurvivesItsStarter(t *testing.T) {
	p := newEngine(t)
	if out, err := connectProcess(p).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pid := holderPID(p)
	if !embedded.Running(t.Context(), p) {
		t.Fatal("the engine went with its starter")
	}
	if group, err := unix.Getsid(pid); err != nil || group != pid {
		t.Errorf("session %d, %v; want the engine's own, %d", group, err, pid)
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); cwd != "/" {
		t.Errorf("working directory %s, %v", cwd, err)
	}
}

func TestIdleEngineEnds(t *testing.T) {
	t.Setenv("BUILDLS_ENGINE_IDLE", "1500ms") // enough to begin a build on a busy machine
	p := newEngine(t)
	c := connect(t, p)
	engine := openEngine(t, p)

	// A build that prints nothing for longer keeps the engine.
	if r := build(t.Context(), t, c, "RUN sleep 3\n", nil); r.err != nil {
		t.Fatal(r.err)
	}
	waitEnd(t, engine, 10*time.Second) // though c is still connected
	for _, path := range []string{p.Socket, filepath.Join(p.Root, embedded.LockName)} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
	if embedded.Running(t.Context(), p) {
		t.Error("still running")
	}
	connect(t, p)
}

// An engine that goes away while somebody connects costs time, not an error.
func TestConnectWhileTheEngineIdlesOut(t *testing.T) {
	t.Setenv("BUILDLS_ENGINE_IDLE", "5ms")
	p := newEngine(t)
	group, ctx := errgroup.WithContext(t.Context())
	var slowest [2]time.Duration
	for who := range slowest {
		group.Go(func() error {
			for i := range 20 {
				begin := time.Now()
				c, err := embedded.Connect(ctx, p, nil)
				if err != nil {
					return err
				}
				c.Close()
				slowest[who] = max(slowest[who], time.Since(begin))
				time.Sleep(time.Duration(i) * time.Millisecond) // to come at every moment of an engine's end
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	log, _ := os.ReadFile(p.Log)
	t.Logf("%d engines were started, the slowest connect took %v", strings.Count(string(log), "serving on"), slowest)
}

func TestKilledEngineIsClearedUp(t *testing.T) {
	p := newEngine(t)
	c := connect(t, p)
	const cache = "--mount=type=cache,target=/cache"
	if r := build(t.Context(), t, c, "RUN "+cache+" echo kept > /cache/file\n", nil); r.err != nil {
		t.Fatal(r.err)
	}
	awaitUnused(t, c)
	step, done := sleeper(t.Context(), t, c, cache)
	engine := openEngine(t, p)

	if err := unix.PidfdSendSignal(engine, unix.SIGKILL, nil, 0); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, engine, 5*time.Second)
	if r := <-done; r.err == nil {
		t.Error("the build succeeded without its engine")
	}
	waitEnd(t, step, 5*time.Second) // with its engine, not with the next one

	begin := time.Now()
	c = connect(t, p)
	t.Logf("to the first answer after a crash: %v", time.Since(begin))
	r := build(t.Context(), t, c, "RUN "+cache+" read text < /cache/file && echo it was $text\n", nil)
	if r.err != nil || !strings.Contains(r.log, "it was kept") {
		t.Errorf("the cache mount after the crash: %v, log %q", r.err, r.log)
	}
	// Of the dead engine nothing is left, of the new one neither.
	for _, dir := range []string{"executor", "cachemounts"} {
		entries, _ := filepath.Glob(filepath.Join(p.Root, "runc-*", dir, "*", "*"))
		if len(entries) > 0 {
			t.Errorf("left: %q", entries)
		}
	}
}

// Whichever of its processes is killed, neither the others nor a step stays.
func TestEngineEndsAsOne(t *testing.T) {
	for n, name := range []string{"supervisor", "first of the namespace", "engine"} {
		t.Run(name, func(t *testing.T) {
			p := newEngine(t)
			c := connect(t, p)
			step, done := sleeper(t.Context(), t, c, "")
			var all []int
			for pid := holderPID(p); pid != 0 && len(all) < 3; pid = childOf(pid) {
				all = append(all, openProcess(t, pid))
			}
			if len(all) != 3 {
				t.Fatalf("the engine has %d processes, want 3", len(all))
			}
			if err := unix.PidfdSendSignal(all[n], unix.SIGKILL, nil, 0); err != nil {
				t.Fatal(err)
			}
			for _, process := range append(all, step) {
				waitEnd(t, process, 5*time.Second)
			}
			if r := <-done; r.err == nil {
				t.Error("the build succeeded without its engine")
			}
			connect(t, p)
		})
	}
}

func TestStaleFilesDoNotBlock(t *testing.T) {
	p := newEngine(t)
	if err := p.Prepare(); err != nil {
		t.Fatal(err)
	}
	stale, err := net.Listen("unix", p.Socket)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	// A lock nobody holds, whose process lives and is no engine.
	lock := fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), p.Socket)
	if err := os.WriteFile(filepath.Join(p.Root, embedded.LockName), lock, 0o600); err != nil {
		t.Fatal(err)
	}
	if embedded.Running(t.Context(), p) {
		t.Error("a stale socket passes for an engine")
	}
	connect(t, p)
}

func TestProgramSaysWhyItDoesNotServe(t *testing.T) {
	p := newEngine(t)
	connect(t, p)
	program := os.Getenv("BUILDLS_ENGINE_PROGRAM")
	if err := os.Chmod(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "root")
	root := uint32(os.Getuid()) // or who runs the test
	type start struct {
		root string
		uid  uint32
		code int
		want string
	}
	starts := map[string]start{
		"locked": {p.Root, root, embedded.ExitLocked, "another engine runs"},
		"in use": {other, root, 1, "in use"},
	}
	if root == 0 { // else nobody can be somebody else
		starts["no ids"] = start{other, 65534, 1, "without root the embedded engine needs"}
	}
	for name, c := range starts {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(program, "engine", "--root", c.root, "--socket", p.Socket)
			if c.uid != root {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.uid, Gid: c.uid}}
			}
			out, _ := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.want) {
				t.Errorf("code %d, want %d; said %s", cmd.ProcessState.ExitCode(), c.code, out)
			}
		})
	}
	if !embedded.Running(t.Context(), p) {
		t.Error("the engine that served was disturbed")
	}
}

func TestConcurrentStartsMakeOneEngine(t *testing.T) {
	t.Run("goroutines", func(t *testing.T) {
		p := newEngine(t)
		group, ctx := errgroup.WithContext(t.Context())
		for range 8 {
			group.Go(func() error {
				c, err := embedded.Connect(ctx, p, nil)
				if err != nil {
					return err
				}
				return c.Close()
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		oneEngine(t, p)
	})
	for _, n := range []int{2, 8} {
		t.Run(fmt.Sprintf("%d processes", n), func(t *testing.T) {
			p := newEngine(t)
			var group errgroup.Group
			for range n {
				group.Go(func() error {
					if out, err := connectProcess(p).CombinedOutput(); err != nil {
						return fmt.Errorf("%w: %s", err, out)
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			oneEngine(t, p)
		})
	}
}

func connectProcess(p embedded.Paths) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), connectEnv+"="+p.Root+"\n"+p.Socket)
	return cmd
}

func oneEngine(t *testing.T, p embedded.Paths) {
	t.Helper()
	log, err := os.ReadFile(p.Log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "serving on"); n != 1 {
		t.Errorf("%d engines began to serve, want one", n)
	}
}

// Who was started with another XDG_RUNTIME_DIR, in an ssh session say, finds the same
// engine.
func TestEngineIsFoundByItsRoot(t *testing.T) {
	p := newEngine(t)
	connect(t, p)
	other := p
	other.Socket = filepath.Join(t.TempDir(), "other.sock")
	if !embedded.Running(t.Context(), other) {
		t.Error("the engine is not found")
	}
	connect(t, other)
	oneEngine(t, p)
}

func TestCanceledBuildKillsItsStep(t *testing.T) {
	c := connect(t, newEngine(t))
	ctx, cancel := context.WithCancel(t.Context())
	step, done := sleeper(ctx, t, c, "")
	begin := time.Now()
	cancel()
	waitEnd(t, step, time.Second)
	t.Logf("the step was gone after %v", time.Since(begin))
	if r := <-done; r.err == nil {
		t.Error("a canceled build succeeded")
	}
}

func TestTerminatedEngineEnds(t *testing.T) {
	p := newEngine(t)
	c := connect(t, p)
	step, done := sleeper(t.Context(), t, c, "")
	engine := openEngine(t, p)
	begin := time.Now()
	if err := unix.PidfdSendSignal(engine, unix.SIGTERM, nil, 0); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, step, 10*time.Second)
	waitEnd(t, engine, 10*time.Second)
	t.Logf("the engine was gone after %v", time.Since(begin))
	if r := <-done; r.err == nil {
		t.Error("the build succeeded without its engine")
	}
	for _, path := range []string{p.Socket, filepath.Join(p.Root, embedded.LockName)} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}
