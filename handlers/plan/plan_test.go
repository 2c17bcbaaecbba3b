package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// Whatever a folder and a target are called, the default tag is a valid reference.
func TestDefaultTag(t *testing.T) {
	for _, c := range []struct{ dir, target, want string }{
		{"/home/me/app", "", "app:latest"},
		{"/home/me/My App (2)", "Test", "my-app-2:Test"},
		{"/home/me/...", "", "image:latest"},
		{"/home/me/日本語", "", "image:latest"},
		{"/home/me/__a__b__", "-x y", "a-b:x-y"},
		{"", "", "image:latest"},
		{"/", ".", "image:latest"},
	} {
		got := defaultTag(directory(c.dir).Name(), c.target)
		if got != c.want {
			t.Errorf("%q, %q: %s, want %s", c.dir, c.target, got, c.want)
		}
		if _, err := build.CheckTag(got); err != nil {
			t.Errorf("%q, %q: %v", c.dir, c.target, err)
		}
	}
}

func FuzzDefaultTag(f *testing.F) {
	f.Add("/home/me/app", "test")
	f.Add("/ä/..", "-")
	f.Fuzz(func(t *testing.T, dir, target string) {
		if _, err := build.CheckTag(defaultTag(directory(dir).Name(), target)); err != nil {
			t.Error(err)
		}
	})
}

// What the context is, by setting, argument and what is open.
func TestContextOf(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "sub", "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	sub := filepath.Join(root, "sub")
	ws := workspace.New()
	snapshot, _, err := ws.Apply(workspace.SetFolders{Added: []workspace.Folder{{URI: workspace.FileURI(root)}}})
	if err != nil {
		t.Fatal(err)
	}
	inSub := &workspace.Document{Path: filepath.Join(sub, "Dockerfile")}
	untitled := &workspace.Document{}
	for _, c := range []struct {
		name, argument, setting string
		snapshot                *workspace.Snapshot
		doc                     *workspace.Document
		want                    string
		wrong                   bool
	}{
		{name: "the folder", setting: "workspace", snapshot: snapshot, doc: inSub, want: root},
		{name: "the Dockerfile's", setting: "dockerfileDir", snapshot: snapshot, doc: inSub, want: sub},
		{name: "relative", setting: "sub", snapshot: snapshot, doc: inSub, want: sub},
		{name: "the argument first", argument: "sub/deep", setting: "sub", snapshot: snapshot, doc: inSub, want: filepath.Join(sub, "deep")},
		{name: "absolute", argument: sub, setting: "workspace", snapshot: snapshot, doc: untitled, want: sub},
		{name: "a URI", argument: string(workspace.FileURI(sub)), setting: "workspace", snapshot: snapshot, doc: untitled, want: sub},
		{name: "no workspace", setting: "workspace", snapshot: workspace.New().Snapshot(), doc: inSub, want: sub},
		{name: "in the root", setting: "workspace", snapshot: workspace.New().Snapshot(), doc: &workspace.Document{Path: "/Dockerfile"}, wrong: true},
		{name: "in the root, the Dockerfile's", setting: "dockerfileDir", snapshot: snapshot, doc: &workspace.Document{Path: "//Dockerfile"}, wrong: true},
		{name: "in the root, which is named", setting: "/", snapshot: snapshot, doc: &workspace.Document{Path: "/Dockerfile"}, want: "/"},
		{name: "nothing at all", setting: "workspace", snapshot: workspace.New().Snapshot(), doc: untitled, want: ""},
		{name: "not there", argument: "gone", setting: "workspace", snapshot: snapshot, doc: inSub, wrong: true},
		{name: "remote", argument: "https://me:pass@example.com/a.git#v1:b", setting: "workspace", snapshot: snapshot, doc: inSub, want: "https://example.com/a.git#v1:b"},
		{name: "remote by setting", setting: "https://example.com/a.tgz", snapshot: snapshot, doc: untitled, want: "https://example.com/a.tgz"},
	} {
		got, err := contextOf(c.snapshot, c.doc, c.argument, c.setting)
		if got.String() != c.want || (err != nil) != c.wrong {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// Dockerfiles on stdin are told apart by their contexts, files are not.
func TestKey(t *testing.T) {
	key := func(doc *workspace.Document, dir string) string {
		p := &Plan{Setup: Setup{Doc: doc, Spec: build.Spec{Context: build.Context{Kind: build.LocalContext, Dir: dir}}}}
		return p.Key()
	}
	if key(fromStdin(nil), "/a") == key(fromStdin(nil), "/b") {
		t.Error("stdin")
	}
	file := &workspace.Document{URI: "file:///a/Dockerfile", Path: "/a/Dockerfile"}
	if key(file, "/a") != key(file, "/b") {
		t.Error("a file")
	}
}
