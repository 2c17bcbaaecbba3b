package engine

import "golang.org/x/sys/windows"

// What Windows says of a connection. Go's own names are others there.
const (
	errRefused = windows.WSAECONNREFUSED
	errNoHost  = windows.WSAEHOSTUNREACH
	errNoNet   = windows.WSAENETUNREACH
	errLate    = windows.WSAETIMEDOUT
)
