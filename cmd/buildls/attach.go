package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/buildls/buildls/build/attach"
)

const attachUsage = `buildls attach gives this terminal to a shell in a step of a build.

usage: buildls attach SOCKET [-- PROGRAM [ARGUMENT...]]

Editors run it; the command buildls.shell names the socket. PROGRAM is run instead of the shell,
for images that have none.
`

// exitLost is the exit code when there is no shell, or it did not end by itself.
const exitLost = 125

// attachCommand ends with the exit code of the shell.
func attachCommand(_ context.Context, args []string, std stdio) int {
	flags := newFlagSet("attach", std.err)
	flags.Usage = func() { fmt.Fprint(std.err, attachUsage) }
	if code, ok := parse(flags, args, std); !ok {
		return code
	}
	args = flags.Args()
	if len(args) == 0 || len(args) > 1 && args[1] != "--" || len(args) == 2 {
		fmt.Fprint(std.err, attachUsage)
		return exitUsage
	}
	hello := attach.Hello{Term: os.Getenv("TERM"), Args: args[min(2, len(args)):]}
	code, err := attachTerminal(args[0], hello, std)
	if err != nil {
		fmt.Fprintf(std.err, "buildls: %v\n", err)
		return exitLost
	}
	return code
}

// attachTerminal passes on what is typed as it is, Ctrl-C too, and puts the terminal back.
func attachTerminal(socket string, hello attach.Hello, std stdio) (int, error) {
	f, ok := std.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, errors.New("attach needs a terminal")
	}
	hello.Size = sizeOf(f)
	sizes, stop := resizes(f)
	defer stop()
	old, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return 0, err
	}
	defer term.Restore(int(f.Fd()), old)
	return attach.Attach(socket, hello, std.in, io.Writer(std.out), sizes)
}

func sizeOf(f *os.File) attach.Size {
	cols, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return attach.Size{Rows: 24, Cols: 80}
	}
	return attach.Size{Rows: uint32(rows), Cols: uint32(cols)}
}
