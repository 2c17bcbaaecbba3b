package sent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"testing"

	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// A shownFile is a file of a context: its content, time, and whether the engine asks for it.
type shownFile struct {
	content string
	time    int64
	asked   bool
}

// show is what a build remembers that shows the engine some files.
func show(t *testing.T, files map[string]shownFile) Files {
	t.Helper()
	static := staticfs.NewFS()
	for name, f := range files {
		static.Add(name, &types.Stat{Mode: 0o644, ModTime: f.time}, []byte(f.content))
	}
	r := NewRecorder("", static)
	err := r.Walk(context.Background(), "/", func(name string, d fs.DirEntry, err error) error {
		_, infoErr := d.Info()
		return infoErr
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range files {
		if f.asked {
			read(t, r, name)
		}
	}
	return r.Files()
}

func read(t *testing.T, files fsutil.FS, name string) {
	t.Helper()
	f, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(io.Discard, f); err != nil {
		t.Fatal(err)
	}
}

// Content counts, as far as it is known; what is sent again and is the same has not changed.
func TestCompare(t *testing.T) {
	before := show(t, map[string]shownFile{"same": {"1", 1, true}, "touched": {"1", 1, true}, "written": {"1", 1, true}, "unknown": {"1", 1, false}, "old": {"1", 1, false}, "gone": {"1", 1, true}})
	now := show(t, map[string]shownFile{"same": {"1", 1, false}, "touched": {"1", 2, true}, "written": {"2", 2, true}, "unknown": {"2", 2, true}, "old": {"1", 1, true}, "new": {"1", 1, true}}).Since(before)
	all := func(string) bool { return true }
	if got := fmt.Sprint(now.Compare(before, all)); got != "[{gone is gone false} {new is new false} {unknown changed true} {written changed false}]" {
		t.Error(got)
	}
	later := show(t, map[string]shownFile{"same": {"2", 3, true}, "touched": {"1", 2, false}, "written": {"1", 3, true}, "unknown": {"2", 2, false}, "old": {"1", 1, false}, "new": {"1", 1, false}}).Since(now)
	if got := fmt.Sprint(later.Compare(now, all)); got != "[{same changed false} {written changed false}]" {
		t.Errorf("what is carried on: %s", got)
	}
	again := show(t, map[string]shownFile{"same": {"2", 3, false}, "touched": {"1", 2, false}, "written": {"1", 3, false}, "unknown": {"2", 2, false}, "old": {"1", 1, false}, "new": {"1", 1, false}}).Since(later)
	if !again.Is(later) {
		t.Error("what has not changed is kept twice")
	}
}

// A hundred thousand files are remembered in little memory, and more not at all.
func TestSentMemory(t *testing.T) {
	files := map[string]shownFile{}
	for i := range maxFiles {
		files[fmt.Sprintf("some/directory/of/a/project/%d/file-%d.txt", i%1000, i)] = shownFile{time: int64(i)}
	}
	var before, after runtime.MemStats
	first := show(t, files)
	runtime.GC()
	runtime.ReadMemStats(&before)
	second := show(t, files).Since(nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := int64(after.HeapAlloc) - int64(before.HeapAlloc); got > 16<<20 || len(second) != maxFiles {
		t.Errorf("%d bytes for %d files", got, len(second))
	}
	if !second.Since(first).Is(first) {
		t.Error("files that did not change are remembered twice")
	}
	files["one more"] = shownFile{}
	if got := show(t, files); got != nil {
		t.Errorf("%d files are remembered", len(got))
	}
	runtime.KeepAlive(second)
}

// Files that were kept are those that were shown.
func TestFilesKept(t *testing.T) {
	shown := show(t, map[string]shownFile{"a": {"1", 1, true}, "b": {"2", 2, false}})
	data, err := json.Marshal(map[string]Files{"context": shown, "none": nil, "empty": {}})
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]Files
	if err := json.Unmarshal(data, &read); err != nil || fmt.Sprint(read["context"]) != fmt.Sprint(shown) || read["none"] != nil || read["empty"] == nil {
		t.Errorf("%v, %v", read, err)
	}
	again := show(t, map[string]shownFile{"a": {"2", 3, true}, "b": {"3", 3, true}})
	list := again.Compare(read["context"], func(string) bool { return true })
	if fmt.Sprint(list) != "[{a changed false} {b changed true}]" {
		t.Error(list)
	}
}
