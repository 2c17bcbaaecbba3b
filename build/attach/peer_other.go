//go:build !linux

package attach

import "net"

// Trusted relies on the rights of the socket's directory.
func Trusted(net.Conn) bool { return true }
