package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/google/shlex"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/buildls/buildls/build/attach"
)

// exitLost is the exit code when there is no shell, or it did not end by itself.
const exitLost = 125

// exitKilled is the exit code when a program was ended, as Docker has it: 128 and the number of SIGKILL.
const exitKilled = 137

// attachCommand is `buildls attach`. It ends with the exit code of the shell.
func attachCommand(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attach SOCKET [--command PROGRAM]\nattach SOCKET [-- PROGRAM [ARGUMENT...]]",
		Short: "a shell in a step, for editors to run in a terminal",
		Long: `Gives this terminal to a shell in a step of a build. Editors run it; the command
buildls.shell names the socket.`,
	}
	var command string
	value(cmd, "command", "PROGRAM",
		"run it, with its arguments, instead of the shell, for images\nthat have none", setTo(&command))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		program, err := programOf(command, args, cmd.ArgsLenAtDash())
		if err != nil {
			return err
		}
		hello := attach.Hello{Term: terminalName(), Args: program}
		code, err := attachTerminal(cmd.Context(), args[0], hello, std)
		if err != nil {
			if cmd.Context().Err() == nil { // else a signal ended it
				fmt.Fprintf(std.err, "buildls: %v\n", err)
			}
			return exitCode(exitLost)
		}
		return exitCode(code)
	}
	return cmd
}

// terminalName is what the terminal is.
func terminalName() string {
	name := os.Getenv("TERM")
	if name == "" && runtime.GOOS == "windows" { // a console understands what these send
		name = "xterm-256color"
	}
	return name
}

// isTerminal says whether a stream is one.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// programOf is what is run instead of the shell: the words of --command, or what stands behind
// the socket and "--", before which there are so many arguments.
func programOf(command string, args []string, before int) ([]string, error) {
	words, err := shlex.Split(command)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--command: %w", err)
	case before == 1 && len(args) > 1 && command == "":
		return args[1:], nil
	case before == 1 || len(args) != 1:
		return nil, errors.New("it takes a SOCKET, and a PROGRAM in --command or behind --")
	}
	return words, nil
}

// attachTerminal passes on what is typed as it is, Ctrl-C too, and puts the terminal back.
func attachTerminal(ctx context.Context, socket string, hello attach.Hello, std stdio) (int, error) {
	if !isTerminal(std.in) {
		return attachPipes(ctx, socket, hello, std)
	}
	in := std.in.(*os.File)
	restore, err := makeRaw(in)
	if err != nil {
		return 0, err
	}
	defer restore()
	hello.Size = sizeOf(in)
	sizes, stop := resizes(in)
	defer stop()
	return attach.Attach(ctx, socket, hello, typed(in), std.out, sizes)
}

var defaultSize = attach.Size{Rows: 24, Cols: 80}

func size(fd uintptr) attach.Size {
	cols, rows, err := term.GetSize(int(fd))
	if err != nil {
		return defaultSize
	}
	return attach.Size{Rows: uint32(rows), Cols: uint32(cols)}
}
