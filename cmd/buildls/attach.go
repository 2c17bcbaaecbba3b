package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/google/shlex"
	"golang.org/x/term"

	"github.com/buildls/buildls/build/attach"
)

const attachUsage = `buildls attach gives this terminal to a shell in a step of a build.

usage: buildls attach SOCKET [--command 'PROGRAM [ARGUMENT...]']
       buildls attach SOCKET [-- PROGRAM [ARGUMENT...]]

Editors run it; the command buildls.shell names the socket. PROGRAM is run instead of the shell,
for images that have none.
`

// exitLost is the exit code when there is no shell, or it did not end by itself.
const exitLost = 125

// attachCommand ends with the exit code of the shell.
func attachCommand(_ context.Context, args []string, std stdio) int {
	flags := newFlagSet("attach", std.err)
	flags.Usage = func() { fmt.Fprint(std.err, attachUsage) }
	command := flags.String("command", "", "")
	if code, ok := parse(flags, args, std); !ok {
		return code
	}
	args = flags.Args()
	if len(args) > 1 { // what stands behind the socket
		if code, ok := parse(flags, args[1:], std); !ok {
			return code
		}
	}
	program, ok := programOf(*command, args, flags.Args())
	if !ok {
		fmt.Fprint(std.err, attachUsage)
		return exitUsage
	}
	hello := attach.Hello{Term: os.Getenv("TERM"), Args: program}
	if hello.Term == "" && runtime.GOOS == "windows" { // a console understands what these send
		hello.Term = "xterm-256color"
	}
	code, err := attachTerminal(args[0], hello, std)
	if err != nil {
		fmt.Fprintf(std.err, "buildls: %v\n", err)
		return exitLost
	}
	return code
}

// programOf is what is run instead of the shell: the words of --command, or what stands behind
// the socket and "--". ok is false if the arguments, a socket first, are not such.
func programOf(command string, args, behind []string) (program []string, ok bool) {
	words, err := shlex.Split(command)
	dashes := slices.Index(args, "--")
	switch {
	case len(args) == 0 || err != nil:
		return nil, false
	case dashes < 0:
		return words, len(args) == 1 || len(behind) == 0
	}
	return behind, command == "" && dashes > 0 && len(behind) > 0
}

// attachTerminal passes on what is typed as it is, Ctrl-C too, and puts the terminal back.
func attachTerminal(socket string, hello attach.Hello, std stdio) (int, error) {
	in, isFile := std.in.(*os.File)
	if !isFile || !term.IsTerminal(int(in.Fd())) {
		return attachPipes(socket, hello, std)
	}
	restore, err := makeRaw(in)
	if err != nil {
		return 0, err
	}
	defer restore()
	hello.Size = sizeOf(in)
	sizes, stop := resizes(in)
	defer stop()
	return attach.Attach(socket, hello, typed(in), std.out, sizes)
}

var defaultSize = attach.Size{Rows: 24, Cols: 80}

func size(fd uintptr) attach.Size {
	cols, rows, err := term.GetSize(int(fd))
	if err != nil {
		return defaultSize
	}
	return attach.Size{Rows: uint32(rows), Cols: uint32(cols)}
}
