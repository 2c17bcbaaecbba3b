//go:build unix

package workspace

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// A lean walk shows what a full one shows, but for what it leaves out.
func TestLean(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "a/b/empty"), 0o755),
		os.WriteFile(filepath.Join(dir, "a/file"), []byte("hello"), 0o640),
		os.Link(filepath.Join(dir, "a/file"), filepath.Join(dir, "a/b/link")),
		os.Link(filepath.Join(dir, "a/file"), filepath.Join(dir, "z")),
		os.Symlink("a/file", filepath.Join(dir, "symlink")),
		os.Symlink("gone", filepath.Join(dir, "a-dangling")),
		os.WriteFile(filepath.Join(dir, "a.txt"), nil, 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir) // a socket's path is short
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := NewContextFS(dir, []Overlay{
		{Path: filepath.Join(dir, "a/file"), Data: []byte("longer than before"), Modified: time.Now()},
		{Path: filepath.Join(dir, "new/file"), Data: []byte("new"), Modified: time.Now()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"", "a", "a/file", "new", "gone"} {
		full, lean := shownBy(t, c, target), shownBy(t, c.MetadataOnly(), target)
		if !slices.Equal(full, lean) || len(full) == 0 && target != "gone" {
			t.Errorf("%q\nfull %q\nlean %q", target, full, lean)
		}
	}
}

func shownBy(t *testing.T, c fsutil.FS, target string) (shown []string) {
	t.Helper()
	err := c.Walk(t.Context(), target, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		s := fi.Sys().(*types.Stat)
		if fi.IsDir() {
			s.ModTime = 0
		}
		shown = append(shown, fmt.Sprintf("%s %s %o %d %d %s", path, s.Path, s.Mode, s.Size, s.ModTime, s.Linkname))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return shown
}
