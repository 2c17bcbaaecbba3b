//go:build !windows

package attach

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	nameLength = 12 // 60 bits that are random
	// maxDir is how long the path of a directory of sockets may be, in bytes: the address of a socket
	// has 104 on macOS, of which one ends it, and 108 on Linux (sys/un.h).
	maxDir = 104 - 1 - len("/") - nameLength
)

// NewDir makes a directory for sockets that is its user's alone. It lies where the system wants
// such things, if that is the user's own and its path is not too long.
func NewDir() (dir string, err error) {
	var places []string
	// Under sudo the variable may still be the other user's, who could exchange what lies there. A
	// relative path is to be ignored, says the XDG specification.
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) && isOwn(runtime) {
		places = append(places, runtime)
	}
	if temp, err := filepath.Abs(os.TempDir()); err == nil {
		places = append(places, temp)
	}
	if !slices.Contains(places, "/tmp") {
		places = append(places, "/tmp")
	}
	var why []string
	for _, in := range places {
		dir, err := os.MkdirTemp(in, "buildls-shell-") // 0700
		if err == nil && len(dir) <= maxDir {
			return dir, nil
		}
		if err == nil {
			os.Remove(dir)
			err = errors.New("its path is too long")
		} else if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
			err = failed.Err
		}
		why = append(why, fmt.Sprintf("%s (%v)", in, err))
	}
	return "", fmt.Errorf("no place for a shell's socket: set XDG_RUNTIME_DIR to a directory of yours with a short path; tried %s", strings.Join(why, ", "))
}

func isOwn(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// Listen makes a socket, of a name that cannot be guessed, in such a directory, and returns the
// address for Attach. Closing it removes the socket.
func Listen(dir string) (l net.Listener, address string, err error) {
	path := filepath.Join(dir, rand.Text()[:nameLength])
	if l, err = net.Listen("unix", path); err != nil {
		return nil, "", err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, "", err
	}
	return l, path, nil
}

func dial(address string) (net.Conn, error) { return net.Dial("unix", address) }
