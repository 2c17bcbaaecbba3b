//go:build !portable

package dial

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// limit bounds how long data may be on the way: no ping is sent as long as there is some.
func limit(_, _ string, raw syscall.RawConn) error {
	var err error
	if cause := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(lost.Milliseconds()))
	}); cause != nil {
		return cause
	}
	return err
}
