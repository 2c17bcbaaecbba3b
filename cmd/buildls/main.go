// Command buildls is a language server that builds container images, and the same
// build for a terminal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build/redact"
)

// The exit codes of the contract.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	// A write to a pipe that nobody reads must be an error, not the end of the process
	// before its builds are canceled.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	findHome()
	std := stdio{os.Stdin, os.Stdout, os.Stderr}
	if len(os.Args) < 2 || os.Args[1] != "engine" { // which hands it on
		hush()
	}
	code := run(ctx, os.Args[1:], std)
	stop()
	os.Exit(code)
}

// findHome has the environment say where the author's home is, as it does not where a service
// starts an editor: all that is kept there is found by it, and no build takes it as a context.
func findHome() {
	if _, err := os.UserHomeDir(); err == nil {
		return
	}
	name := "HOME"
	if runtime.GOOS == "windows" {
		name = "USERPROFILE"
	}
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		os.Setenv(name, u.HomeDir)
	}
}

// hush keeps libraries from printing: the scanner of text/scanner, with which BuildKit's
// matcher reads the patterns of an ignore file, prints there what is no UTF-8.
func hush() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
}

// stdio is what a command reads and writes.
type stdio struct {
	in  io.ReadCloser
	out io.WriteCloser
	err io.Writer
}

// An exitCode is the error of a command that has ended and said why. All other errors of commands
// are wrong usage.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, std stdio) int {
	root := rootCommand(std)
	root.SetArgs(spell(root, args))
	cmd, err := root.ExecuteContextC(ctx)
	var code exitCode
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(std.clean().err, "%s: %s\n%s`%s --help` says more.\n",
		cmd.CommandPath(), redact.URLs(didYouMean(cmd, err).Error()), usageOf(cmd), cmd.CommandPath())
	return exitUsage
}

// rootCommand is `buildls`, with all its commands.
func rootCommand(std stdio) *cobra.Command {
	cobra.EnableCommandSorting = false
	cobra.MousetrapHelpText = "" // a server may be started by any program
	root := &cobra.Command{
		Use: "buildls [COMMAND]",
		Long: `buildls builds container images where they are written. Without a COMMAND it serves an
editor. "buildls help COMMAND" says more of each.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return unknownCommand(cmd, args[0])
		},
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetHelpFunc(showHelp)
	root.PersistentFlags().BoolP("help", "h", false, "show this help")
	help := helpCommand()
	root.SetHelpCommand(help)
	root.AddCommand(serveCommand(std), buildCommand(std), runCommand(std), checkCommand(std.clean()), formatCommand(std),
		buildsCommand(std.clean()), whyCommand(std.clean()), contextCommand(std.clean()), filesCommand(std.clean()), shellCommand(std), doctorCommand(std.clean()), pruneCommand(std.clean()), engineCommand(std),
		dapCommand(std), attachCommand(std), completionCommand(std), versionCommand(std.clean()), help)
	for _, cmd := range root.Commands() {
		cmd.Flags().SortFlags = false
		offerNoFiles(cmd)
	}
	return root
}
