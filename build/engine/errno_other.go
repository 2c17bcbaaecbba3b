//go:build !windows

package engine

import "syscall"

// What the system says of a connection.
const (
	errRefused = syscall.ECONNREFUSED
	errNoHost  = syscall.EHOSTUNREACH
	errNoNet   = syscall.ENETUNREACH
	errLate    = syscall.ETIMEDOUT
)
