package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/buildls/buildls/handlers"
	"github.com/buildls/buildls/lsp"
)

// serveCommand is `buildls serve`.
func serveCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [flags]",
		Short: "the language server, on stdin and stdout",
		Long:  "Speaks the Language Server Protocol with an editor on stdin and stdout.",
		Args:  noArgs,
	}
	var logFile string
	var showVersion bool
	cmd.Flags().Bool("stdio", true, "tolerated: the server always speaks on stdin and stdout")
	value(cmd, "log-file", "FILE", "write the log to FILE instead of stderr", setTo(&logFile))
	cmd.Flags().BoolVar(&showVersion, "version", false, "show the version")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if showVersion {
			printVersion(std)
			return nil
		}
		return exitCode(serve(cmd.Context(), logFile, std))
	}
	return cmd
}

// serve is the language server. stdout carries the protocol and nothing else.
func serve(ctx context.Context, logFile string, std stdio) int {
	if isTerminal(std.in) {
		fmt.Fprintln(std.err, "buildls waits for an editor to speak on stdin; see buildls --help")
	}
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	log, closeLog, err := newLog(logFile, std.err, level)
	if err != nil {
		fmt.Fprintf(std.err, "buildls: %v\n", err)
		return exitUsage
	}
	defer closeLog()
	os.Stdout = os.Stderr // whatever prints by mistake must not break the protocol

	if os.Getenv("GOGC") == "" {
		collectAt()
	}
	defer time.AfterFunc(trimAfter, trim).Stop()
	quiet := time.AfterFunc(trimQuiet, trim)
	defer quiet.Stop()
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(512 << 20) // from there on it is collected as often as it takes
	}
	rpc := lsp.NewServer(log)
	server := handlers.New(rpc, log, level, version())
	defer server.Close()
	in, out := polled(std)
	defer runtime.KeepAlive(std) // which would close the files of in and out
	return rpc.Run(ctx, pipe{heard{in, quiet}, out})
}

const (
	// trimAfter is when a server has started and its editor has been answered.
	trimAfter = 100 * time.Millisecond
	// trimQuiet is how long an editor says nothing before memory is given back again: the checks of
	// many opened files leave several times what is kept of them.
	trimQuiet = 10 * time.Second
)

// heard is what an editor says, which puts off what is done when it is quiet.
type heard struct {
	io.Reader
	quiet *time.Timer
}

// Read implements io.Reader.
func (h heard) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.quiet.Reset(trimQuiet)
	return n, err
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
