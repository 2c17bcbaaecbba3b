package workspace

// What there is to see at one moment. Nothing here changes once it is made, so
// a handler takes a snapshot in the order of messages and works on it as long
// as it likes.

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Document is one state of an open document. It is immutable.
type Document struct {
	URI      URI    // as the client spells it
	Path     string // absolute; "" if it is not a file
	Language string // the client's language id
	Version  int32  // the client's
	Text     *Text
	// Modified is when the text last changed, to the nanosecond. No two texts
	// of a workspace have the same, and later ones have later ones.
	Modified time.Time

	touched time.Time    // when the author last opened or changed it
	place   func() Place // of Path, found once; nil if the document is not open
	folded  string       // foldName of Path
	name    string       // its last element
	kind    Kind
	// others are open under other spellings of the URI, the one touched last behind. A client
	// may have a buffer for each: this is the one that was touched last of all.
	others []*Document
}

// spelled is the document that is open as u, and those that remain. A client that spells u in
// yet another way means the one touched last.
func (d *Document) spelled(u URI) (found *Document, remain []*Document) {
	for i, o := range d.others {
		if o.URI == u {
			return o, append(slices.Delete(slices.Clone(d.others), i, i+1), d.withoutOthers())
		}
	}
	return d, d.others
}

// withoutOthers is d without its other spellings.
func (d *Document) withoutOthers() *Document {
	only := *d
	only.others = nil
	return &only
}

// Kind is KindOf the document.
func (d *Document) Kind() Kind {
	if d.place != nil {
		return d.kind
	}
	return KindOf(d.URI, d.Language)
}

// Place is that of the document's file; zero if it is none. That of an open document is
// found once, by the first who asks.
func (d *Document) Place() Place { return foundOr(d.place, d.Path) }

// IsAt says whether the document is the file at path.
func (d *Document) IsAt(path string) bool {
	return path != "" && (d.Path == path || d.Place().Is(PlaceOf(path)))
}

// Key is the same for all spellings of the document's URI.
func (d *Document) Key() URI {
	if d.Path == "" {
		return d.URI.Key()
	}
	return FileURI(d.Place().Entry())
}

// Folder is one of the folders that the author has open.
type Folder struct {
	URI  URI
	Path string // absolute; "" if it is not on this machine
	Name string

	place func() Place // of Path, found once
}

// Place is that of the folder; zero if it is not on this machine.
func (f Folder) Place() Place { return foundOr(f.place, f.Path) }

func foundOr(found func() Place, path string) Place {
	if found == nil {
		return PlaceOf(path)
	}
	return found()
}

// findOnce is the place of a path, looked for when it is first asked for: a disk may be
// slow, and messages wait for each other.
func findOnce(path string) func() Place {
	return sync.OnceValue(func() Place { return PlaceOf(path) })
}

// Snapshot is the workspace at one moment. It is immutable.
type Snapshot struct {
	docs     map[URI]*Document    // by URI.Key; cloned, never written to, as all of these
	keys     []URI                // of docs, in order
	files    map[string]*Document // of docs, by their paths
	projects []*Document          // of docs, the compose and bake files, in that order
	names    map[string]int       // how many of docs have a name
	folders  []Folder
	encoding Encoding
}

// put adds a document to a snapshot in the making.
func (s *Snapshot) put(d *Document) {
	key := s.key(d.URI)
	old := s.docs[key]
	if old == nil {
		s.count(d.name, 1)
		at, _ := slices.BinarySearch(s.keys, key)
		s.keys = slices.Insert(slices.Clone(s.keys), at, key)
	}
	s.docs = with(s.docs, key, d)
	s.files = with(s.files, d.Path, d) // that of all without a path is looked for by nobody
	if old != nil && old.Path != d.Path {
		delete(s.files, old.Path)
	}
	s.listProjects(old, d)
}

// with is a map and one entry more.
func with[K comparable, V any](m map[K]V, key K, value V) map[K]V {
	out := make(map[K]V, len(m)+1)
	maps.Copy(out, m)
	out[key] = value
	return out
}

