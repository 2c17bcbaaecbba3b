//go:build !windows

package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/buildls/buildls/build/attach"
)

// resizes tells when the terminal's size changes, until it is stopped.
func resizes(f *os.File) (<-chan attach.Size, func()) {
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
			case sizes <- sizeOf(f):
			case <-done:
				return
			}
		}
	}()
	return sizes, func() { signal.Stop(changed); close(done) }
}
