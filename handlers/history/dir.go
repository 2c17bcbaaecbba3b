package history

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Dir is where this user's records are: builds below buildls in $XDG_STATE_HOME if that
// is an absolute path, else in ~/.local/state, on macOS in ~/Library/Application Support,
// and on Windows in %LocalAppData%. It need not be there.
func Dir() (string, error) {
	state, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep builds: %w", err)
	}
	return filepath.Join(state, "buildls", "builds"), nil
}

func stateDir() (string, error) {
	// The XDG specification tells to ignore a relative path.
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return state, nil
	}
	if runtime.GOOS == "windows" {
		return os.UserCacheDir() // %LocalAppData%
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return filepath.Join(home, ".local", "state"), nil
}
