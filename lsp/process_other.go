//go:build !linux

package lsp

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"
)

// waitForDeath waits until the process dies, and says whether it did; false if ctx
// ended first.
func waitForDeath(ctx context.Context, pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return true // Windows: there is none
	}
	if runtime.GOOS == "windows" {
		died := make(chan struct{})
		go func() { // ends with the process
			p.Wait()
			close(died)
		}()
		select {
		case <-died:
			return true
		case <-ctx.Done():
			return false
		}
	}
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := p.Signal(syscall.Signal(0)); errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}
