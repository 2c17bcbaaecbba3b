// Package sent remembers which files of its contexts a build showed the engine. Later builds compare
// with them to say what has changed, and send less.
//
// An engine keeps the files of a context under the id of the session that sent them, and the
// patterns that it asked with (BuildKit's source/local, the function CacheKey). If the context
// still shows what it showed then, the next build names that session as the context's. Then
// neither side walks, sends or compares anything. If the engine has dropped the files, it asks that
// session for them: the build opens a session with its id for as long as it lasts.
//
// A workspace.Trace tells whether the context still shows the same. If some files have changed
// and all names are the same, the trace tells which. The embedded engine, whose protocol we can
// extend, asks for these files alone (build/engine/embedded/delta), and compares what it gets as
// BuildKit does. Any other engine gets the whole context.
//
// Linux alone has this, for contexts of a thousand files and more. TestKeptContextSameAsTerminal
// compares the digests with those of buildctl.
//
// This package knows no builds. Paths are relative to the context, with "/".
package sent

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"path"
	"slices"

	"github.com/tonistiigi/fsutil"
)

// A file is what the engine was shown of a file or directory. The numbers are hashes, so that many
// files can be remembered. They are the same in each process, so that they can be kept.
type file struct {
	path    string // in the context, with "/"
	times   uint64 // of its size and time: where they are equal, BuildKit asks for no content
	form    uint64 // of its mode, what it links to, its extended attributes
	content uint64 // if known
	known   bool
	mode    fs.FileMode // its type
}

// Files are the files of a context that the engine was shown, sorted by path. They do not change.
// Nil means that they are not known.
type Files []file

// maxFiles is how many files of a context are remembered. Of a larger context, none are.
const maxFiles = 100_000

// A Context is the copy of a context that an engine has.
type Context struct {
	Session     string // the id of the session in which it was sent
	Files       Files  // nil until somebody sets them: see explain.Record.Since
	ChangesOnly bool   // the engine had an older copy, and was sent only what had changed
}

// A Delta says how a context differs from the copy that an engine has.
type Delta struct {
	Since *Context
	Files fsutil.FS // the files that have changed, and the directories above them
}

// Since completes s, which it takes over: the engine did not ask again for files whose size and time
// are those of before, so their content is taken from there. If nothing has changed, it returns
// before, so that both share their memory.
func (s Files) Since(before Files) Files {
	same := len(s) == len(before)
	i := 0
	for j := range s {
		for i < len(before) && before[i].path < s[j].path {
			i++
		}
		if i == len(before) || before[i].path != s[j].path {
			same = false
			continue
		}
		b := before[i]
		s[j].path = b.path // one string for both
		if !s[j].known && b.known && s[j].times == b.times {
			s[j].content, s[j].known = b.content, true
		}
		same = same && s[j] == b
	}
	if same {
		return before
	}
	return s
}

// A Difference is a file that is not what it was in an earlier build.
type Difference struct {
	Path   string
	What   string // "changed", "is new" or "is gone"
	Unsure bool   // the file was written since, and its content then or now is not known
}

// Compare returns how the files that match differ from those of before, sorted by path. Nil counts
// as no files: callers tell first whether both are known.
func (s Files) Compare(before Files, match func(path string) bool) (list []Difference) {
	for i, j := 0, 0; i < len(s) || j < len(before); {
		switch {
		case j == len(before) || i < len(s) && s[i].path < before[j].path:
			list = appendDifference(list, s[i], "is new", match)
			i++
		case i == len(s) || s[i].path > before[j].path:
			list = appendDifference(list, before[j], "is gone", match)
			j++
		default:
			a, b := s[i], before[j]
			i, j = i+1, j+1
			if !match(a.path) {
				continue
			}
			switch {
			case a.form != b.form || a.known && b.known && a.content != b.content:
				list = append(list, Difference{Path: a.path, What: "changed"})
			case a.times != b.times && !(a.known && b.known):
				list = append(list, Difference{Path: a.path, What: "changed", Unsure: true})
			}
		}
	}
	return list
}

// appendDifference adds a file that only one side has. It drops a directory before a file that lies
// in it.
func appendDifference(list []Difference, f file, what string, match func(path string) bool) []Difference {
	if !match(f.path) {
		return list
	}
	if n := len(list); n > 0 && list[n-1].What == what && list[n-1].Path == path.Dir(f.path) {
		list = list[:n-1]
	}
	return append(list, Difference{Path: f.path, What: what})
}

// UnderSymlink says whether a path is a symlink, or leads through one.
func (s Files) UnderSymlink(name string) bool {
	for name = path.Clean(name); name != "." && name != "/"; name = path.Dir(name) {
		i, ok := slices.BinarySearchFunc(s, name, func(f file, name string) int { return cmp.Compare(f.path, name) })
		if ok && s[i].mode&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// MatchSymlink says whether a file that matches is a symlink. An instruction may take the file that
// it leads to in its place.
func (s Files) MatchSymlink(match func(path string) bool) bool {
	return slices.ContainsFunc(s, func(f file) bool { return f.mode&fs.ModeSymlink != 0 && match(f.path) })
}

// A keptFile is a file in JSON.
type keptFile struct {
	Path    string      `json:"p"`
	Times   uint64      `json:"t,omitzero"`
	Form    uint64      `json:"f"`
	Content *uint64     `json:"c,omitzero"` // if known
	Mode    fs.FileMode `json:"m,omitzero"`
}

// MarshalJSON implements [json.Marshaler].
func (s Files) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("null"), nil
	}
	list := make([]keptFile, len(s))
	for i, f := range s {
		list[i] = keptFile{Path: f.path, Times: f.times, Form: f.form, Mode: f.mode}
		if f.known {
			list[i].Content = &s[i].content
		}
	}
	return json.Marshal(list)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Files) UnmarshalJSON(data []byte) error {
	var list []keptFile
	if err := json.Unmarshal(data, &list); err != nil || list == nil {
		return err
	}
	*s = make(Files, len(list))
	for i, k := range list {
		f := file{path: k.Path, times: k.Times, form: k.Form, mode: k.Mode}
		if k.Content != nil {
			f.content, f.known = *k.Content, true
		}
		(*s)[i] = f
	}
	return nil
}

// Is says whether both are the same list in memory.
func (s Files) Is(other Files) bool {
	return len(s) == len(other) && (len(s) == 0 || &s[0] == &other[0])
}
