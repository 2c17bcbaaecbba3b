package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/handlers"
)

// runCommand is `buildls run`.
func runCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [flags] CONTEXT [-- COMMAND...]\nrun [flags] --profile NAME [CONTEXT] [-- COMMAND...]",
		Short: "the same build, and what it made runs here",
		Long: `Builds as buildls build does, with its flags, and runs the image: with its entrypoint,
environment, user and directory. COMMAND stands in place of the image's CMD. Docker runs it if
it has the image, and publishes the ports of EXPOSE on 127.0.0.1. Else it runs in a container of
the engine that built it, and needs no Docker. The build is shown on stderr: stdout is the
program's.

exit code: that of the program, 125 if it could not run, 137 if it did not heed signals and was
ended, 1 if the build failed, 2 wrong usage`,
		ValidArgsFunction: folders,
	}
	var t handlers.TerminalBuild
	buildFlags(cmd, &t)
	progress := progressFlags(cmd, "do not show the build")
	completeBuild(cmd, &t)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		before := cmd.ArgsLenAtDash()
		if before < 0 {
			before = len(args)
		}
		in, err := contextIn(args[:before], &t)
		if err != nil {
			return fmt.Errorf("%w, and a COMMAND behind --", err)
		}
		return buildThen(cmd, in, &t, showing{progress: *progress}, std, func(b *inspect.Build, shown stdio) int {
			shown.out = unclosed{io.Discard} // where the image's id would stand
			if code := report(cmd, b.Outcome, b.Request, b.Conn.Info, *progress, shown); b.Outcome.Status != build.Done {
				return code
			}
			code, err := runProgram(cmd.Context(), b, args[before:], std)
			if err != nil {
				fmt.Fprintf(shown.err, "buildls run: %v\n", err)
				code = exitLost
			}
			if errors.Is(err, errUnheeded) {
				code = exitKilled
			}
			return code
		})
	}
	return cmd
}

// runProgram runs what a build made, and returns its exit code.
func runProgram(ctx context.Context, b *inspect.Build, command []string, std stdio) (int, error) {
	program, err := b.Prepare(ctx, command)
	if err != nil {
		return 0, err
	}
	return inThisTerminal(ctx, std, func(ctx context.Context, t attach.Terminal) (int, error) { return b.Run(ctx, program, t) })
}

// inThisTerminal runs a program in this terminal, or with these streams, and returns its exit code.
func inThisTerminal(ctx context.Context, std stdio, run func(context.Context, attach.Terminal) (int, error)) (int, error) {
	ctx, signals, stop := passedOn(ctx)
	defer stop()
	t := attach.Terminal{Stdout: unclosed{std.out}, Stderr: unclosed{std.err}, Signals: signals}
	if !isTerminal(std.in) || !isTerminal(std.out) {
		t.Stdin = interruptible(ctx, std.in)
		return run(ctx, t)
	}
	in := std.in.(*os.File)
	restore, err := makeRaw(in)
	if err != nil {
		return 0, err
	}
	defer restore()
	sizes, stopSizes := resizes(in)
	defer stopSizes()
	t.Hello, t.Resize, t.Stderr = attach.Hello{Term: terminalName(), Size: sizeOf(in)}, sizes, nil
	t.Stdin = interruptible(ctx, typed(in))
	return run(ctx, t)
}

// endingSignals is how many signals end a program that does not heed them.
const endingSignals = 3

// termWithin is how long a program has to end after a SIGTERM: as long as `docker stop` waits.
const termWithin = 10 * time.Second

// errUnheeded is the end of a program that did not end by itself when it was told to.
var errUnheeded = errors.New("the program was ended, because it did not heed the signals")

// passedOn are the signals for a program that runs, until it is stopped. The context ends when the
// terminal goes away, after the third signal, or some time after a SIGTERM. That ctx ends by one is the
// build's concern.
func passedOn(ctx context.Context) (running context.Context, signals <-chan syscall.Signal, stop func()) {
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	received, passed := make(chan os.Signal, endingSignals), make(chan syscall.Signal)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		var late <-chan time.Time
		for n := 1; ; n++ {
			select {
			case <-late:
				cancel(errUnheeded)
				return
			case s := <-received:
				switch {
				case s == syscall.SIGHUP:
					cancel(errors.New("the terminal went away, and the program was ended"))
					return
				case n == endingSignals:
					cancel(errUnheeded)
					return
				}
				if s == syscall.SIGTERM && late == nil {
					late = time.After(termWithin)
				}
				select {
				case passed <- s.(syscall.Signal):
				case <-running.Done():
					return
				}
			case <-running.Done():
				return
			}
		}
	}()
	return running, passed, func() {
		signal.Stop(received)
		cancel(nil)
	}
}

// unclosed is a writer that outlives what writes to it.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
