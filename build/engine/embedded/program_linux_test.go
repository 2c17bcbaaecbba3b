//go:build !portable

package embedded_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/embedded"
)

// goneEnv makes the test binary a process that does to its own file what the value
// says, and prints the engine's program as it then finds it.
const goneEnv = "BUILDLS_TEST_GONE"

func findProgram(how string) int {
	self, err := os.Executable()
	if err == nil && how != "kept" {
		err = os.Remove(self)
	}
	if err == nil && how == "replaced" {
		err = os.WriteFile(self, nil, 0o755)
	}
	var path string
	if err == nil {
		path, err = embedded.Program()
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Print(path)
	return 0
}

func TestProgramIsFoundOrExplained(t *testing.T) {
	named, onPath, empty := fakeBuildls(t), fakeBuildls(t), t.TempDir()
	for name, c := range map[string]struct {
		how, named, path string
		want             string // "self" is the executable that asks
	}{
		"own":                    {"kept", "", filepath.Dir(onPath), "self"},
		"own, not on PATH":       {"kept", "", empty, "self"},
		"named":                  {"kept", named, filepath.Dir(onPath), named},
		"named on PATH":          {"kept", "buildls", filepath.Dir(onPath), onPath},
		"named, missing":         {"kept", named + "-none", filepath.Dir(onPath), "$BUILDLS_ENGINE_PROGRAM names no program"},
		"deleted":                {"deleted", "", filepath.Dir(onPath), onPath},
		"deleted, none on PATH":  {"deleted", "", empty, "was deleted while it ran, and there is no buildls on PATH: restart the editor, install buildls with `go install "},
		"replaced":               {"replaced", "", filepath.Dir(onPath), onPath},
		"replaced, none on PATH": {"replaced", "", empty, "was replaced while it ran, and there is no buildls on PATH: "},
	} {
		t.Run(name, func(t *testing.T) {
			self := copyOfTest(t)
			link := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(self, link); err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want == "self" {
				want = self
			}
			cmd := exec.Command(link)
			cmd.Env = append(os.Environ(), goneEnv+"="+c.how, "GORACE=atexit_sleep_ms=0", "BUILDLS_ENGINE_PROGRAM="+c.named, "PATH="+c.path)
			out, err := cmd.Output()
			found := err == nil && string(out) == want
			explained := err != nil && !filepath.IsAbs(want) && strings.Contains(string(out), want)
			if !found && !explained {
				t.Errorf("%v, %q, want %q", err, out, want)
			}
		})
	}
}

// A test of any package may come to the embedded engine, and must not be run as it: it
// would run its tests again, and they would start engines.
func TestProgramIsNoTest(t *testing.T) {
	path := fakeBuildls(t)
	t.Setenv("BUILDLS_ENGINE_PROGRAM", "")
	t.Setenv("PATH", filepath.Dir(path))
	if got, err := embedded.Program(); err != nil || got != path {
		t.Errorf("got %s, %v, want %s", got, err, path)
	}
	t.Setenv("PATH", t.TempDir())
	if got, err := embedded.Program(); err == nil || !strings.Contains(err.Error(), "go install") {
		t.Errorf("got %s, error %v, want the command that installs it", got, err)
	}
}

// fakeBuildls is the path of an executable file named buildls.
func fakeBuildls(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "buildls")
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// copyOfTest is the path, without links, of a test binary that may be deleted.
func copyOfTest(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "program")
	data, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile(path, data, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
