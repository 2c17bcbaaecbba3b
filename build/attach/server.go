package attach

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"syscall"
)

// A Terminal is what a process gets that runs for somebody who is attached. With a Stderr it is none,
// but streams.
type Terminal struct {
	Hello
	Stdin   io.ReadCloser
	Stdout  io.WriteCloser
	Stderr  io.WriteCloser        // nil in a terminal, where Stdout takes all
	Resize  <-chan Size           // closed when the terminal is gone; nil if nothing tells
	Signals <-chan syscall.Signal // for the process; nil if none come
}

// Serve has run run the process for the terminal at the other end of c, and closes c when that
// has ended. The context of run ends when the terminal goes away. The code that it returns is the
// process's.
func Serve(ctx context.Context, c net.Conn, run func(context.Context, Terminal) (int, error)) {
	defer c.Close()
	w := &wire{rw: c}
	kind, data, err := w.receive()
	var hello Hello
	if err != nil || kind != frameHello || json.Unmarshal(data, &hello) != nil {
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	typed, stdin := io.Pipe()
	resize := make(chan Size)
	read := make(chan struct{})
	go func() { // ends when c is closed, at the latest
		defer close(read)
		defer close(resize)
		cancel(w.input(ctx, stdin, resize))
	}()
	code, err := run(ctx, Terminal{Hello: hello, Stdin: typed, Stdout: output{frames{w, frameOutput}}, Resize: resize})
	typed.Close()
	exit := Exit{Code: code}
	if err != nil {
		exit.Error = err.Error()
	}
	w.sendJSON(frameExit, exit)
	c.Close()
	cancel(nil) // nobody is told of sizes any more
	<-read
}

// errGone is why a process is ended whose terminal went away.
var errGone = errors.New("the terminal was closed")

func (w *wire) input(ctx context.Context, stdin *io.PipeWriter, resize chan<- Size) error {
	defer stdin.Close()
	for {
		kind, data, err := w.receive()
		if err != nil {
			return errGone
		}
		var size Size
		switch {
		case kind == frameInput && len(data) == 0:
			stdin.Close()
		case kind == frameInput:
			stdin.Write(data) // fails if the process no longer reads
		case kind == frameResize && json.Unmarshal(data, &size) == nil:
			select {
			case resize <- size:
			case <-ctx.Done():
			}
		}
	}
}

// output is not closed by the process: the exit is to follow.
type output struct{ frames }

func (output) Close() error { return nil }
