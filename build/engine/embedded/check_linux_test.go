//go:build !portable

package embedded

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRuncIsFoundOrExplained(t *testing.T) {
	path, dir := t.TempDir(), t.TempDir()
	defer func(before []string) { sbin = before }(sbin)
	sbin = []string{dir}
	t.Setenv("PATH", path)

	if _, err := Runc(); err == nil || !strings.Contains(err.Error(), "`apt-get install runc`") {
		t.Errorf("error %v, want the command that installs it", err)
	}
	for _, place := range []string{dir, path} { // each goes before the last
		want := filepath.Join(place, "runc")
		if err := os.WriteFile(want, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := Runc(); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// Without root, what forbids user namespaces is named with what allows them.
func TestRootlessIsPossibleOrExplained(t *testing.T) {
	dir := t.TempDir() + "/"
	if err := checkSysctls(dir); err != nil {
		t.Errorf("a kernel without such settings: %v", err)
	}
	for _, file := range []string{"user/max_user_namespaces", "kernel/unprivileged_userns_clone"} {
		if err := os.MkdirAll(filepath.Dir(dir+file), 0o755); err != nil {
			t.Fatal(err)
		}
		for value, ok := range map[string]bool{"1\n": true, "0\n": false} {
			if err := os.WriteFile(dir+file, []byte(value), 0o644); err != nil {
				t.Fatal(err)
			}
			name := strings.ReplaceAll(file, "/", ".")
			if err := checkSysctls(dir); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "`sudo sysctl -w "+name+"=") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
		os.Remove(dir + file)
	}
	if err := checkSubIDs(4_000_000_000, "nobody-of-this-name"); err == nil || !strings.Contains(err.Error(), "`sudo usermod --add-subuids") {
		t.Errorf("a user without subordinate ids: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := checkRootless(); err == nil || !strings.Contains(err.Error(), "`apt-get install uidmap`") {
		t.Errorf("no newuidmap: %v", err)
	}
}
