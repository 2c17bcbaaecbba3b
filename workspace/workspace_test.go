package workspace

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// slash begins the URIs of files.
var slash = cmp.Or(map[string]URI{"windows": "file:///c:/"}[runtime.GOOS], "file:///")

func apply(t *testing.T, w *Workspace, ms ...Modification) *Snapshot {
	t.Helper()
	var s *Snapshot
	for _, m := range ms {
		var err error
		if s, _, err = w.Apply(m); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestEveryChangeCountsInOrder(t *testing.T) {
	w := New()
	before := apply(t, w, Open{URI: "file:///a", Version: 1, Text: "one\n"})
	after, edits, err := w.Apply(Edit{URI: "file:///a", Version: 2, Changes: []Change{
		{rangeOf(0, 0, 0, 0), "zero\n"},
		{rangeOf(1, 3, 1, 3), "!"},
		{rangeOf(0, 0, 0, 0), ""},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Document("file:///a"); got.Text.String() != "zero\none!\n" || got.Version != 2 {
		t.Errorf("after the edit: %q, version %d", got.Text, got.Version)
	}
	if want := []LineEdit{{0, 0, 1}, {1, 2, 1}, {}}; !reflect.DeepEqual(edits, want) {
		t.Errorf("edits %v, want %v", edits, want)
	}
	if got := before.Document("file:///a"); got.Text.String() != "one\n" || got.Version != 1 {
		t.Errorf("the snapshot before changed: %q", got.Text)
	}
	if w.Snapshot() != after {
		t.Error("the workspace does not hold the snapshot that Apply returned")
	}
}

func TestEditOfClosedDocument(t *testing.T) {
	w := New()
	before := w.Snapshot()
	s, _, err := w.Apply(Edit{URI: "file:///gone"})
	if err == nil || !strings.Contains(err.Error(), "file:///gone") {
		t.Errorf("error %v does not name the document", err)
	}
	if s != before || w.Snapshot() != before {
		t.Error("a refused modification changed something")
	}
}

func TestSpellingsAreOneDocument(t *testing.T) {
	w := New()
	s := apply(t, w, Open{URI: slash + "a%20b", Text: "x"}, Open{URI: slash + "a b", Text: "y"})
	if docs := s.Documents(); len(docs) != 1 || docs[0].Text.String() != "y" || docs[0].URI != slash+"a b" {
		t.Fatalf("documents: %v", docs)
	}
	s = apply(t, w, Close{URI: URI(strings.Replace(string(slash), "///", "//localhost/", 1)) + "a%20b"}, Close{URI: slash + "a b"})
	if len(s.Documents()) != 0 || s.Document(slash+"a b") != nil {
		t.Error("still open after close")
	}
	apply(t, w, Close{URI: slash + "a b"}) // once more is no error
}

// A client may have a buffer for each spelling, with a text of its own: its edits are of that
// text. The document is the one that was touched last.
func TestBuffersOfOneDocument(t *testing.T) {
	w := New()
	const a, b, c = "file://wsl%24/u/a", "file://wsl$/u/a", "file://wsl.localhost/u/a"
	add := func(u URI) Edit { return Edit{URI: u, Changes: []Change{{rangeOf(0, 1, 0, 1), "+"}}} }
	for i, step := range []struct {
		do        Modification
		uri, text string
	}{
		{Open{URI: a, Text: "a"}, a, "a"},
		{Open{URI: b, Text: "b"}, b, "b"},
		{add(a), a, "a+"},
		{Open{URI: c, Text: "c"}, c, "c"},
		{add(b), b, "b+"},
		{add(a), a, "a++"},
		{Close{URI: c}, a, "a++"},
		{Close{URI: a}, b, "b+"},
		{add(b), b, "b++"},
		{Open{URI: b, Text: "again"}, b, "again"},
		{Close{URI: b}, "", ""},
	} {
		s := apply(t, w, step.do)
		docs := s.Documents()
		if step.uri == "" {
			if len(docs) != 0 {
				t.Errorf("step %d: still open: %v", i, docs)
			}
			continue
		}
		if len(docs) != 1 || docs[0].URI != URI(step.uri) || docs[0].Text.String() != step.text || s.Document(c) != docs[0] {
			t.Fatalf("step %d: %+v", i, docs)
		}
		for _, o := range docs[0].others {
			if o.others != nil {
				t.Fatal("it keeps what was")
			}
		}
	}
}

func TestUnnamedBuffersHaveNoPath(t *testing.T) {
	w := New()
	s := apply(t, w, Open{URI: "file://", Text: "x"}, Open{URI: "untitled:1", Text: "y"}, Open{URI: slash + "f", Text: "z"})
	if d := s.Document("file://"); d == nil || d.Path != "" {
		t.Errorf("unnamed buffer: %v", d)
	}
	if o := s.Overlays(nil); len(o) != 1 || string(o[0].Data) != "z" {
		t.Errorf("overlays: %v", o)
	}
	if o := s.Overlays(func(d *Document) bool { return d.URI != slash+"f" }); len(o) != 0 {
		t.Errorf("overlays that were not to be kept: %v", o)
	}
}

func TestModifiedIsNewForEachText(t *testing.T) {
	w := New()
	w.now = func() time.Time { return time.Unix(1, 0) } // a clock that stands still
	open := Open{URI: "file:///a", Text: "x"}
	first := apply(t, w, open).Document("file:///a").Modified
	if again := apply(t, w, open).Document("file:///a").Modified; again != first {
		t.Error("opening the same text again made it new")
	}
	other := apply(t, w, Open{URI: "file:///b", Text: "x"}).Document("file:///b").Modified
	if !other.After(first) {
		t.Error("two documents have one time")
	}
	w.now = func() time.Time { return time.Unix(0, 0) } // and one that goes back
	same := apply(t, w, Edit{URI: "file:///a", Changes: []Change{{nil, "y"}, {nil, "x"}}}).Document("file:///a").Modified
	if same != first {
		t.Error("there and back made it new")
	}
	next := apply(t, w, Edit{URI: "file:///a", Changes: []Change{{nil, "y"}}}).Document("file:///a").Modified
	if !next.After(other) {
		t.Errorf("a later text has an earlier time: %v, %v", next, other)
	}
}

func TestEncodingIsUsed(t *testing.T) {
	w := New()
	if got := w.Snapshot().Encoding(); got != UTF16 {
		t.Errorf("encoding at first: %q", got)
	}
	s := apply(t, w, SetEncoding{UTF8}, Open{URI: "file:///a", Text: "🐳b"},
		Edit{URI: "file:///a", Changes: []Change{{rangeOf(0, 4, 0, 5), "c"}}})
	if got := s.Document("file:///a").Text.String(); got != "🐳c" || s.Encoding() != UTF8 {
		t.Errorf("%q with %q", got, s.Encoding())
	}
}

func TestActive(t *testing.T) {
	w := New()
	want := func(s *Snapshot, uri URI) {
		t.Helper()
		var got URI
		if d := s.Active(); d != nil {
			got = d.URI
		}
		if got != uri {
			t.Errorf("active is %q, want %q", got, uri)
		}
	}
	want(w.Snapshot(), "")
	want(apply(t, w, Open{URI: "file:///main.go", Language: "go"}), "")
	want(apply(t, w, Open{URI: "file:///a/Dockerfile"}), "file:///a/Dockerfile")
	want(apply(t, w, Open{URI: "untitled:1", Language: "dockerfile"}), "untitled:1")
	want(apply(t, w, Edit{URI: "file:///a/Dockerfile", Changes: []Change{{nil, "x"}}}), "file:///a/Dockerfile")
	want(apply(t, w, Edit{URI: "file:///main.go", Changes: []Change{{nil, "x"}}}), "file:///a/Dockerfile")
	want(apply(t, w, Close{URI: "file:///a/Dockerfile"}), "untitled:1")
	want(apply(t, w, Close{URI: "untitled:1"}), "")
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	uri := func(name string) URI { return FileURI(filepath.Join(dir, name)) }
	w := New()
	s := apply(t, w, SetFolders{Added: []Folder{{URI: uri("app"), Name: "App"}, {URI: uri("app/deep")}, {URI: "ssh://x/y"}}})
	for path, want := range map[string]string{
		"app":            "App",
		"app/Dockerfile": "App",
		"app/deeper/x":   "App",
		"app/deep":       "deep",
		"app/deep/x/y":   "deep",
		"apple":          "",
		"":               "",
		"..app":          "",
	} {
		f, _, ok := s.FolderAt(filepath.Join(dir, path))
		if f.Name != want || ok != (want != "") {
			t.Errorf("folder of %q is %q", path, f.Name)
		}
	}
	if f := s.Folders()[2]; f.Path != "" || f.Name != "y" {
		t.Errorf("remote folder: %+v", f)
	}
	s = apply(t, w, SetFolders{Removed: []Folder{{URI: uri("app") + "/"}}, Added: []Folder{{URI: uri("app/deep"), Name: "again"}}})
	if got := s.Folders(); len(got) != 2 || got[1].Name != "again" {
		t.Errorf("folders: %+v", got)
	}
	root, _ := slash.Path()
	if f, _, ok := apply(t, w, SetFolders{Added: []Folder{{URI: slash}}}).FolderAt(filepath.Join(root, "x")); !ok || f.Name == "" {
		t.Errorf("the root as a folder: %+v %v", f, ok)
	}
}

// Writers and readers at once, for the race detector; and no edit is lost.
func TestConcurrency(t *testing.T) {
	w := New()
	const writers, edits = 4, 100
	for i := range writers {
		apply(t, w, Open{URI: URI(fmt.Sprintf("%s%d/Dockerfile", slash, i))})
	}
	var wg sync.WaitGroup
	for i := range writers {
		uri := URI(fmt.Sprintf("%s%d/Dockerfile", slash, i))
		wg.Go(func() {
			for v := range edits {
				if _, _, err := w.Apply(Edit{URI: uri, Version: int32(v), Changes: []Change{{rangeOf(0, 0, 0, 0), "x\n"}}}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range edits {
				s := w.Snapshot()
				d := s.Document(uri)
				if d.Text.Lines() != strings.Count(d.Text.String(), "\n")+1 || s.Active() == nil || len(s.Overlays(nil)) != writers {
					t.Error("a torn snapshot")
				}
			}
		})
	}
	wg.Wait()
	for _, d := range w.Snapshot().Documents() {
		if d.Text.Lines() != edits+1 {
			t.Errorf("%s has %d lines", d.URI, d.Text.Lines())
		}
	}
}

// Files that are not open are spelled as the client spells their folder.
func TestURIOf(t *testing.T) {
	dir := t.TempDir()
	odd := URI("file://localhost" + dir + "/a%2Db c/") // as no other client does
	s := apply(t, New(), SetFolders{Added: []Folder{{URI: odd}, {URI: FileURI(dir + "/plain")}}}, Open{URI: "FILE:" + URI(dir) + "/plain/open"})
	for path, want := range map[string]URI{
		"a-b c/compose.yaml": odd + "compose.yaml", "a-b c/sub/x+y": odd + "sub/x%2By", "a-b c": FileURI(dir + "/a-b c"),
		"plain/open": "FILE:" + URI(dir) + "/plain/open", "plain/x": FileURI(dir + "/plain/x"), "elsewhere": FileURI(dir + "/elsewhere"),
	} {
		got := s.URIOf(filepath.Join(dir, path))
		if got != want || got.Key() != FileURI(filepath.Join(dir, path)).Key() {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// What a snapshot knows of open documents besides their keys follows opening, edits and closing.
func TestSnapshotOfOpenDocuments(t *testing.T) {
	w, dir := New(), t.TempDir()
	uri := func(name string) URI { return FileURI(filepath.Join(dir, name)) }
	check := func(step string, documents, projects string) {
		t.Helper()
		s := w.Snapshot()
		names := func(docs []*Document) string {
			var list []string
			for _, d := range docs {
				list = append(list, filepath.Base(d.Path))
				if at := s.DocumentAt(d.Path); at != d {
					t.Errorf("%s: at %s there is %v", step, d.Path, at)
				}
			}
			return strings.Join(list, " ")
		}
		if got := names(s.Documents()); got != documents {
			t.Errorf("%s: open are %q, want %q", step, got, documents)
		}
		if got := names(s.Projects()); got != projects {
			t.Errorf("%s: compose and bake files are %q, want %q", step, got, projects)
		}
	}
	apply(t, w, Open{URI: uri("docker-bake.hcl"), Language: "hcl"})
	apply(t, w, Open{URI: uri("compose.yaml"), Language: "yaml"})
	apply(t, w, Open{URI: uri("api.Dockerfile"), Language: "dockerfile"})
	apply(t, w, Open{URI: "untitled:a", Language: "dockerfile"})
	apply(t, w, Close{"untitled:a"})
	before := w.Snapshot()
	check("opened", "api.Dockerfile compose.yaml docker-bake.hcl", "compose.yaml docker-bake.hcl")
	apply(t, w, Edit{URI: uri("compose.yaml"), Version: 2, Changes: []Change{{Text: "services: {}\n"}}})
	check("edited", "api.Dockerfile compose.yaml docker-bake.hcl", "compose.yaml docker-bake.hcl")
	apply(t, w, Close{uri("docker-bake.hcl")})
	check("closed", "api.Dockerfile compose.yaml", "compose.yaml")
	if w.Snapshot().DocumentAt(filepath.Join(dir, "docker-bake.hcl")) != nil {
		t.Error("what was closed is still there")
	}
	if len(before.Documents()) != 3 || before.Projects()[0].Text.String() != "" {
		t.Error("an older snapshot has changed")
	}
}
