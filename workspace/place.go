package workspace

// A file has more spellings than one: through links (macOS' /tmp is one), and, where the
// file system takes them for the same, in other case or in another normal form of Unicode.
// Paths are compared by their places, and shown and opened as they are spelled.

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// lstat is os.Lstat, but for a test of file systems that this machine does not have.
var lstat = os.Lstat

// A Place is where a path leads. It is made to be compared, not to be opened. The zero
// Place is that of no path.
type Place struct {
	entry spelling // the links of its directory are followed
	file  spelling // its own link, too
}

// A spelling is a path, and its key: the same for all spellings of one entry of a directory.
type spelling struct {
	path, key string
	folding   folding // of the directory
}

// PlaceOf finds the place of an absolute path, of which the last elements need not exist. It
// asks the file system two things of each element.
func PlaceOf(path string) Place {
	if path == "" {
		return Place{}
	}
	path = filepath.Clean(path)
	spell := func(path string, resolved string, err error) spelling {
		if err != nil {
			resolved = path // a loop of links: it leads nowhere
		}
		key, folding := keyOfPath(resolved)
		return spelling{resolved, key, folding}
	}
	dir, errDir := resolve(filepath.Dir(path))
	entry := spell(path, filepath.Join(dir, filepath.Base(path)), errDir)
	file := entry
	if resolved, err := resolve(path); err != nil || resolved != entry.path {
		file = spell(path, resolved, err)
	}
	return Place{entry, file}
}

// Key is the same for all spellings of a file or directory, links to it included; empty for
// the zero Place.
func (p Place) Key() string { return p.file.key }

// Entry is the same for all spellings of an entry of a directory. A link is another than what
// it leads to.
func (p Place) Entry() string { return p.entry.key }

// Is says whether two places are of one file or directory.
func (p Place) Is(o Place) bool { return p.Key() != "" && p.Key() == o.Key() }

// SamePlace says whether two paths lead to one file or directory.
func SamePlace(a, b string) bool {
	return a != "" && b != "" && (a == b || PlaceOf(a).Is(PlaceOf(b)))
}

// From is p as seen from a directory, which it may be itself, in its own spelling; ok is
// false when it lies outside.
func (p Place) From(dir Place) (rel string, ok bool) {
	if dir.Key() == "" {
		return "", false
	}
	for _, at := range []spelling{p.entry, p.file} {
		if rel, ok := below(dir.file.key, at.key); ok {
			return at.last(rel), true
		}
	}
	return "", false
}

// below is as relativeTo, of two keys: they are clean.
func below(dir, path string) (rel string, ok bool) {
	if filepath.Separator != '/' || dir == "/" {
		return relativeTo(dir, path)
	}
	if dir == path {
		return ".", true
	}
	if hasDirPrefix(path, dir) {
		return path[len(dir)+1:], true
	}
	return "", false
}

// last is as many last elements of the path as rel has, which are those of the key.
func (s spelling) last(rel string) string {
	if rel == "." {
		return rel
	}
	n := strings.Count(rel, string(filepath.Separator)) + 1
	names := strings.Split(s.path, string(filepath.Separator))
	return filepath.Join(names[len(names)-n:]...)
}

// Dir is the place of the directory that lists the file.
func (p Place) Dir() Place {
	dir := p.entry
	if dir.path == "" {
		return p
	}
	dir.path, dir.key = filepath.Dir(dir.path), filepath.Dir(dir.key)
	return Place{dir, dir}
}

// IsRoot says whether it is the root of the file system, or of a drive or share of Windows.
func (p Place) IsRoot() bool {
	path := p.file.path
	return path != "" && strings.TrimSuffix(path, string(filepath.Separator)) == filepath.VolumeName(path)
}

// Fold makes one spelling of those of a name, or of a pattern for names, that the directory
// takes for the same.
func (p Place) Fold(name string) string { return p.entry.folding.fold(name) }

// keyOfPath makes one spelling of all that a file system takes for the same.
func keyOfPath(path string) (string, folding) {
	volume := filepath.VolumeName(path)
	dir := volume + string(filepath.Separator)
	names := strings.Split(strings.TrimPrefix(path[len(volume):], string(filepath.Separator)), string(filepath.Separator))
	var how folding
	for i, name := range names {
		full := filepath.Join(dir, name)
		if st, err := lstat(full); err == nil { // a name that is not there is as the one before it
			how = how.of(dir, name, st)
		}
		dir, names[i] = full, how.fold(name)
	}
	return filepath.Join(volume+string(filepath.Separator), filepath.Join(names...)), how
}

// A folding is what a directory takes for the same.
type folding struct{ letters, forms bool }

// of asks for the folding of a directory that has name. What name cannot tell stays.
func (f folding) of(dir, name string, st fs.FileInfo) folding {
	tell := func(other string, known bool) bool {
		if other == name {
			return known
		}
		o, err := lstat(filepath.Join(dir, other))
		return err == nil && os.SameFile(st, o)
	}
	return folding{tell(otherCase(name), f.letters), tell(otherForm(name), f.forms)}
}

func (f folding) fold(name string) string {
	if f.forms {
		name = norm.NFC.String(name)
	}
	if f.letters {
		name = foldCase(name)
	}
	return name
}

// foldCase is the same for names that differ in case alone.
func foldCase(name string) string { return strings.Map(foldRune, name) }

// foldName is the same for all names that any file system takes for the same.
func foldName(name string) string { return foldCase(norm.NFC.String(name)) }

// otherCase is a name in other case, itself if it has no letters.
func otherCase(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLower(r) {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, name)
}

// otherForm is a name in another normal form of Unicode, itself if there is none.
func otherForm(name string) string {
	if form := norm.NFD.String(name); form != name {
		return form
	}
	return norm.NFC.String(name)
}

// onDisk is rel as the directories below root list it. Names that are not there stay.
func onDisk(root, rel string) string {
	dir := root
	names := strings.Split(rel, string(filepath.Separator))
	for i, name := range names {
		names[i] = listed(dir, name)
		dir = filepath.Join(dir, names[i])
	}
	return filepath.Join(names...)
}

// listed is how a directory lists name.
func listed(dir, name string) string {
	st, err := os.Lstat(filepath.Join(dir, name))
	if err != nil {
		return name
	}
	f, err := os.Open(dir)
	if err != nil {
		return name
	}
	defer f.Close()
	list, _ := f.Readdirnames(-1)
	found := name
	for _, other := range list {
		if other == name {
			return name
		}
		if foldName(other) != foldName(name) {
			continue
		}
		if o, err := os.Lstat(filepath.Join(dir, other)); err == nil && os.SameFile(st, o) {
			found = other
		}
	}
	return found
}
