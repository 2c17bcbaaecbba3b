//go:build !portable

package attach

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Trusted says whether the other side is a process of the same user, or root.
func Trusted(c net.Conn) bool {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return false
	}
	trusted := false
	raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		trusted = err == nil && (cred.Uid == 0 || int(cred.Uid) == os.Geteuid())
	})
	return trusted
}
