package attach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Attach asks for a process at the address that Listen made, and gives it a terminal, until it ends. Its exit code
// is returned. sizes tells when the terminal's size changes. When ctx ends, the process loses its terminal, and
// the error is the cause.
func Attach(ctx context.Context, address string, hello Hello, stdin io.Reader, stdout io.Writer, sizes <-chan Size) (int, error) {
	c, err := dial(address)
	if err != nil {
		return 0, fmt.Errorf("there is no such shell any more: a newer build has started, it was not used for some minutes, or the editor was closed")
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	w := &wire{rw: c}
	if err := w.sendJSON(frameHello, hello); err != nil {
		return 0, errLost
	}
	go func() { // ends with the process that attaches
		io.Copy(frames{w, frameInput}, stdin)
		w.send(frameInput, nil)
	}()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case size := <-sizes:
				w.sendJSON(frameResize, size)
			case <-done:
				return
			}
		}
	}()
	code, err := w.output(stdout)
	if err != nil && ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return code, err
}

var errLost = errors.New("the server of the editor went away, and the shell with it")

func (w *wire) output(stdout io.Writer) (int, error) {
	for {
		kind, data, err := w.receive()
		if err != nil {
			return 0, errLost
		}
		switch kind {
		case frameOutput:
			if _, err := stdout.Write(data); err != nil {
				return 0, err
			}
		case frameExit:
			var exit Exit
			if err := json.Unmarshal(data, &exit); err != nil {
				return 0, errLost
			}
			if exit.Error != "" {
				return exit.Code, errors.New(exit.Error)
			}
			return exit.Code, nil
		}
	}
}
