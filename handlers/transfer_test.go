package handlers

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/identity"
	"github.com/tonistiigi/fsutil"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/handlers/plan"
	"github.com/buildls/buildls/workspace"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

// openedFS notes which files an engine asks for.
type openedFS struct {
	fsutil.FS
	mu     sync.Mutex
	opened []string
}

func (o *openedFS) Open(name string) (io.ReadCloser, error) {
	o.mu.Lock()
	o.opened = append(o.opened, name)
	o.mu.Unlock()
	return o.FS.Open(name)
}

// TestSentOnce: an engine asks for a file once and again only when its content changed;
// a buffer that equals its file is that file.
func TestSentOnce(t *testing.T) {
	onSentEngines(t, func(t *testing.T, conn *engine.Conn, old bool) { testSentOnce(t, conn, !old) })
}

// awaitReleased waits until the engine has let go of what the last build used. A busy one
// does so a moment after its answer; a build that comes before gets a folder of its own
// to receive files in, and is sent all of them.
func awaitReleased(t *testing.T, conn *engine.Conn) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		records, err := conn.DiskUsage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		used := slices.IndexFunc(records, func(r *client.UsageInfo) bool { return r.InUse })
		if used < 0 {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("still in use: %+v", records[used])
		}
	}
}

// Newer BuildKits ask for the Dockerfile always (llb.DiffNone in frontend/dockerui).
func testSentOnce(t *testing.T, conn *engine.Conn, dockerfileAlways bool) {
	dir := t.TempDir()
	dockerfileText := "FROM scratch\nCOPY . /\n"
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("Dockerfile", dockerfileText)
	write("a.txt", "aaa")
	write("b.txt", "bbb")
	ws := workspace.New()
	apply := func(m workspace.Modification) {
		t.Helper()
		if _, _, err := ws.Apply(m); err != nil {
			t.Fatal(err)
		}
	}
	dockerfileURI, a := workspace.FileURI(filepath.Join(dir, "Dockerfile")), workspace.FileURI(filepath.Join(dir, "a.txt"))
	apply(workspace.Open{URI: dockerfileURI, Language: "dockerfile", Text: dockerfileText})

	sent := func() (dockerfiles, files []string) {
		t.Helper()
		awaitReleased(t, conn)
		snapshot := ws.Snapshot()
		p := &plan.Plan{Setup: plan.NewSetup(snapshot, snapshot.Document(dockerfileURI), dir, plan.Defaults{})}
		req, _, err := p.Request(identity.NewID(), func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		d, c := &openedFS{FS: req.DockerfileFS}, &openedFS{FS: req.Context.FS}
		req.DockerfileFS, req.Context.FS = d, c
		if out := build.Run(context.Background(), conn, req, build.Observer{}); out.Status != build.Done {
			t.Fatalf("%s: %+v", out.Status, out.Failure)
		}
		slices.Sort(c.opened)
		return d.opened, c.opened
	}
	both := []string{"Dockerfile", "Dockerfile.dockerignore"} // an ignore file goes along, if only to say that there is none
	expect := func(what string, dockerfiles, files []string) {
		t.Helper()
		d, c := sent()
		if dockerfileAlways {
			dockerfiles = both
		}
		slices.Sort(d)
		if !slices.Equal(d, dockerfiles) || !slices.Equal(c, files) {
			t.Errorf("%s: sent %v and %v, want %v and %v", what, d, c, dockerfiles, files)
		}
	}
	expect("first build", both, []string{"Dockerfile", "a.txt", "b.txt"})
	expect("nothing changed", nil, nil)
	apply(workspace.Open{URI: a, Language: "plaintext", Text: "aaa"})
	expect("a buffer that equals its file", nil, nil)
	apply(workspace.Edit{URI: a, Changes: []workspace.Change{{Text: "AAA"}}})
	expect("a buffer that differs", nil, []string{"a.txt"})
	apply(workspace.Edit{URI: a, Changes: []workspace.Change{{Text: "XXX"}}})
	expect("another of its length", nil, []string{"a.txt"})
	expect("the same again", nil, nil)
	apply(workspace.Close{URI: a})
	expect("closed: the file again", nil, []string{"a.txt"})
	apply(workspace.Edit{URI: dockerfileURI, Changes: []workspace.Change{{Text: "FROM scratch\nCOPY . .\n"}}})
	expect("the Dockerfile's buffer, of the same length", []string{"Dockerfile"}, []string{"Dockerfile"})
	write("b.txt", "BBB")
	expect("a file on the disk", nil, []string{"b.txt"})
}
