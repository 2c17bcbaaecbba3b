package workspace

// The funnel: whatever an editor tells becomes a Modification, and Apply turns
// one Snapshot into the next. There is no other way to change anything. Those
// who only look never wait for those who write: the current snapshot is one
// atomic pointer.

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Modification is one event: Open, Edit, Close, SetFolders or SetEncoding.
type Modification interface{ isModification() }

// Open says that a document is open, with its whole text. Opening one that is
// open already replaces it.
type Open struct {
	URI      URI
	Language string // the client's language id
	Version  int32
	Text     string
}

// Edit changes the text of an open document by every one of Changes, in order,
// each against the result of the one before.
type Edit struct {
	URI     URI
	Version int32 // the version after all changes
	Changes []Change
}

// Close says that the editor's text no longer counts; the file's does, or that
// of a buffer that is open under another spelling of the URI. Closing what is
// not open changes nothing.
type Close struct{ URI URI }

// SetFolders adds and removes folders of the workspace, by their URI. A Path or
// Name that is left out is derived from the URI.
type SetFolders struct{ Added, Removed []Folder }

// SetEncoding says what unit positions have from now on.
type SetEncoding struct{ Encoding Encoding }

func (Open) isModification()        {}
func (Edit) isModification()        {}
func (Close) isModification()       {}
func (SetFolders) isModification()  {}
func (SetEncoding) isModification() {}

// Workspace holds the current snapshot. It is safe for concurrent use; the
// order of modifications is the order of calls to Apply.
type Workspace struct {
	current atomic.Pointer[Snapshot]

	mu   sync.Mutex // one Apply at a time; guards last and now
	last int64      // the latest time given out, ns since 1970
	now  func() time.Time
}

// New makes a workspace without folders or documents, counting in UTF16.
func New() *Workspace {
	w := &Workspace{now: time.Now}
	w.current.Store(&Snapshot{encoding: UTF16})
	return w
}

// Snapshot is the state after the latest modification.
func (w *Workspace) Snapshot() *Snapshot { return w.current.Load() }

// Apply makes the snapshot after a modification and returns it, and for an Edit
// what became of the lines, one LineEdit per change. An Edit of a document that
// is not open is an error; the snapshot is then the unchanged one.
func (w *Workspace) Apply(m Modification) (*Snapshot, []LineEdit, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := *w.current.Load()
	var edits []LineEdit
	var err error
	switch m := m.(type) {
	case Open:
		w.open(&next, m)
	case Edit:
		edits, err = w.edit(&next, m)
	case Close:
		next.close(m.URI)
	case SetFolders:
		next.folders = changeFolders(next.folders, m)
	case SetEncoding:
		next.encoding = m.Encoding
	default:
		err = fmt.Errorf("unknown modification %T", m)
	}
	if err != nil {
		return w.current.Load(), nil, err
	}
	w.current.Store(&next)
	return &next, edits, nil
}

func (w *Workspace) open(s *Snapshot, m Open) {
	doc := &Document{URI: m.URI, Language: m.Language, Version: m.Version, Text: NewText(m.Text)}
	doc.Path, _ = m.URI.Path()
	doc.place, doc.folded = findOnce(doc.Path), foldName(doc.Path)
	doc.name, doc.kind = filepath.Base(doc.folded), KindOf(doc.URI, doc.Language)
	doc.touched = w.tick()
	doc.Modified = doc.touched
	// Some clients open again what they only want to save or rename: the same
	// text keeps its time, so that it isn't sent to the engine again.
	if old := s.Document(m.URI); old != nil {
		if old.Text.String() == m.Text {
			doc.Modified = old.Modified
		}
		if was, remain := old.spelled(m.URI); was.URI == m.URI {
			doc.others = remain
		} else {
			doc.others = append(slices.Clone(remain), was.withoutOthers())
		}
	}
	s.put(doc)
}

func (w *Workspace) edit(s *Snapshot, m Edit) ([]LineEdit, error) {
	old := s.Document(m.URI)
	if old == nil {
		return nil, fmt.Errorf("change of %s, which is not open", m.URI)
	}
	old, remain := old.spelled(m.URI)
	doc := *old
	doc.others = remain
	doc.Version = m.Version
	edits := make([]LineEdit, len(m.Changes))
	for i, c := range m.Changes {
		doc.Text, edits[i] = doc.Text.Apply(c, s.encoding)
	}
	doc.touched = w.tick()
	if doc.Text.String() != old.Text.String() {
		doc.Modified = doc.touched
	}
	s.put(&doc)
	return edits, nil
}

// tick is the time, but later than any given out before: engines tell two
// contents of a file by their times, and clocks stand still and go back.
func (w *Workspace) tick() time.Time {
	w.last = max(w.last+1, w.now().UnixNano())
	return time.Unix(0, w.last)
}

func changeFolders(folders []Folder, m SetFolders) []Folder {
	gone := map[URI]bool{}
	for _, f := range slices.Concat(m.Removed, m.Added) {
		gone[f.URI.Key()] = true
	}
	kept := make([]Folder, 0, len(folders)+len(m.Added))
	for _, f := range folders {
		if !gone[f.URI.Key()] {
			kept = append(kept, f)
		}
	}
	for _, f := range m.Added {
		kept = append(kept, f.complete())
	}
	return kept
}

// complete fills in what the client left out.
func (f Folder) complete() Folder {
	if f.Path == "" {
		f.Path, _ = f.URI.Path()
	} else {
		f.Path = filepath.Clean(f.Path)
	}
	if f.Name == "" && f.Path != "" {
		f.Name = filepath.Base(f.Path)
	}
	f.Name = cmp.Or(f.Name, baseName(f.URI))
	f.place = findOnce(f.Path)
	return f
}
