//go:build linux && !portable

package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/rootless-containers/rootlesskit/v3/pkg/sigproxy"
	"golang.org/x/sys/unix"
)

// An engine is three processes, so that no step outlives it:
//
//  1. the supervisor, `buildls engine`, which the rest of the machine sees: its process
//     id stands in the lock, and it hands on the signals that it gets;
//  2. the first process of a PID namespace, which has a mount namespace and, without
//     root, a user namespace too: it reaps what others leave;
//  3. the engine proper.
//
// Whichever of them dies, however it dies, the kernel ends the others and all steps:
// with the first process of a PID namespace, everything in it ends.
//
// The second and the third are told by the arguments which they are, and the process id
// of the supervisor.
type stage string

const (
	supervisor     stage = ""
	first          stage = "first"           // of root's namespaces
	inside         stage = "inside"          // the engine, as root
	rootlessFirst  stage = "rootless-first"  // by rootlesskit
	rootlessInside stage = "rootless-inside" // the engine, as root of a user namespace
	checking       stage = "check"           // reads a database, see mend.go
)

// parseStage takes the stage and the supervisor's process id off the arguments.
func parseStage(args []string) (stage, int, []string) {
	if len(args) < 2 {
		return supervisor, os.Getpid(), args
	}
	switch s := stage(args[0]); s {
	case first, inside, rootlessFirst, rootlessInside, checking:
		if pid, err := strconv.Atoi(args[1]); err == nil {
			return s, pid, args[2:]
		}
	}
	return supervisor, os.Getpid(), args
}

// argv is the command line of a stage of this engine.
func (o options) argv(s stage) []string {
	argv := []string{"/proc/self/exe", "engine"}
	if s != supervisor {
		argv = append(argv, string(s), strconv.Itoa(o.pid))
	}
	argv = append(argv, "--root", o.root, "--socket", o.socket, "--idle", o.idle.String())
	if o.config != "" {
		argv = append(argv, "--config", o.config)
	}
	if o.debug {
		argv = append(argv, "--debug")
	}
	return argv
}

// supervise prepares the places of an engine and runs it, until it ends.
func (o *options) supervise() (code int, err error) {
	if err := embedded.CheckHost(); err != nil {
		return 0, err
	}
	paths, err := o.paths()
	if err == nil {
		err = paths.Prepare()
	}
	// BuildKit's executor resolves links too, and what a crash left behind is found by
	// comparing paths.
	if err == nil {
		paths.Root, err = filepath.EvalSymlinks(paths.Root)
	}
	if err != nil {
		return 0, err
	}
	o.root, o.socket = paths.Root, paths.Socket
	if isUnflushed(o.root) {
		if err := o.discardUnsynced(); err != nil {
			return 0, err
		}
	}
	if o.hasCut() {
		o.setAsideBroken()
	}
	if os.Geteuid() != 0 {
		code, err = superviseRootless(*o)
	} else {
		code, err = superviseRoot(*o)
	}
	if (err != nil && !errors.Is(err, errLocked) || code != 0 && code != embedded.ExitLocked) && o.setAsideBroken() {
		return 0, o.again()
	}
	return code, err
}

// superviseRoot is supervise for root.
func superviseRoot(o options) (code int, err error) {
	runtime.LockOSThread() // the parent whose death is signaled is a thread
	cmd := o.command(first)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Setsid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("opening the engine's namespaces: %w", err)
	}
	sigproxy.ForwardAllSignals(context.TODO(), cmd.Process.Pid) // until the process ends, with the engine
	return exitCode(cmd.Wait())
}

func (o options) command(s stage) *exec.Cmd {
	argv := o.argv(s)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}

// exitCode is the code with which a stage ended, which has said why.
func exitCode(err error) (int, error) {
	var ended interface{ Sys() any } // of os/exec, or of rootlesskit
	if !errors.As(err, &ended) {
		return 0, err
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Exited() {
		return status.ExitStatus(), nil
	}
	return 0, fmt.Errorf("the engine was killed: %w", err)
}

// runFirst is the life of the first process of root's PID namespace.
func runFirst(opt options) (code int, err error) {
	// What the host mounts later is seen here, and nothing of ours there.
	switch err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); {
	case errors.Is(err, unix.EINVAL):
		return 0, errors.New("the root directory is no mount point, as in a chroot: before chroot DIR, run `mount --bind DIR DIR`")
	case err != nil:
		return 0, fmt.Errorf("taking the mounts of the host: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return 0, fmt.Errorf("mounting /proc for the engine: %w", err)
	}
	cmd := opt.command(inside)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	sigproxy.ForwardAllSignals(context.TODO(), cmd.Process.Pid)
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(-1, &status, 0, nil); {
		case err != nil && !errors.Is(err, syscall.EINTR):
			return 0, fmt.Errorf("waiting for the engine: %w", err)
		case pid != cmd.Process.Pid:
		case status.Exited():
			return status.ExitStatus(), nil
		default:
			return 0, fmt.Errorf("the engine was killed: %v", status.Signal())
		}
	}
}
