//go:build !windows

package attach

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

const (
	nameLength = 12 // 60 bits that are random
	// maxDir is how long the path of a directory of sockets may be, in bytes: the address of a socket
	// has 104 on macOS, of which one ends it, and 108 on Linux (sys/un.h).
	maxDir = 104 - 1 - len("/") - nameLength
)

// NewDir makes a directory for sockets that is its user's alone. It lies where the system wants
// such things, if their paths are not too long there.
func NewDir() (dir string, err error) {
	var errs []error
	for _, in := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(in, "buildls-shell-") // 0700
		if err == nil && len(dir) > maxDir {
			os.Remove(dir)
			err = fmt.Errorf("%s: too long for a socket", dir)
		}
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// Listen makes a socket, of a name that cannot be guessed, in such a directory, and returns the
// address for Attach. Closing it removes the socket.
func Listen(dir string) (l net.Listener, address string, err error) {
	path := filepath.Join(dir, rand.Text()[:nameLength])
	if l, err = net.Listen("unix", path); err != nil {
		return nil, "", err
	}
	return l, path, os.Chmod(path, 0o600)
}

func dial(address string) (net.Conn, error) { return net.Dial("unix", address) }
