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
