package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/lsp"
)

// serve is the language server. stdout carries the protocol and nothing else.
func serve(ctx context.Context, args []string, std stdio) int {
	flags := newFlagSet("serve", std.err)
	flags.Bool("stdio", true, "tolerated: the server always speaks on stdin and stdout")
	logFile := flags.String("log-file", "", "write the log to `FILE` instead of stderr")
	help := flags.Bool("help", false, "show this help")
	showVersion := flags.Bool("version", false, "show the version")
	if code, ok := parse(flags, args, std); !ok {
		return code
	}
	switch {
	case *help:
		fmt.Fprint(std.out, usage)
		return exitOK
	case *showVersion:
		fmt.Fprintln(std.out, "buildls", version())
		return exitOK
	case flags.NArg() > 0:
		fmt.Fprintf(std.err, "buildls serve takes no arguments: %q\n", flags.Args())
		return exitUsage
	}
	if isTerminal(std.in) {
		fmt.Fprintln(std.err, "buildls waits for an editor to speak on stdin; see buildls --help")
	}
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	log, closeLog, err := newLog(*logFile, std.err, level)
	if err != nil {
		fmt.Fprintf(std.err, "buildls: %v\n", err)
		return exitUsage
	}
	defer closeLog()
	os.Stdout = os.Stderr // whatever prints by mistake must not break the protocol

	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // the heap is a few MiB: typing should not pay for marking it
	}
	defer time.AfterFunc(trimAfter, trim).Stop()
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(512 << 20) // from there on it is collected as often as it takes
	}
	rpc := lsp.NewServer(log)
	server := handlers.New(rpc, log, level, version())
	defer server.Close()
	return rpc.Run(ctx, pipe{std.in, std.out})
}

// trimAfter is when a server has started and its editor has been answered.
const trimAfter = time.Second

// isTerminal says whether a person typed the command, rather than an editor.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// pipe is stdin and stdout as one stream.
type pipe struct {
	io.Reader
	io.Writer
}

// newLog writes to a file, or to stderr, and takes in what BuildKit logs.
func newLog(file string, stderr io.Writer, level zap.AtomicLevel) (*zap.Logger, func(), error) {
	out, closeOut := zapcore.AddSync(stderr), func() {}
	if file != "" {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("log file: %w", err)
		}
		out, closeOut = f, func() { f.Close() }
	}
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.ISO8601TimeEncoder
	log := zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(enc), zapcore.Lock(out), level))
	logrus.SetOutput(io.Discard)
	logrus.AddHook(logrusToZap{log})
	return log, func() { log.Sync(); closeOut() }, nil
}

// logrusToZap passes on what BuildKit's client logs. Its warnings are of interest to
// those who debug, not to authors.
type logrusToZap struct{ log *zap.Logger }

func (logrusToZap) Levels() []logrus.Level { return logrus.AllLevels }

func (h logrusToZap) Fire(e *logrus.Entry) error {
	h.log.Debug(e.Message, zap.String("from", "buildkit"), zap.Stringer("level", e.Level), zap.Any("fields", map[string]any(e.Data)))
	return nil
}

// newFlagSet is a flag set that reports its errors itself.
func newFlagSet(name string, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("buildls "+name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	return flags
}

// parse parses flags; ok is false if the command ends here, with the exit code.
func parse(flags *flag.FlagSet, args []string, _ stdio) (code int, ok bool) {
	switch err := flags.Parse(args); {
	case err == nil:
		return 0, true
	case errors.Is(err, flag.ErrHelp):
		return exitOK, false
	default:
		return exitUsage, false
	}
}
