package workspace

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// written is what a writer leaves in a file, of so many bytes.
func written(n int, which byte) string { return strings.Repeat(string(which), n) }

// A file that is rewritten while it is opened, emptied first as editors do and filled piece by
// piece, is read as its writer left it.
func TestFileThatIsRewritten(t *testing.T) {
	const piece, pieces = 1000, 5
	dir := tree(t, map[string]string{"f": written(piece*pieces, '0')})
	path := filepath.Join(dir, "f")
	c := open(t, dir, nil)
	must(t, os.Truncate(path, 0))
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	done := 0
	c.calm = settlePolicy{settled: time.Hour, empty: time.Hour, limit: time.Hour, pause: func(time.Duration) {
		if done++; done <= pieces {
			_, err := io.WriteString(w, written(piece, '1'))
			must(t, err)
		} else {
			must(t, w.Close())
			must(t, os.Chtimes(path, time.Time{}, time.Now().Add(-2*time.Hour)))
		}
	}}
	f, err := c.Open("f")
	must(t, err)
	text, err := io.ReadAll(f)
	must(t, err)
	must(t, f.Close())
	if string(text) != written(piece*pieces, '1') {
		t.Errorf("%d bytes, from %.1q", len(text), text)
	}
}

// A file that is too large to be read again is given up by name if it changes while it is
// sent, and one that is cut too.
func TestLargeFileThatChanges(t *testing.T) {
	for name, change := range map[string]func(*os.File) error{
		"rewritten": func(f *os.File) error { _, err := f.WriteAt([]byte("x"), 2*wholeUpTo); return err },
		"longer":    func(f *os.File) error { _, err := f.WriteAt([]byte("x"), 3*wholeUpTo); return err },
		"emptied":   func(f *os.File) error { return f.Truncate(0) },
	} {
		dir := tree(t, map[string]string{"f": written(3*wholeUpTo, '0')})
		path := filepath.Join(dir, "f")
		must(t, os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)))
		c := open(t, dir, nil)
		var r recorder
		c.OnError = r.onError
		f, err := c.Open("f")
		must(t, err)
		_, err = io.ReadFull(f, make([]byte, wholeUpTo))
		must(t, err)
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		must(t, err)
		must(t, change(w))
		must(t, w.Close())
		if _, err := io.Copy(io.Discard, f); !errors.Is(err, errChanging) {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, r.paths, []string{path})
		must(t, f.Close())
	}
}

// A log that is written to all the time is sent as it was at one moment, after a while.
func TestFileThatGrows(t *testing.T) {
	dir := tree(t, map[string]string{"f": "line\n"})
	c := open(t, dir, nil)
	done, over := make(chan struct{}), make(chan struct{})
	go func() { // until done
		defer close(over)
		w, err := os.OpenFile(filepath.Join(dir, "f"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
				io.WriteString(w, "line\n")
			}
		}
	}()
	start := time.Now()
	f, err := c.Open("f")
	must(t, err)
	text, err := io.ReadAll(f)
	must(t, err)
	must(t, f.Close())
	if took := time.Since(start); len(text) == 0 || len(bytes.ReplaceAll(text, []byte("line\n"), nil)) > 0 || took > 10*usualSettlePolicy.limit {
		t.Errorf("%d bytes after %v", len(text), took)
	}
	close(done)
	<-over
}
