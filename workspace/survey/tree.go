package survey

import (
	"cmp"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// A tree is what is sent, in the order of a walk: what is below a directory follows it.
type tree struct {
	entries []entry
	open    []int // the directories that the last entry is in
	heirs   map[string]string
}

type entry struct {
	path   string // with "/"
	link   string // of a symlink; of another name of a file, the one that is sent
	mode   fs.FileMode
	full   int64 // the size of a file
	size   int64 // of what is sent for it; of a directory, when the tree is closed, all below
	end    int   // past the last entry below; of a file, past itself
	parent int   // -1 for the root
}

func (t *tree) add(path string, stat *types.Stat) {
	e := entry{path: path, mode: fs.FileMode(stat.Mode), parent: -1}
	t.leave(path)
	if n := len(t.open); n > 0 {
		e.parent = t.open[n-1]
	}
	switch {
	case e.mode&fs.ModeSymlink != 0:
		e.link = filepath.ToSlash(stat.Linkname)
	case e.mode.IsRegular():
		e.full = stat.Size
		if e.link = t.linked(path, filepath.ToSlash(stat.Linkname)); e.link == "" {
			e.size = stat.Size
		}
	}
	e.end = len(t.entries) + 1
	if e.mode.IsDir() {
		t.open = append(t.open, len(t.entries))
	}
	t.entries = append(t.entries, e)
}

// linked is the name that a file with several is sent by, if it is another. One that is not
// sent has the first of its links as its heir (fsutil.WithHardlinkReset).
func (t *tree) linked(path, to string) string {
	if to == "" {
		return ""
	}
	if _, sent := t.find(to); sent {
		return to
	}
	if heir, ok := t.heirs[to]; ok {
		return heir
	}
	if t.heirs == nil {
		t.heirs = map[string]string{}
	}
	t.heirs[to] = path
	return ""
}

// leave closes the directories that path is not in.
func (t *tree) leave(path string) {
	for n := len(t.open); n > 0; n-- {
		dir := &t.entries[t.open[n-1]]
		if len(path) > len(dir.path) && path[len(dir.path)] == '/' && strings.HasPrefix(path, dir.path) {
			return
		}
		dir.end = len(t.entries)
		t.open = t.open[:n-1]
	}
}

// close ends the tree, and sums the sizes of directories.
func (t *tree) close() {
	t.leave("")
	for i := len(t.entries) - 1; i >= 0; i-- {
		if p := t.entries[i].parent; p >= 0 {
			t.entries[p].size += t.entries[i].size
		}
	}
}

func (t *tree) amount() Amount {
	var a Amount
	for i := range t.entries {
		if !t.entries[i].mode.IsDir() {
			a.Files++
			a.Bytes += t.entries[i].size
		}
	}
	return a
}

// find is the entry at a clean path; -1 is the root.
func (t *tree) find(path string) (i int, ok bool) {
	if path == "" || path == "." {
		return -1, true
	}
	i = sort.Search(len(t.entries), func(i int) bool { return comparePath(t.entries[i].path, path) >= 0 })
	return i, i < len(t.entries) && t.entries[i].path == path
}

// comparePath is the order of a walk, for paths with "/".
func comparePath(a, b string) int {
	return fsutil.ComparePath(filepath.FromSlash(a), filepath.FromSlash(b))
}

// below are the entries in a directory, deep: from i up to, not including, end.
func (t *tree) below(dir int) (i, end int) {
	if dir < 0 {
		return 0, len(t.entries)
	}
	return dir + 1, t.entries[dir].end
}

// shown is the path of an entry for people.
func (t *tree) shown(i int) string {
	if t.entries[i].mode.IsDir() {
		return t.entries[i].path + "/"
	}
	return t.entries[i].path
}

// largest are the n largest files and directories. A directory is left out if what it
// holds is as good as one entry in it, which is listed itself.
func (t *tree) largest(n int) []Size {
	single := make([]bool, len(t.entries))
	for i := range t.entries {
		if e := &t.entries[i]; e.parent >= 0 && e.size == t.entries[e.parent].size {
			single[e.parent] = true
		}
	}
	var top sizes
	for i := range t.entries {
		if !single[i] {
			top.add(t, i, n)
		}
	}
	return top.list(t)
}

// sizes are the entries that are the largest so far, in order.
type sizes []int

// add adds an entry if it is one of the n largest that are not empty.
func (s *sizes) add(t *tree, i, n int) {
	size := t.entries[i].size
	if size == 0 || len(*s) == n && t.entries[(*s)[n-1]].size >= size {
		return
	}
	at, _ := slices.BinarySearchFunc(*s, i, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.entries[b].size, t.entries[a].size), cmp.Compare(a, b))
	})
	*s = slices.Insert(*s, at, i)
	*s = (*s)[:min(len(*s), n)]
}

func (s sizes) list(t *tree) []Size {
	out := make([]Size, len(s))
	for i, e := range s {
		out[i] = Size{Path: t.shown(e), Bytes: t.entries[e].size}
	}
	return out
}
