//go:build !windows

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/buildls/buildls/build/attach"
)

func attachPipes(context.Context, string, attach.Hello, stdio) (int, error) {
	return 0, errors.New("attach needs a terminal")
}

// makeRaw has everything that is typed come as it is.
func makeRaw(in *os.File) (restore func(), err error) {
	old, err := term.MakeRaw(int(in.Fd()))
	return func() { term.Restore(int(in.Fd()), old) }, err
}

func typed(in *os.File) io.Reader { return in }

func sizeOf(in *os.File) attach.Size { return size(in.Fd()) }

// resizes tells when the terminal's size changes, until it is stopped.
func resizes(in *os.File) (<-chan attach.Size, func()) {
	changed, done := make(chan os.Signal, 1), make(chan struct{})
	sizes := make(chan attach.Size)
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		for {
			select {
			case <-changed:
			case <-done:
				return
			}
			select {
			case sizes <- sizeOf(in):
			case <-done:
				return
			}
		}
	}()
	return sizes, func() { signal.Stop(changed); close(done) }
}
