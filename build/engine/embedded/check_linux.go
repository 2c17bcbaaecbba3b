//go:build !portable

package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Supported says whether this system can have the embedded engine.
const Supported = true

// Check is nil if the engine could run here. Else it says what is missing and what
// mends it.
func Check() error {
	if err := CheckHost(); err != nil {
		return err
	}
	_, err := Program()
	return err
}

// CheckHost is Check without the look for the engine's program: what the program itself
// asks.
func CheckHost() error {
	if _, err := Runc(); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return checkRootless()
	}
	return nil
}

// sbin is where runc may be although PATH does not say so: editors started from a
// desktop often have no sbin on PATH, and Debian puts runc there.
var sbin = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// Runc finds the program that runs the steps of a build.
func Runc() (string, error) {
	for _, name := range []string{"buildkit-runc", "runc"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
		for _, dir := range sbin {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("the embedded engine needs runc, which was not found: install it with `%s runc`", installer())
}

func installer() string {
	for _, command := range [][2]string{
		{"apt-get", "apt-get install"},
		{"dnf", "dnf install"},
		{"zypper", "zypper install"},
		{"pacman", "pacman -S"},
		{"apk", "apk add"},
	} {
		if _, err := exec.LookPath(command[0]); err == nil {
			return command[1]
		}
	}
	return "apt-get install"
}
