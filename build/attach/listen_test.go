//go:build !windows

package attach

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A socket is made also where the directories that the system has for such things have paths that
// are too long for one; nothing is left there.
func TestLongDirectories(t *testing.T) {
	for _, name := range []string{"XDG_RUNTIME_DIR", "TMPDIR"} {
		long := filepath.Join(t.TempDir(), strings.Repeat("x", maxDir))
		if err := os.Mkdir(long, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if left, err := os.ReadDir(long); err != nil || len(left) > 0 {
				t.Errorf("%s: %v is left, %v", name, left, err)
			}
		})
		t.Setenv(name, long)
	}
	dir, err := NewDir()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, address, err := Listen(dir)
	if err != nil {
		t.Fatalf("%q: %v", address, err)
	}
	l.Close()
}

// What is no directory of the user's own is passed over.
func TestWrongRuntimeDir(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, runtime := range []string{".", file, file + "/none", "/proc"} {
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		dir, err := NewDir()
		if err != nil || !strings.HasPrefix(dir, os.TempDir()) {
			t.Errorf("%s: %q, %v", runtime, dir, err)
		}
		os.Remove(dir)
	}
}
