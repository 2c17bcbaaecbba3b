package build

import (
	"os"
	"path/filepath"
	"strings"
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
	if err := os.WriteFile(in("nothing"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := RemoveOld(in("nothing")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(in("nothing")); err != nil {
		t.Error("an empty file is no answer, and perhaps somebody's")
	}
	if err := RemoveOld(""); err != nil {
		t.Error(err)
	}
}

// A file is an earlier build's if it holds what builds write, here and in docker build.
func TestOldFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for _, c := range []struct {
		text         string
		id, metadata bool
	}{
		{"", true, true},
		{"sha256:" + strings.Repeat("a", 64), true, false},
		{"sha256:" + strings.Repeat("a", 64) + "\n", true, false},
		{"sha256:short", false, false},
		{"FROM scratch\n", false, false},
		{"{}\n", false, true},
		{`{"containerimage.digest": "sha256:a", "image.name": "a"}`, false, true},
		{`{"buildx.build.ref": "a/b/c"}`, false, true},
		{`{"name": "package", "version": "1"}`, false, false},
		{`{"editor.tabSize": 4}`, false, false},
		{"null", false, false},
		{"[]", false, false},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		id, metadata := OldID.Check(file), OldMetadata.Check(file)
		if (id == nil) != c.id || (metadata == nil) != c.metadata {
			t.Errorf("%q: %v; %v", c.text, id, metadata)
		}
	}
	for _, path := range []string{"", os.DevNull, file + ".gone"} {
		if err := OldID.Check(path); err != nil {
			t.Error(err)
		}
	}
}
