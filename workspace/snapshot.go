package workspace

// What there is to see at one moment. Nothing here changes once it is made, so
// a handler takes a snapshot in the order of messages and works on it as long
// as it likes.

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
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

	touched time.Time // when the author last opened or changed it
	// others are open under other spellings of the URI, the one touched last behind. A client
	// may have a buffer for each: this is the one that was touched last of all.
	others []*Document
}

// spelled is the document that is open as u, and those that remain. A client that spells u in
// yet another way means the one touched last.
func (d *Document) spelled(u URI) (found *Document, remain []*Document) {
	for i, o := range d.others {
		if o.URI == u {
			return o, append(slices.Delete(slices.Clone(d.others), i, i+1), d.alone())
		}
	}
	return d, d.others
}

// alone is d without its other spellings.
func (d *Document) alone() *Document {
	alone := *d
	alone.others = nil
	return &alone
}

// Kind is KindOf the document.
func (d *Document) Kind() Kind { return KindOf(d.URI, d.Language) }

// Folder is one of the folders that the author has open.
type Folder struct {
	URI  URI
	Path string // absolute; "" if it is not on this machine
	Name string
}

// Snapshot is the workspace at one moment. It is immutable.
type Snapshot struct {
	docs     map[URI]*Document // by URI.Key; cloned, never written to
	folders  []Folder
	encoding Encoding
}

// put adds a document to a snapshot in the making.
func (s *Snapshot) put(d *Document) {
	docs := make(map[URI]*Document, len(s.docs)+1)
	maps.Copy(docs, s.docs)
	docs[d.URI.Key()] = d
	s.docs = docs
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
	s.docs = maps.Clone(s.docs)
	delete(s.docs, old.URI.Key())
}

// Document is the open document that u, in any spelling, names; nil if it is
// not open.
func (s *Snapshot) Document(u URI) *Document { return s.docs[u.Key()] }

// Documents are all open documents, by the order of their keys.
func (s *Snapshot) Documents() []*Document {
	docs := make([]*Document, 0, len(s.docs))
	for _, key := range slices.Sorted(maps.Keys(s.docs)) {
		docs = append(docs, s.docs[key])
	}
	return docs
}

// Folders are the workspace's folders, in the order the client gave them.
func (s *Snapshot) Folders() []Folder { return slices.Clone(s.folders) }

// FolderOf is the deepest folder that contains path, or is path. Folders may
// lie inside each other.
func (s *Snapshot) FolderOf(path string) (Folder, bool) {
	var best Folder
	found := false
	for _, f := range s.folders {
		if f.Path == "" || len(f.Path) < len(best.Path) {
			continue
		}
		if _, ok := relativeTo(f.Path, path); ok {
			best, found = f, true
		}
	}
	return best, found
}

// URIOf is the URI of an absolute path, in the client's spelling as far as it is known: that of
// the open document, else of the folder that holds it.
func (s *Snapshot) URIOf(path string) URI {
	uri := FileURI(path)
	if d := s.Document(uri); d != nil {
		return d.URI
	}
	f, ok := s.FolderOf(path)
	if rel, below := relativeTo(f.Path, path); ok && below && rel != "." {
		return URI(strings.TrimSuffix(string(f.URI), "/") + "/" + escape(filepath.ToSlash(rel)))
	}
	return uri
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
