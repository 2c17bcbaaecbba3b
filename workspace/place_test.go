package workspace

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// Whatever links lead to a file, it has one place; the place of what is not there yet is
// that of its directory.
func TestPlaceThroughLinks(t *testing.T) {
	dir := tree(t, map[string]string{
		"real/app/Dockerfile": "", "link": "->real", "real/again": "->app", "root": "->/",
		"real/app/Dockerfile.web": "->Dockerfile", "real/app/new": "->nowhere", "loop": "->loop", "real/out": "->../other", "other/x": "",
	})
	at := func(name string) Place { return PlaceOf(filepath.Join(dir, name)) }
	for _, same := range [][]string{
		{"real/app/Dockerfile", "link/app/Dockerfile", "link/again/Dockerfile", "link/again/../again/Dockerfile", "real/app/Dockerfile.web"},
		{"real/app/nowhere", "link/again/new", "link/app/nowhere"},
		{"real/app/not/there", "link/again/not/there"},
		{"loop", "loop"},
	} {
		for _, name := range same[1:] {
			if !at(name).Is(at(same[0])) {
				t.Errorf("%s is %q, %s is %q", name, at(name).Key(), same[0], at(same[0]).Key())
			}
		}
	}
	if at("real").Is(at("real/app")) || (Place{}).Is(Place{}) || at("loop").Is(at("real")) {
		t.Error("different places are the same")
	}
	for _, c := range []struct {
		path, dir, rel string
		ok             bool
	}{
		{"link/app/Dockerfile", "real", "app/Dockerfile", true},
		{"real/app/Dockerfile", "link", "app/Dockerfile", true},
		{"real/app/Dockerfile.web", "link", "app/Dockerfile.web", true}, // the entry, not what it leads to
		{"real/out/x", "other", "x", true},
		{"real/out/x", "real", "", false},
		{"link", "real", ".", true},
		{"reality", "real", "", false},
	} {
		if rel, ok := at(c.path).From(at(c.dir)); rel != c.rel || ok != c.ok {
			t.Errorf("%s from %s: %q, %v", c.path, c.dir, rel, ok)
		}
	}
	for path, want := range map[string]bool{"/": true, "//": true, filepath.Join(dir, "root"): true, filepath.Join(dir, "root/"): true, dir: false} {
		if got := PlaceOf(path).IsRoot(); got != want {
			t.Errorf("%s is a root: %v", path, got)
		}
	}
}

// foldBelow has names below dir that differ in case, or in normal form, be the same to lstat,
// as on some file systems. On the disk they are in lower case and NFC.
func foldBelow(t *testing.T, dir string, letters, forms bool) {
	t.Cleanup(func() { lstat = os.Lstat })
	lstat = func(path string) (fs.FileInfo, error) {
		name, below := strings.CutPrefix(path, dir)
		if below && letters {
			name = strings.ToLower(name)
		}
		if below && forms {
			name = norm.NFC.String(name)
		}
		if !below {
			return os.Lstat(path)
		}
		return os.Lstat(dir + name)
	}
}

// Where a file system takes names for the same, places are the same; elsewhere they differ.
func TestPlaceFolds(t *testing.T) {
	dir := tree(t, map[string]string{"proj/dockerfile": "", "café/dockerfile": "", "2024/x": ""})
	same := [][2]string{{"proj/dockerfile", "Proj/Dockerfile"}, {"proj/new", "PROJ/New"}, {"2024/x", "2024/X"}}
	forms := [][2]string{{"café/dockerfile", "cafe\u0301/dockerfile"}, {"café/new\u00e9", "cafe\u0301/newe\u0301"}}
	both := [][2]string{{"café/dockerfile", "CAFE\u0301/Dockerfile"}}
	for _, c := range []struct {
		letters, forms  bool
		same, different [][2]string
	}{
		{false, false, nil, append(append(same, forms...), both...)},
		{true, false, same, append(forms, both...)},
		{false, true, forms, append(same, both...)},
		{true, true, append(append(same, forms...), both...), nil},
	} {
		foldBelow(t, dir, c.letters, c.forms)
		at := func(name string) Place { return PlaceOf(filepath.Join(dir, name)) }
		for _, pair := range c.same {
			if !at(pair[0]).Is(at(pair[1])) {
				t.Errorf("letters %v, forms %v: %q is %q, %q is %q", c.letters, c.forms, pair[0], at(pair[0]).Key(), pair[1], at(pair[1]).Key())
			}
			if rel, ok := at(pair[1]).From(at(".")); !ok || rel != filepath.FromSlash(pair[1]) {
				t.Errorf("%q is seen as %q", pair[1], rel)
			}
		}
		for _, pair := range c.different {
			if at(pair[0]).Is(at(pair[1])) {
				t.Errorf("letters %v, forms %v: %q and %q are one", c.letters, c.forms, pair[0], pair[1])
			}
		}
	}
}

// A file of a file system that folds names is one document, in whatever spelling a client
// names it; a client that has a buffer for each has the one that it touched last.
func TestDocumentsFold(t *testing.T) {
	dir := tree(t, map[string]string{"proj/dockerfile": "", "proj/sub/x": ""})
	upper, lower := FileURI(filepath.Join(dir, "Proj/Dockerfile")), FileURI(filepath.Join(dir, "proj/dockerfile"))
	for _, folds := range []bool{true, false} {
		foldBelow(t, dir, folds, folds)
		w := New()
		apply(t, w, SetFolders{Added: []Folder{{URI: FileURI(filepath.Join(dir, "PROJ"))}}})
		s := apply(t, w, Open{URI: upper, Text: "1"})
		if got := s.Document(lower); (got != nil) != folds || folds && got.URI != upper {
			t.Errorf("folds %v: the document is %+v", folds, got)
		}
		path, _ := lower.Path()
		if got := s.DocumentAt(path); (got != nil) != folds {
			t.Errorf("folds %v: the document there is %+v", folds, got)
		}
		if _, rel, ok := s.FolderOf(s.Document(upper)); ok != folds || folds && rel != "Dockerfile" {
			t.Errorf("folds %v: the folder holds it, %v, as %q", folds, ok, rel)
		}
		apply(t, w, Open{URI: lower, Text: "2"})
		s = apply(t, w, Edit{URI: upper, Changes: []Change{{nil, "3"}}})
		if got := len(s.Documents()); (got == 1) != folds || s.Document(upper).Text.String() != "3" || s.Document(upper).URI != upper {
			t.Errorf("folds %v: %d documents, %+v", folds, got, s.Document(upper))
		}
		s = apply(t, w, Close{URI: upper})
		if got := s.Document(upper); folds && (got == nil || got.Text.String() != "2" || got.URI != lower) || !folds && got != nil {
			t.Errorf("folds %v: what remains is %+v", folds, got)
		}
	}
}
