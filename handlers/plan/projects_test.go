package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/workspace"
)

// TestReadThenOpened opens a file as a project was read from it: from then on, the project is
// known for that buffer.
func TestReadThenOpened(t *testing.T) {
	const text = "services:\n  a: {build: .}\n"
	path := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var ps Projects
	before := ps.read(workspace.New().Snapshot(), filepath.Dir(path))
	snapshot, doc := opened(t, path, text)
	r := ps.read(snapshot, filepath.Dir(path))
	if r.project != before.project || r.buffers[path] != doc {
		t.Errorf("%+v is not %+v of %v", r, before, doc)
	}
	if again, ok := ps.recall(snapshot, filepath.Dir(path)); again != r || !ok {
		t.Error("it is not remembered")
	}
	if _, known := ps.readFrom(map[workspace.URI]bool{doc.URI: true}); !known {
		t.Error("nothing was read from the buffer")
	}
}
