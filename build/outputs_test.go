package build

import (
	"os"
	"path/filepath"
	"testing"
)

// A file that could not be put in its place, or is given up while it is written, leaves nothing.
func TestOutputFileLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	f := &outputFile{dest: filepath.Join(dir, "out"), temp: filepath.Join(dir, "temp")}
	if _, err := f.open(nil); err != nil {
		t.Fatal(err)
	}
	f.drop()
	w, err := f.open(nil)
	if err != nil { // it is not there
		t.Fatal(err)
	}
	w.Close()
	if err := os.MkdirAll(filepath.Join(f.dest, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.keep(); err == nil {
		t.Error("it took the place of a directory")
	}
	if _, err := os.Lstat(f.temp); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", f.temp, err)
	}
}