// listProjects lists the compose and bake files again, if what a document is now, or was, is one.
func (s *Snapshot) listProjects(old, now *Document) {
	if !old.isProject() && !now.isProject() {
		return
	}
	s.projects = slices.DeleteFunc(s.Documents(), func(d *Document) bool { return !d.isProject() })
}

func (d *Document) isProject() bool {
	return d != nil && d.Path != "" && (d.kind == Compose || d.kind == Bake)
}

// count notes that n more documents have a name.
func (s *Snapshot) count(name string, n int) {
	names := make(map[string]int, len(s.names)+1)
	maps.Copy(names, s.names)
	if names[name] += n; names[name] == 0 {
		delete(names, name)
	}
	s.names = names
}

// close removes a document, in one spelling, from a snapshot in the making.
func (s *Snapshot) close(u URI) {
	old := s.Document(u)
	if old == nil {
		return
	}
	_, remain := old.spelled(u)
	if n := len(remain); n > 0 {
		last := *remain[n-1]
		last.others = remain[:n-1]
		s.put(&last)
		return
	}
	key := s.key(u)
	s.docs, s.files = maps.Clone(s.docs), maps.Clone(s.files)
	delete(s.docs, key)
	delete(s.files, old.Path)
	at, _ := slices.BinarySearch(s.keys, key)
	s.keys = slices.Delete(slices.Clone(s.keys), at, at+1)
	s.count(old.name, -1)
	s.listProjects(old, nil)
}

// Document is the open document that u, in any spelling of a URI, names; nil if it is
// not open. Links are not followed: a client may have a buffer for each.
func (s *Snapshot) Document(u URI) *Document { return s.docs[s.key(u)] }

// key is that of the open document that u names, else that of u. Two names that differ in
// case, or in normal form, are one document if the file system has one file for them.
func (s *Snapshot) key(u URI) URI {
	key := u.Key()
	if s.docs[key] != nil {
		return key
	}
	path, ok := u.Path()
	if !ok || s.names[foldName(filepath.Base(path))] == 0 {
		return key
	}
	folded := foldName(path)
	for other, d := range s.docs {
		if d.folded == folded && PlaceOf(path).Entry() == d.Place().Entry() {
			return other
		}
	}
	return key
}

// DocumentAt is the open document of the file at path, however its directory is spelled; nil
// if it is not open. Of several it is the one that was changed last. It costs little to ask for
// many that are not open.
func (s *Snapshot) DocumentAt(path string) (found *Document) {
	if d := s.files[path]; d != nil && path != "" {
		return d
	}
	name := foldName(filepath.Base(path))
	if s.names[name] == 0 {
		return nil
	}
	place := sync.OnceValue(func() Place { return PlaceOf(path) })
	for _, d := range s.docs {
		switch {
		case d.Path == "" || d.name != name:
		case d.Path == path:
			return d
		case s.names[name] == 1 && otherDir(path, d):
		case place().Entry() == d.Place().Entry() && (found == nil || d.Modified.After(found.Modified)):
			found = d
		}
	}
	return found
}

// otherDir says whether a path lies in another directory than a document. That asks the file
// system two things, and for a place as many of each element: of hundreds of directories somebody
// wants to know whether the one compose.yaml that is open is theirs.
func otherDir(path string, d *Document) bool {
	dir, err := os.Stat(filepath.Dir(path))
	of, wrong := os.Stat(filepath.Dir(d.Place().entry.path))
	return err == nil && wrong == nil && !os.SameFile(dir, of)
}

// Documents are all open documents, by the order of their keys.
func (s *Snapshot) Documents() []*Document {
	docs := make([]*Document, 0, len(s.keys))
	for _, key := range s.keys {
		docs = append(docs, s.docs[key])
	}
	return docs
}

// Projects are the open compose and bake files, by the order of their keys.
func (s *Snapshot) Projects() []*Document { return slices.Clone(s.projects) }

// Folders are the workspace's folders, in the order the client gave them.
func (s *Snapshot) Folders() []Folder { return slices.Clone(s.folders) }

