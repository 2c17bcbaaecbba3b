// Command buildls is a language server that builds container images, and the same
// build for a terminal.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

const usage = `buildls builds container images where they are written.

usage:
  buildls [serve] [--stdio] [--log-file FILE]   the language server, on stdin and stdout
  buildls build [flags] CONTEXT                 the same build, here (see buildls build --help)
  buildls check [flags] FILE...                 what is wrong with Dockerfiles (see buildls check --help)
  buildls builds [flags] [ID]                   the last builds, here and in editors (see buildls builds --help)
  buildls doctor [--engine ENGINE] [--json]     which engine would build, and why
  buildls engine [flags]                        the embedded engine (started when it is needed)
  buildls attach SOCKET [--command PROGRAM]     a shell in a step, for editors to run in a terminal
  buildls help [TOPIC]                          this, and the topics; or the page of one
  buildls version
`

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
	std := stdio{os.Stdin, os.Stdout, os.Stderr}
	if len(os.Args) < 2 || os.Args[1] != "engine" { // which hands it on
		hush()
	}
	code := run(ctx, os.Args[1:], std)
	stop()
	os.Exit(code)
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

// run runs a subcommand and returns the exit code.
func run(ctx context.Context, args []string, std stdio) int {
	name := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	switch name {
	case "serve":
		return serve(ctx, args, std)
	case "build":
		return buildCommand(ctx, args, std)
	case "check":
		return checkCommand(ctx, args, std.clean())
	case "builds":
		return buildsCommand(args, std.clean())
	case "doctor":
		return doctor(ctx, args, std.clean())
	case "attach":
		return attachCommand(ctx, args, std)
	case "engine":
		return engineCommand(args, std)
	case "version":
		fmt.Fprintln(std.out, "buildls", version())
		return exitOK
	case "help":
		return helpCommand(args, std)
	}
	fmt.Fprintf(std.err, "buildls: unknown command %q\n\n%s", name, usage)
	return exitUsage
}

// release is set by the linker for a released binary.
var release string

// version is the release, else what Go knows of the module.
func version() string {
	if release != "" {
		return release
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "(devel)"
}
