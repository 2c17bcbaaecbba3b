package survey

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/buildls/buildls/workspace"
)

// A sum changes with what is sent, and with nothing else.
func TestSum(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("copied", "a")
	write("other", "a")
	write("ignored", "a")
	q := Question{Follow: []string{"copied", "ignored"}, Ignore: []byte("ignored\n")}
	var sums Sums
	var last uint64
	meanwhile := func() {} // what another process does between two looks at a file
	expect := func(changes bool, what string, buffers ...workspace.Overlay) {
		t.Helper()
		c, err := workspace.NewContextFS(dir, buffers)
		if err != nil {
			t.Fatal(err)
		}
		open := map[string]Buffer{}
		for _, b := range buffers {
			open[filepath.Base(b.Path)] = Buffer{b.Modified.UnixNano(), b.OnDisk}
		}
		meanwhile()
		sum, err := sums.Of(t.Context(), c.MetadataOnly(), q, open)
		if err != nil {
			t.Fatal(err)
		}
		if (sum != last) != changes {
			t.Errorf("%s: it changed: %t", what, !changes)
		}
		last = sum
	}
	expect(true, "the first")
	write("other", "longer")
	write("ignored", "longer")
	expect(false, "what is not sent")
	write("copied", "longer")
	expect(true, "what is sent")
	buffer := workspace.Overlay{Path: filepath.Join(dir, "copied"), Data: []byte("longer"), Modified: time.Unix(1, 0)}
	expect(false, "a file is opened", buffer)
	buffer.Data, buffer.Modified = []byte("edited"), time.Unix(2, 0)
	expect(true, "a buffer is edited", buffer)
	write("copied", "edited")
	expect(false, "it is saved", buffer)
	expect(false, "it is closed")
	buffer.Data, buffer.Modified = []byte("again"), time.Unix(3, 0)
	expect(true, "a buffer is edited again", buffer)
	write("copied", "again")
	meanwhile = func() { write("copied", "by another") }
	expect(false, "it is saved, and another process writes the file", buffer)
	meanwhile = func() {}
	expect(true, "it is closed: what another process wrote counts")
	for i, name := range []string{"it is opened", "it is edited and saved"} {
		write("copied", name)
		buffer.Data, buffer.Modified = []byte(name), time.Unix(int64(4+i), 0)
		meanwhile = func() { write("copied", "by another, while "+name) }
		expect(true, "another process writes the file while "+name, buffer)
		meanwhile = func() {}
		expect(true, "it is closed after another process wrote it while "+name)
	}
	write("copied", "anew")
	expect(true, "the file changes")
	if err := os.Remove(filepath.Join(dir, "copied")); err != nil {
		t.Fatal(err)
	}
	expect(true, "the file is gone")
}
