package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/buildls/buildls/handlers"
)

// dapCommand is `buildls dap`.
func dapCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dap [flags]",
		Short: "a debug adapter for builds, on stdin and stdout",
		Long: `Speaks the Debug Adapter Protocol with an editor on stdin and stdout, and steps through builds.
The Dockerfile is the saved one. "buildls help debug" says how an editor is set up.`,
		Args: noArgs,
	}
	var logFile string
	value(cmd, "log-file", "FILE", "write the log to FILE instead of stderr", setTo(&logFile))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if isTerminal(std.in) {
			fmt.Fprintln(std.err, "buildls waits for an editor's debugger to speak on stdin; see buildls help debug")
		}
		log, closeLog, err := newLog(logFile, std.err, zap.NewAtomicLevelAt(zap.InfoLevel))
		if err != nil {
			fmt.Fprintf(std.err, "buildls dap: %v\n", err)
			return exitCode(exitUsage)
		}
		defer closeLog()
		os.Stdout = os.Stderr // whatever prints by mistake must not break the protocol
		if err := handlers.Debug(cmd.Context(), duplex{std.in, std.out}, log); err != nil && cmd.Context().Err() == nil {
			fmt.Fprintf(std.err, "buildls dap: %v\n", err)
			return exitCode(exitFailed)
		}
		return nil
	}
	return cmd
}

// duplex is stdin and stdout as one connection.
type duplex struct {
	io.Reader
	io.Writer
}

// Close leaves them open, for the end of the process: Windows closes no file that is being read.
func (duplex) Close() error { return nil }
