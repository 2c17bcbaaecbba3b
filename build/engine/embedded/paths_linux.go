//go:build !portable

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxSocket is the longest path that fits into a sockaddr_un with its closing zero.
const maxSocket = 107

// DefaultPaths are the places of this user's engine. It creates nothing.
func DefaultPaths() (Paths, error) {
	root, err := defaultRoot()
	if err != nil {
		return Paths{}, err
	}
	socket, err := defaultSocket()
	if err != nil {
		return Paths{}, err
	}
	return NewPaths(root, socket)
}

// NewPaths are the places of an engine with this state and socket, made absolute.
func NewPaths(root, socket string) (Paths, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return Paths{}, err
	}
	if socket, err = filepath.Abs(socket); err != nil {
		return Paths{}, err
	}
	if len(socket) > maxSocket {
		return Paths{}, fmt.Errorf("the engine's socket %s has a path of %d bytes, the system allows %d: set XDG_RUNTIME_DIR to a shorter directory", socket, len(socket), maxSocket)
	}
	return Paths{Socket: socket, Root: root, Log: filepath.Join(root, "engine.log")}, nil
}

func defaultRoot() (string, error) {
	// The XDG specification tells to ignore a relative path.
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "buildls", "engine"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the embedded engine's state: set HOME or XDG_DATA_HOME: %w", err)
	}
	return filepath.Join(home, ".local", "share", "buildls", "engine"), nil
}

// defaultSocket takes the first directory that is this user's and short enough.
func defaultSocket() (string, error) {
	var dirs []string
	// Under sudo the variable may still be the other user's: what is put there would be
	// in that user's hands.
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) && ownDir(dir, os.Stat) == nil {
		dirs = append(dirs, filepath.Join(dir, "buildls"))
	}
	uid := os.Geteuid()
	if uid == 0 {
		dirs = append(dirs, "/run/buildls")
	}
	own := "buildls-" + strconv.Itoa(uid)
	dirs = append(dirs, filepath.Join(os.TempDir(), own), filepath.Join("/tmp", own))

	for _, dir := range dirs {
		socket := filepath.Join(dir, "engine.sock")
		if len(socket) > maxSocket {
			continue
		}
		if err := ownDir(dir, os.Lstat); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("no safe place for the embedded engine's socket: %w", err)
		}
		return socket, nil
	}
	return "", fmt.Errorf("no place with a short enough path for the embedded engine's socket: tried %s", strings.Join(dirs, ", "))
}

// Prepare creates the directories of the root and the socket for this user alone, and
// refuses those that another user owns or may write to. The root may be a symbolic
// link, to a larger disk say; the socket's directory not, because it may lie in a
// shared one.
func (p Paths) Prepare() error {
	if err := p.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(p.Root, 0o700); err != nil {
		return stateError(err)
	}
	if err := os.MkdirAll(filepath.Dir(p.Socket), 0o700); err != nil {
		return socketError(err)
	}
	return p.Check() // what somebody else may have made in the meantime
}

// Check is nil if Prepare would succeed. It creates nothing.
func (p Paths) Check() error {
	if err := ownOrNew(p.Root, os.Stat); err != nil {
		return stateError(err)
	}
	if err := ownOrNew(filepath.Dir(p.Socket), os.Lstat); err != nil {
		return socketError(err)
	}
	return nil
}

func stateError(err error) error { return fmt.Errorf("the embedded engine's state: %w", err) }

func socketError(err error) error {
	return fmt.Errorf("the directory of the embedded engine's socket: %w", err)
}

// ownOrNew is nil if path is a directory of this user's that no other may write to, or one that
// this user may make.
func ownOrNew(path string, stat func(string) (fs.FileInfo, error)) error {
	if err := ownDir(path, stat); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for {
		switch err := unix.Access(path, unix.W_OK|unix.X_OK); {
		case err == nil:
			return nil
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("nothing can be made in %s: %w", path, err)
		}
		switch fi, err := os.Lstat(path); {
		case err != nil:
			path = filepath.Dir(path)
		case fi.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a symbolic link that leads nowhere", path)
		} // else another process has just made it: it is asked about again
	}
}

// ownDir is nil if path is a directory of this user's that no other may write to.
func ownDir(path string, stat func(string) (fs.FileInfo, error)) error {
	info, err := stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", path)
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok && int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, not to %d", path, sys.Uid, os.Geteuid())
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s may be written to by others (mode %04o): chmod go-w it", path, info.Mode().Perm())
	}
	return nil
}

// holder is the engine that holds, or last held, the root's lock: its process and the
// socket it listens on, which is another one than ours if it was started with another
// XDG_RUNTIME_DIR. Zero if nobody does.
func (p Paths) holder() (pid int, socket string) {
	text, err := os.ReadFile(filepath.Join(p.Root, LockName))
	if err != nil {
		return 0, ""
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	pid, err = strconv.Atoi(first)
	if err != nil {
		return 0, "" // it is being written
	}
	return pid, strings.TrimSuffix(rest, "\n")
}
