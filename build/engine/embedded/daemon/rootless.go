//go:build linux && !portable

package daemon

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/rootless-containers/rootlesskit/v3/pkg/child"
	"github.com/rootless-containers/rootlesskit/v3/pkg/parent"
	"golang.org/x/sys/unix"
)

// Without root the engine lives in a user namespace, made by rootlesskit, where this
// user is root and the subordinate ids are the other users. The network is the host's,
// as rootless BuildKit has it by default: so the steps reach a registry on loopback, and
// no other program is needed.

// pipeKey is the environment variable by which rootlesskit's two halves find each other.
const (
	pipeKey       = "BUILDLS_ROOTLESS_PIPE"
	activationKey = "BUILDLS_ROOTLESS_ACTIVATION" // wanted by rootlesskit, not used
	stateKey      = "BUILDLS_ROOTLESS_STATE"
)

// superviseRootless is supervise for an ordinary user.
func superviseRootless(opt options) (code int, err error) {
	lock, err := takeLock(filepath.Join(opt.root, "rootless.lock")) // rootlesskit's own is not told from other errors
	if err != nil {
		return 0, err
	}
	defer lock.release()
	state := filepath.Join(filepath.Dir(opt.socket), "ns") // it holds a socket, so its path must be short
	if err := parent.InitStateDir(state); err != nil {
		return 0, fmt.Errorf("%s is in use by an engine with another --root: %w", state, err)
	}
	os.Args = opt.argv(rootlessFirst) // with which rootlesskit runs this program again
	ended := make(chan error, 1)
	go func() { // ends with the engine
		runtime.LockOSThread() // the parent whose death is signaled is a thread
		ended <- parent.Parent(parent.Opt{
			PipeFDEnvKey:             pipeKey,
			ChildUseActivationEnvKey: activationKey,
			StateDir:                 state,
			StateDirEnvKey:           stateKey,
			CreatePIDNS:              true,
			Propagation:              "rslave",
		})
	}()
	made, err := awaitMade(ended, filepath.Join(state, parent.StateFileChildPID))
	if made {
		err = <-ended
	} else {
		endChildren()
		os.RemoveAll(state)
	}
	// Before the engine runs, what has ended is newuidmap, and the error says why.
	if err == nil || strings.HasPrefix(err.Error(), "child exited: ") {
		code, err = exitCode(err)
	}
	if err != nil {
		err = fmt.Errorf("opening a user namespace: %w%s", err, mendRootless())
	}
	return code, err
}

// madeWithin is how long a namespace may take, which asks no disk. Who starts an engine waits for longer.
const madeWithin = 20 * time.Second

// awaitMade waits until ready, a file, says that the namespace is made. If it is not, the error is how
// rootlesskit has ended, or why it is not waited for; nil if a signal told the engine to end. For the word of a
// first process that has ended rootlesskit would wait for ever (v3.3.0: its parent.go holds both ends of the pipe).
func awaitMade(ended <-chan error, ready string) (made bool, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endSignals...) // rootlesskit hands them on only later
	defer signal.Stop(signals)
	late := time.After(madeWithin)
	last, times := 0, 0
	for {
		select {
		case err := <-ended:
			return false, err
		case <-signals:
			return false, nil
		case <-late:
			return false, fmt.Errorf("it was not ready within %v", madeWithin)
		case <-time.After(50 * time.Millisecond):
		}
		if _, err := os.Stat(ready); err == nil {
			return true, nil
		}
		// All other processes that have ended are waited for at once.
		var zombie int
		for pid, state := range children() {
			if state == 'Z' {
				zombie = pid
			}
		}
		if zombie == 0 || zombie != last {
			last, times = zombie, 0
		}
		if times++; zombie != 0 && times == 10 {
			return false, errors.New("its first process ended before it was ready")
		}
	}
}

// children are the processes that this one has started, with their states as proc_pid_stat(5) has them.
func children() map[int]byte {
	found := map[int]byte{}
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			stat, _ := os.ReadFile("/proc/" + child + "/stat")
			if _, state, ok := strings.Cut(string(stat), ") "); ok && state != "" {
				pid, _ := strconv.Atoi(child)
				found[pid] = state[0]
			}
		}
	}
	return found
}

// endChildren ends them: the first process, and a newuidmap that does not end.
func endChildren() {
	for pid := range children() {
		unix.Kill(pid, unix.SIGKILL)
	}
}

// mendRootless says what is known to stand in the way of user namespaces, and cannot be
// known before it was tried.
func mendRootless() string {
	restricted, _ := os.ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
	if strings.TrimSpace(string(restricted)) == "1" {
		return ". AppArmor restricts user namespaces here: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` lifts that, or give buildls a profile with `userns,`"
	}
	if on, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && on == 1 {
		return ". This process may gain no privileges (no_new_privs), so newuidmap cannot work: start the editor, or the engine, outside its sandbox"
	}
	return ""
}

// runRootlessFirst is the life of the first process of an ordinary user's PID namespace.
func runRootlessFirst(opt options) (code int, err error) {
	// The terminal's signals come by way of the supervisor alone. It fails the second
	// time, when rootlesskit has run us again to gain its capabilities.
	_, _ = unix.Setsid()
	if os.Getuid() != 0 { // the ids of the namespace are not mapped yet
		// rootlesskit executes this program once more (v3.3.0, gainCaps in its child.go), and has no use for its
		// files of the pipes by then. If they were collected, the pipes would be closed.
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(math.MaxInt64)
	}
	return exitCode(child.Child(child.Opt{
		PipeFDEnvKey:              pipeKey,
		RunActivationHelperEnvKey: activationKey,
		ChildUseActivationEnvKey:  activationKey,
		StateDirEnvKey:            stateKey,
		TargetCmd:                 opt.argv(rootlessInside),
		MountProcfs:               true,
		Propagation:               "rslave",
		Reaper:                    true,
	}))
}

// useRuntimeDir has runc keep its state in a directory of this user's: /run/runc is not.
func useRuntimeDir(socket string) error {
	return errors.Join(
		os.Setenv("XDG_RUNTIME_DIR", filepath.Dir(socket)),
		os.Setenv("USER", "buildls")) // to runc, a root of that name is the machine's
}
