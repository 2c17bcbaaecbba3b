//go:build linux && !portable

// Package daemon is the embedded engine, run by `buildls engine`: BuildKit's controller
// and OCI worker, one per user, behind a socket that is this user's alone. It ends when
// nobody has asked it anything for a while.
//
// It does not know the language server, though it is linked into the same program: it
// serves any BuildKit client, in a process of its own. What starts it and connects to
// it is the package build/engine/embedded. Nothing here is done when a package is
// initialized, because the language server would wait for it.
//
// An engine is three processes, see stages.go. Its directory, $XDG_DATA_HOME/buildls/engine,
// holds:
//
//	engine.log    its log
//	engine.lock   its process id, and the socket that it listens on
//	note.txt      what it has to tell the author at the next build
//	broken        databases that it could not read, see mend.go
//	unflushed     a marker, while the disk is behind, see flush.go
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/redact"
	"github.com/sirupsen/logrus"
	fscopy "github.com/tonistiigi/fsutil/copy"
)

// endSignals tell the engine to end.
var endSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

// Main is the engine's life, until its exit code: 0 ended as asked or by idling, 1 a failure,
// embedded.ExitLocked if another engine holds the root. args are empty, or what an engine tells
// the processes that it consists of. An error is wrong usage. The process is the engine's alone:
// its umask, its temporary directory and its log are set here.
func Main(o Options, args []string, stderr io.Writer) (code int, err error) {
	at, pid, args := parseStage(args)
	switch {
	case at == checking:
		if err := checkDatabase(strings.Join(args, " ")); err != nil {
			fmt.Fprintln(stderr, err)
			return 1, nil
		}
		return 0, nil
	case len(args) > 0:
		return 0, fmt.Errorf("unexpected argument %q", args[0])
	case o.Idle < 0:
		return 0, fmt.Errorf("--idle %v is negative", o.Idle)
	}
	opt := options{root: o.Root, socket: o.Socket, config: o.Config, idle: o.Idle, debug: o.Debug, pid: pid}
	logrus.SetOutput(redact.Writer{W: stderr}) // BuildKit repeats what a Dockerfile says
	logrus.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, TimestampFormat: "2006-01-02T15:04:05.000Z07:00"})
	if opt.debug {
		logrus.SetLevel(logrus.DebugLevel)
	}
	code, err = opt.run(at)
	switch {
	case errors.Is(err, errLocked):
		err, code = fmt.Errorf("another engine runs on %s", opt.root), embedded.ExitLocked
	case err != nil:
		code = 1
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s%v\n", embedded.SpokenBy(pid), err)
	}
	return code, nil
}

func (o *options) run(at stage) (code int, err error) {
	switch at {
	case supervisor:
		return o.supervise()
	case first:
		return runFirst(*o)
	case rootlessFirst:
		return runRootlessFirst(*o)
	}
	ctx, stop := untilSignaled()
	defer stop()
	// As buildkitd: files get the modes that the build says, whatever the umask of who
	// started the engine.
	syscall.Umask(0)
	fscopy.UmaskIsZero = true
	setVersion()
	keepLogs()
	if at == rootlessInside {
		if err := useRuntimeDir(o.socket); err != nil {
			return 0, err
		}
		o.rootless = true
	}
	return 0, serve(ctx, *o)
}

// keepLogs has BuildKit pass on what steps print: by default it clips it at 2 MiB and 200 KiB a
// second (its util/progress/logs). What it keeps of a build in a terminal is on disk.
func keepLogs() {
	for name, value := range map[string]string{"BUILDKIT_STEP_LOG_MAX_SIZE": strconv.Itoa(maxStepLog), "BUILDKIT_STEP_LOG_MAX_SPEED": "-1"} {
		if os.Getenv(name) == "" {
			os.Setenv(name, value)
		}
	}
}

// maxStepLog is more than a client keeps, and still an end for a step that never stops printing.
const maxStepLog = 256 << 20

// untilSignaled returns a context that ends with the first signal to end. A second one
// ends the process at once, also where others in the process, main say, listen to it.
func untilSignaled() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals...)
	keep := context.AfterFunc(ctx, func() { signal.Reset(endSignals...) })
	return ctx, func() {
		keep()
		stop()
	}
}

type options struct {
	root, socket string
	config       string // as Options has it
	idle         time.Duration
	debug        bool
	pid          int  // of the supervisor: the engine's, to the rest of the machine
	rootless     bool // root of a user namespace alone
}

// paths fills in the defaults, and asks for them only where they are needed.
func (o *options) paths() (embedded.Paths, error) {
	if o.root == "" || o.socket == "" {
		defaults, err := embedded.DefaultPaths()
		if err != nil {
			return defaults, err
		}
		if o.root == "" {
			o.root = defaults.Root
		}
		if o.socket == "" {
			o.socket = defaults.Socket
		}
	}
	return embedded.NewPaths(o.root, o.socket)
}
