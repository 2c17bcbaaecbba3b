package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	startLimit   = 60 * time.Second // until a daemon must answer
	endLimit     = 3 * time.Second  // from SIGTERM to SIGKILL
	commandLimit = 2 * time.Minute  // of one docker command
)

// A Daemon is one engine, or the registry. Its state, sockets and log lie in a
// folder of its own, which goes when it is ended. Kill, Start, Pause and Continue
// are for one goroutine at a time, and for a daemon that no other test uses.
type Daemon struct {
	Address string // unix://…; of the registry host:port
	Name    string // for people: "docker 20.10"
	Version string // as the daemon says it
	Log     string // the file with its output
	Remote  string // tcp://…, where it listens across a network; empty without one

	home     *home
	settings []string // what Env gives
	helper   []string // argv of what must run before it, if any: containerd
	argv     []string // argv of the daemon
	path     string   // folders that stand first on its PATH
	answers  func(context.Context, *Daemon) error
	helping  *process
	process  *process
}

// Env is what the environment needs so that a program builds on this daemon and
// no other: append it to os.Environ(), or set it with t.Setenv.
func (d *Daemon) Env() []string { return d.settings }

// Docker runs the docker command against this engine and gives its output. The
// test fails if the command does.
func (d *Daemon) Docker(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(Dir(t), "docker-28", "cli", "docker"), args...)
	cmd.Env = append(os.Environ(), d.Env()...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), stderr.String())
	}
	return out.String()
}

// Pid is the process of the daemon itself.
func (d *Daemon) Pid() int { return d.process.pid() }

// Tail is the end of the daemon's log.
func (d *Daemon) Tail() string { return tail(d.Log) }

// Kill ends the daemon by SIGKILL, in the middle of whatever it does. As on a real
// machine, steps that were running may live on; they end with the daemon's folder.
func (d *Daemon) Kill() { d.process.kill() }

// Pause stops the daemon by SIGSTOP: its socket still takes connections, and
// nobody answers.
func (d *Daemon) Pause() { d.process.pause() }

// Continue wakes a daemon that was paused.
func (d *Daemon) Continue() { d.process.resume() }

// Start starts a daemon again that was killed, at the same address, with the
// images and the cache that it had.
func (d *Daemon) Start(t testing.TB) {
	t.Helper()
	if d.running() {
		t.Fatalf("%s runs already", d.Name)
	}
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
}

// Cut cuts the network between this machine and a remote daemon: what either sends is lost,
// and nobody is told.
func (d *Daemon) Cut(t testing.TB) { d.setCable(t, "down") }

// Mend mends it.
func (d *Daemon) Mend(t testing.TB) { d.setCable(t, "up") }

func (d *Daemon) setCable(t testing.TB, state string) {
	t.Helper()
	if err := d.home.setCable(state); err != nil {
		t.Fatal(err)
	}
}

func (d *Daemon) running() bool { return d.process.running() }

// start starts the daemon and waits until it answers.
func (d *Daemon) start() error {
	log, err := os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	if d.helper != nil && !d.helping.running() {
		if d.helping, err = startProcess(d.cmd(d.helper, log)); err != nil {
			return fmt.Errorf("starting %s for %s: %w", d.helper[0], d.Name, err)
		}
	}
	if d.process, err = startProcess(d.cmd(d.argv, log)); err != nil {
		return fmt.Errorf("starting %s: %w", d.Name, err)
	}
	if err := d.await(); err != nil {
		return fmt.Errorf("%s does not answer: %w; its log:\n%s", d.Name, err, d.Tail())
	}
	return nil
}

func (d *Daemon) cmd(argv []string, log *os.File) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = d.home.dir
	cmd.Stdout, cmd.Stderr = log, log
	// What is set for the machine's own engine, or a service manager's unit, is
	// none of this daemon's business.
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		own := strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "BUILDKIT") || strings.HasPrefix(name, "BUILDX_") ||
			strings.HasPrefix(name, "REGISTRY_") || strings.HasPrefix(name, "OTEL_") || strings.HasPrefix(name, "LISTEN_") || name == "NOTIFY_SOCKET"
		if !own {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+d.home.dir) // what it leaves when it is killed goes, too
	if d.path != "" {
		cmd.Env = append(cmd.Env, "PATH="+onPath(d.path))
	}
	return cmd
}

// await polls the daemon until it answers, ends, or takes too long.
func (d *Daemon) await() error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), startLimit, fmt.Errorf("not within %v", startLimit))
	defer cancel()
	for {
		err := d.answers(ctx, d)
		if err == nil {
			return nil
		}
		select {
		case <-d.process.done:
			return fmt.Errorf("it ended: %v", d.process.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// begin starts a new daemon; one that does not start leaves nothing.
func begin(d *Daemon) (*Daemon, error) {
	living.Lock()
	if living.daemons == nil {
		living.daemons = map[*Daemon]bool{}
	}
	living.daemons[d] = true
	living.Unlock()
	if err := d.start(); err != nil {
		return nil, errors.Join(err, d.end())
	}
	return d, nil
}

// end ends the daemon and all that it left: processes, mounts, its folder.
func (d *Daemon) end() error {
	living.Lock()
	delete(living.daemons, d)
	living.Unlock()
	d.process.end(endLimit)
	d.helping.end(endLimit)
	return d.home.remove()
}

// onPath is the PATH with a folder before all others.
func onPath(folder string) string {
	return folder + string(os.PathListSeparator) + os.Getenv("PATH")
}
