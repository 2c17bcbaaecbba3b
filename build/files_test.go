package build

import (
	"os"
	"path/filepath"
	"testing"
)

// Nothing but a file that stood for an earlier build is removed.
func TestRemoveOld(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"file", "target", "empty/"} {
		if name == "empty/" {
			if err := os.Mkdir(in(name), 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(in(name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "target", "dangling": "gone", "to-dir": "empty", "null": os.DevNull, "fd": "/proc/self/fd/0"} {
		if err := os.Symlink(to, in(link)); err != nil {
			t.Skip(err)
		}
	}
	for name, goes := range map[string]bool{"file": true, "link": true, "dangling": true, "target": false, "empty": false, "to-dir": false, "null": false, "fd": false, "gone": true} {
		if name != "target" {
			if err := RemoveOld(in(name)); err != nil {
				t.Error(err)
			}
		}
		if _, err := os.Lstat(in(name)); os.IsNotExist(err) != goes {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := RemoveOld(""); err != nil {
		t.Error(err)
	}
}
