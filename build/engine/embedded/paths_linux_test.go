//go:build !portable

package embedded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
	"golang.org/x/sys/unix"
)

func TestDefaultPaths(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", run)
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	p, err := embedded.DefaultPaths()
	if err != nil {
		t.Fatal(err)
	}
	want := embedded.Paths{
		Socket: filepath.Join(run, "buildls", "engine.sock"),
		Root:   filepath.Join(dir, "data", "buildls", "engine"),
		Log:    filepath.Join(dir, "data", "buildls", "engine", "engine.log"),
	}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("looking created something: %v", entries)
	}
}

func TestDefaultSocketLeavesBadPlaces(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	shared := filepath.Join(t.TempDir(), "shared")
	for _, dir := range []string{long, shared} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for name, dir := range map[string]string{"long": long, "shared": shared, "missing": filepath.Join(shared, "none"), "relative": "run"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_RUNTIME_DIR", dir)
			t.Setenv("TMPDIR", long)
			p, err := embedded.DefaultPaths()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(p.Socket, dir) || len(p.Socket) > 107 {
				t.Errorf("the socket is %s", p.Socket)
			}
		})
	}
}

func TestPrepareRefusesOthersDirectories(t *testing.T) {
	dir := t.TempDir()
	shared := filepath.Join(dir, "shared")
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	own, lost := filepath.Join(dir, "own"), filepath.Join(dir, "lost")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), lost); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]embedded.Paths{
		"root":   {Root: shared, Socket: filepath.Join(own, "s")},
		"socket": {Root: own, Socket: filepath.Join(shared, "s")},
		"link":   {Root: own, Socket: filepath.Join(link, "s")},
		"lost":   {Root: lost, Socket: filepath.Join(own, "s")},
		"in it":  {Root: filepath.Join(lost, "root"), Socket: filepath.Join(own, "s")},
	} {
		if p.Prepare() == nil || p.Check() == nil {
			t.Errorf("%s: %+v was taken", name, p)
		}
	}
	if err := (embedded.Paths{Root: filepath.Join(own, "new", "root"), Socket: filepath.Join(own, "new", "s")}).Check(); err != nil {
		t.Errorf("what is not there yet: %v", err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chmod(shared, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(shared, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		p := embedded.Paths{Root: shared, Socket: filepath.Join(own, "s")}
		if err := p.Prepare(); err == nil || !strings.Contains(err.Error(), "12345") {
			t.Errorf("another user's directory: %v", err)
		}
	}
}

// Another process may make and remove the directories while they are looked at.
func TestCheckWhileDirectoriesAreMade(t *testing.T) {
	dir := t.TempDir()
	p := embedded.Paths{Root: filepath.Join(dir, "state", "root"), Socket: filepath.Join(dir, "runtime", "sock")}
	done := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				os.MkdirAll(p.Root, 0o700)
				os.RemoveAll(filepath.Dir(p.Root))
			}
		}
	})
	for range 5000 {
		if err := p.Check(); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	other.Wait()
}

// A file with several names is on the disk once.
func TestDiskSizeOfLinks(t *testing.T) {
	p := places(t)
	file := filepath.Join(p.Root, "file")
	if err := os.MkdirAll(p.Root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := p.DiskSize(t.Context())
	if err := os.Link(file, file+"2"); err != nil {
		t.Fatal(err)
	}
	if after, _ := p.DiskSize(t.Context()); after != before || before < 1<<20 {
		t.Errorf("%d bytes, and with a second name %d", before, after)
	}
}

func TestTooLongSocketIsSaid(t *testing.T) {
	_, err := embedded.NewPaths(t.TempDir(), filepath.Join("/", strings.Repeat("x", 200)))
	if err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}

func TestAnotherUsersSocketIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be another user")
	}
	p := places(t)
	if err := p.Prepare(); err != nil {
		t.Fatal(err)
	}
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	if err := unix.Bind(socket, &unix.SockaddrUnix{Name: p.Socket}); err != nil {
		t.Fatal(err)
	}
	if err := listenAs(12345, socket); err != nil {
		t.Fatal(err)
	}
	if embedded.Running(t.Context(), p) {
		t.Error("it passes for an engine")
	}
	if _, err := embedded.Connect(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), "user 12345") {
		t.Errorf("error %v, want one that names the user", err)
	}
}

// listenAs listens as another user: the kernel notes who listened, not who made the
// socket.
func listenAs(uid uintptr, socket int) error {
	runtime.LockOSThread() // the raw call changes the user of this thread alone
	defer runtime.UnlockOSThread()
	const keep = ^uintptr(0)
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uid, keep); errno != 0 {
		return errno
	}
	err := unix.Listen(socket, 1)
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, 0, keep); errno != 0 {
		panic(errno)
	}
	return err
}

// fakeProgram makes a shell script the engine's program.
func fakeProgram(t *testing.T, script string) {
	t.Helper()
	needHost(t)
	path := filepath.Join(t.TempDir(), "buildls")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BUILDLS_ENGINE_PROGRAM", path)
}

func TestFailedStartIsExplained(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"spoken":  {"echo noise >&2; echo \"buildls engine[$$]: the disk is full\" >&2; echo 'buildls engine[1]: not mine' >&2; exit 1\n", "did not start: the disk is full"},
		"called":  {"echo \"buildls engine[$$]: called with $*\" >&2; exit 1\n", "called with engine --root /"},
		"crashed": {"echo 'panic: oh no' >&2; exit 2\n", "code 2: panic: oh no"},
		"killed":  {"kill -9 $$\n", "it was killed"},
	} {
		t.Run(name, func(t *testing.T) {
			fakeProgram(t, c.script)
			p := places(t)
			_, err := embedded.Connect(t.Context(), p, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), p.Log) {
				t.Errorf("error %v, want %q and the log's path", err, c.want)
			}
		})
	}
}

func TestMissingProgramIsExplained(t *testing.T) {
	needHost(t)
	t.Setenv("BUILDLS_ENGINE_PROGRAM", filepath.Join(t.TempDir(), "none"))
	if _, err := embedded.Connect(t.Context(), places(t), nil); err == nil || !strings.Contains(err.Error(), "BUILDLS_ENGINE_PROGRAM") {
		t.Errorf("error %v, want one that names the variable", err)
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	fakeProgram(t, "echo $$ > "+pidFile+".new; mv "+pidFile+".new "+pidFile+"; exec sleep 1000\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	p, done := places(t), make(chan error, 1)
	go func() {
		_, err := embedded.Connect(ctx, p, nil)
		done <- err
	}()
	var pid int
	for range time.Tick(time.Millisecond) {
		if pid = readPID(pidFile); pid != 0 || t.Context().Err() != nil {
			break
		}
	}
	engine := openProcess(t, pid)
	changed := errors.New("the author changed his mind")
	cancel(changed)
	if err := <-done; !errors.Is(err, changed) {
		t.Errorf("error %v, want the cause", err)
	}
	unix.PidfdSendSignal(engine, unix.SIGKILL, nil, 0)
	waitEnd(t, engine, 5*time.Second)
}

func TestLargeLogStartsAnew(t *testing.T) {
	fakeProgram(t, "echo \"buildls engine[$$]: no\" >&2; exit 1\n")
	p := places(t)
	if err := p.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Log, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Connect(t.Context(), p, nil); err == nil {
		t.Fatal("connected")
	}
	if info, err := os.Stat(p.Log); err != nil || info.Size() > 100 {
		t.Errorf("the log: %v, %v", info.Size(), err)
	}
}
