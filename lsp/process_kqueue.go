//go:build darwin || freebsd

package lsp

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// waitForDeath waits until the process dies (also if it stays a zombie, which kill(2) takes
// for alive), and says whether it did; false if ctx ended first.
func waitForDeath(ctx context.Context, pid int) bool {
	queue, err := unix.Kqueue()
	if err != nil {
		return false // a system without a descriptor left: the end of stdin ends the server
	}
	defer unix.Close(queue)
	var watch unix.Kevent_t
	unix.SetKevent(&watch, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	watch.Fflags = unix.NOTE_EXIT
	if _, err := unix.Kevent(queue, []unix.Kevent_t{watch}, nil, nil); err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	wait := unix.NsecToTimespec(int64(time.Second))
	for ctx.Err() == nil {
		if n, err := unix.Kevent(queue, nil, make([]unix.Kevent_t, 1), &wait); n > 0 && err == nil {
			return true
		}
	}
	return false
}
