//go:build !portable

package embedded

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Program finds the program whose command engine is the engine:
// $BUILDLS_ENGINE_PROGRAM, else this executable, else buildls on PATH.
func Program() (string, error) {
	if named := os.Getenv("BUILDLS_ENGINE_PROGRAM"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("$BUILDLS_ENGINE_PROGRAM names no program that can run: %w", err)
		}
		return filepath.Abs(path)
	}
	self, gone := executable()
	if gone == nil {
		return self, nil
	}
	path, err := exec.LookPath("buildls")
	if err != nil {
		return "", fmt.Errorf("the embedded engine has no program to run: %w, and there is no buildls on PATH: restart the editor, install buildls with `go install github.com/buildls/buildls/cmd/buildls@latest`, or name it in $BUILDLS_ENGINE_PROGRAM", gone)
	}
	return filepath.Abs(path)
}

// executable is the file that this process runs, without links. An upgrade may have
// deleted it, or put another in its place, which need not be whole yet: that is an
// error.
func executable() (string, error) {
	if flag.Lookup("test.v") != nil && flag.Parsed() {
		// Run as the engine, a package's test would run its tests, which start engines.
		return "", errors.New("a test is not buildls")
	}
	path, err := os.Executable() // the kernel has resolved the links
	if err != nil {
		return "", err
	}
	running, err := os.Stat("/proc/self/exe")
	if err != nil {
		return "", err
	}
	found, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s was deleted while it ran", path)
	case err != nil:
		return "", err
	case !os.SameFile(running, found):
		return "", fmt.Errorf("%s was replaced while it ran", path)
	}
	return path, nil
}
