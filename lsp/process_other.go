//go:build !windows && !darwin && !freebsd && (!linux || portable)

package lsp

import (
	"context"
	"syscall"
	"time"
)

// waitForDeath waits until the process dies, and its parent knows, and says whether it did;
// false if ctx ended first.
func waitForDeath(ctx context.Context, pid int) bool {
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if syscall.Kill(pid, 0) == syscall.ESRCH {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
}
