package attach

import (
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
)

// Listen makes a socket, of a name that cannot be guessed, in a directory that is its user's
// alone. Closing it removes the socket.
func Listen(dir string) (net.Listener, error) {
	path := filepath.Join(dir, rand.Text())
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}