// FolderOf is the deepest folder that holds the file of a document; see [Snapshot.FolderAt].
func (s *Snapshot) FolderOf(d *Document) (f Folder, rel string, ok bool) {
	return s.folder(d.Path, d.Place)
}

// FolderAt is the deepest folder that holds path, or is path, and path as seen from there.
// Folders may lie inside each other. The folder may hold it by its spelling, or by its place. Of two folders
// that are one place it is the first, so that a project has one folder, however its files are spelled.
func (s *Snapshot) FolderAt(path string) (f Folder, rel string, ok bool) {
	return s.folder(path, sync.OnceValue(func() Place { return PlaceOf(path) }))
}

func (s *Snapshot) folder(path string, place func() Place) (best Folder, rel string, ok bool) {
	if path == "" {
		return Folder{}, "", false
	}
	holds := []func(Folder) (string, bool){
		func(f Folder) (string, bool) { return relativeTo(f.Path, path) },
		func(f Folder) (string, bool) { return place().From(f.Place()) },
	}
	for _, in := range holds {
		for _, f := range s.folders {
			if f.Path == "" {
				continue
			}
			if r, in := in(f); in && (!ok || r == "." || len(r) < len(rel)) {
				best, rel, ok = f, r, true
			}
		}
		if ok {
			break
		}
	}
	if i := slices.IndexFunc(s.folders, func(f Folder) bool { return ok && f.Place().Is(best.Place()) }); i >= 0 {
		best = s.folders[i]
	}
	return best, rel, ok
}

// Holds says whether a file lies in a folder, by its path or by the entry of its place, as they
// were some time ago: the file itself is not looked for.
func (s *Snapshot) Holds(path, entry string) bool {
	return slices.ContainsFunc(s.folders, func(f Folder) bool {
		_, byPath := relativeTo(f.Path, path)
		_, byPlace := relativeTo(f.Place().Key(), entry)
		return f.Path != "" && (byPath || byPlace)
	})
}

// URIOf is the URI of an absolute path, in the client's spelling as far as it is known: that of
// the open document, else of the folder that holds it.
func (s *Snapshot) URIOf(path string) URI {
	if d := s.DocumentAt(path); d != nil {
		return d.URI
	}
	if f, rel, ok := s.FolderAt(path); ok && rel != "." {
		return URI(strings.TrimSuffix(string(f.URI), "/") + "/" + escape(filepath.ToSlash(rel)))
	}
	return FileURI(path)
}

// Encoding is the unit of positions.
func (s *Snapshot) Encoding() Encoding { return s.encoding }

// Active is the open Dockerfile that was last opened or changed; nil if none is
// open.
func (s *Snapshot) Active() *Document {
	var active *Document
	for _, d := range s.docs {
		if d.Kind() == Dockerfile && (active == nil || d.touched.After(active.touched)) {
			active = d
		}
	}
	return active
}

// Overlays are the open documents that are files and that keep accepts (nil:
// all), in a stable order, for NewContextFS.
func (s *Snapshot) Overlays(keep func(*Document) bool) []Overlay {
	var overlays []Overlay
	for _, d := range s.Documents() {
		if d.Path != "" && (keep == nil || keep(d)) {
			overlays = append(overlays, Overlay{Path: d.Path, Data: d.Text.Bytes(), Modified: d.Modified})
		}
	}
	return overlays
}

// relativeTo is path as seen from dir; ok is false when it is outside. Both are
// absolute. Windows' case is ignored, as filepath.Rel does.
func relativeTo(dir, path string) (rel string, ok bool) {
	rel, err := filepath.Rel(wslPath(dir), wslPath(path))
	if err != nil || rel == ".." || hasDirPrefix(rel, "..") {
		return "", false
	}
	return rel, true
}

// hasDirPrefix reports whether path lies below dir; both are clean.
func hasDirPrefix(path, dir string) bool {
	return len(path) > len(dir) && path[:len(dir)] == dir && path[len(dir)] == filepath.Separator
}
