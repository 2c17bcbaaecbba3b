//go:build !portable

package lsp

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// waitForDeath waits until the process dies (also if it stays a zombie), and says
// whether it did; false if ctx ended first.
func waitForDeath(ctx context.Context, pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err == unix.ESRCH // else: a kernel that cannot say
	}
	defer unix.Close(fd)
	for ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(time.Second/time.Millisecond))
		if n > 0 && err == nil {
			return true
		}
	}
	return false
}
