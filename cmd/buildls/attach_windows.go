package main

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/term"

	"github.com/buildls/buildls/build/attach"
)

// attachPipes serves terminals that are no console, such as Git Bash's: they give a program
// pipes, and send what is typed as it is.
func attachPipes(ctx context.Context, socket string, hello attach.Hello, std stdio) (int, error) {
	hello.Size = defaultSize
	return attach.Attach(ctx, socket, hello, std.in, std.out, nil)
}

// makeRaw has everything that is typed come as it is, and what is printed steer the console.
func makeRaw(in *os.File) (restore func(), err error) {
	old, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	out := windows.Handle(os.Stdout.Fd())
	var mode uint32
	if windows.GetConsoleMode(out, &mode) == nil {
		windows.SetConsoleMode(out, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING|windows.DISABLE_NEWLINE_AUTO_RETURN)
	}
	return func() {
		windows.SetConsoleMode(out, mode) // fails if it is no console
		term.Restore(int(in.Fd()), old)
	}, nil
}

// typed is what comes from a console. Go takes a Ctrl-Z for its end; a shell does not.
func typed(in *os.File) io.Reader { return console{in} }

type console struct{ *os.File }

func (c console) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	if n == 0 && err == io.EOF && len(p) > 0 {
		p[0] = 'Z' - '@'
		return 1, nil
	}
	return n, err
}

// sizeOf asks the console's screen: its keyboard does not know.
func sizeOf(*os.File) attach.Size { return size(os.Stdout.Fd()) }

// resizes tells when the console's size changes, until it is stopped. No signal does.
func resizes(in *os.File) (<-chan attach.Size, func()) {
	done, sizes := make(chan struct{}), make(chan attach.Size)
	go func() {
		tick := time.NewTicker(time.Second / 4)
		defer tick.Stop()
		for last := sizeOf(in); ; {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			if now := sizeOf(in); now != last {
				last = now
				select {
				case sizes <- now:
				case <-done:
					return
				}
			}
		}
	}()
	return sizes, func() { close(done) }
}
