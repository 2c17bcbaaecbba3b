//go:build !windows

package attach

import (
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
)

// Listen makes a socket, of a name that cannot be guessed, in a directory that is its user's
// alone, and returns the address for Attach. Closing it removes the socket.
func Listen(dir func() (string, error)) (l net.Listener, address string, err error) {
	in, err := dir()
	if err != nil {
		return nil, "", err
	}
	path := filepath.Join(in, rand.Text())
	if l, err = net.Listen("unix", path); err != nil {
		return nil, "", err
	}
	return l, path, os.Chmod(path, 0o600)
}

func dial(address string) (net.Conn, error) { return net.Dial("unix", address) }
