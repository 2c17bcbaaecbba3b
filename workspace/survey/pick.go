package survey

import (
	"io/fs"
	"path"
	"strings"

	"github.com/moby/patternmatcher"
)

// touches says whether what lies at a path, or below it, could be of p's: for what is not
// in the tree, so that links are not followed.
func (p Path) touches(other string) bool {
	mine, theirs := elements(p.Path), elements(other)
	for i := range min(len(mine), len(theirs)) {
		if mine[i] == theirs[i] {
			continue
		}
		if ok, _ := path.Match(mine[i], theirs[i]); !ok || !p.Wildcards {
			return false
		}
	}
	return true
}

func elements(p string) []string {
	p = strings.Trim(path.Clean("/"+p), "/")
	if p == "" {
		return nil
	}
	return strings.Split(p, "/")
}

// String is the source for people, relative to the context.
func (p Path) String() string {
	s := strings.TrimPrefix(path.Clean("/"+p.Path), "/")
	if len(p.Include) > 0 {
		s = path.Join(s, strings.Join(p.Include, " "))
	}
	if s == "" {
		return "."
	}
	return s
}

// use is what some sources take of the tree, each file once. secrets are entries.
func (t *tree) use(paths []Path, secrets []int) (Use, error) {
	var u Use
	var top sizes
	taken := make([]int, len(t.entries)) // by which source, from 1 on
	for i, p := range paths {
		found, err := t.pick(p, func(e int) {
			if taken[e] > 0 || t.entries[e].mode.IsDir() {
				return
			}
			taken[e] = i + 1
			u.Files++
			u.Bytes += t.takes(e, func(other int) bool { return taken[other] == i+1 })
			top.add(t, e, 3)
		})
		if err != nil {
			return Use{}, err
		}
		if !found {
			u.Missing = append(u.Missing, p.String())
		}
	}
	u.Largest = top.list(t)
	for _, e := range secrets {
		if taken[e] > 0 {
			u.Secrets = append(u.Secrets, t.entries[e].path)
		}
	}
	return u, nil
}

// takes is how many bytes a copy takes of a file: none if it has another name that the
// same source has taken.
func (t *tree) takes(i int, taken func(int) bool) int64 {
	e := &t.entries[i]
	if e.size == e.full {
		return e.full
	}
	if other, ok := t.find(e.link); ok && taken(other) {
		return 0
	}
	return e.full
}

// pick calls take for the entries that a source takes, as docopy does in BuildKit's
// solver/llbsolver/file, and says whether there is anything.
func (t *tree) pick(p Path, take func(int)) (found bool, err error) {
	for _, root := range t.roots(p) {
		if root >= 0 && !t.entries[root].mode.IsDir() {
			take(root)
			found = true
			continue
		}
		some, err := t.pickBelow(root, p, take)
		if err != nil {
			return false, err
		}
		found = found || some || len(p.Include) == 0
	}
	return found, nil
}

// roots are the entries that a source names, -1 for the whole context: literally up to the
// first element with a wildcard, links followed, then by pattern, links of which are
// followed too.
func (t *tree) roots(p Path) []int {
	literal := elements(p.Path)
	var pattern []string
	for i, e := range literal {
		if p.Wildcards && hasWildcards(e) {
			literal, pattern = literal[:i], literal[i:]
			break
		}
	}
	start, ok := t.follow(literal)
	if !ok {
		return nil
	}
	var roots []int
	t.match(start, pattern, func(i int) {
		if i >= 0 {
			if i, ok = t.follow(elements(t.entries[i].path)); !ok {
				return
			}
		}
		roots = append(roots, i)
	})
	return roots
}

// match calls fn for the entries that a pattern, an element for each level, matches.
func (t *tree) match(dir int, pattern []string, fn func(int)) {
	if len(pattern) == 0 {
		fn(dir)
		return
	}
	i, end := t.below(dir)
	for i < end {
		e := &t.entries[i]
		if ok, _ := path.Match(pattern[0], path.Base(e.path)); ok && (len(pattern) == 1 || e.mode.IsDir()) {
			t.match(i, pattern[1:], fn)
		}
		i = e.end
	}
}

// follow finds what a path leads to, through links, none of which leads out of the
// context (containerd/continuity/fs.RootPath).
func (t *tree) follow(todo []string) (i int, ok bool) {
	const maxLinks = 255
	at, links := "", 0
	for i = -1; len(todo) > 0; todo = todo[1:] {
		switch todo[0] {
		case "..":
			at = strings.TrimPrefix(path.Dir("/"+at), "/")
			i, _ = t.find(at)
			continue
		case ".", "":
			continue
		}
		next := path.Join(at, todo[0])
		if i, ok = t.find(next); !ok {
			return 0, false
		}
		link := t.entries[i].link
		if t.entries[i].mode&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return 0, false
		}
		if path.IsAbs(link) {
			at = ""
		}
		i, _ = t.find(at)
		todo = append(append([]string{""}, strings.Split(link, "/")...), todo[1:]...)
	}
	return i, true
}

// pickBelow calls take for what patterns leave of a directory, and says whether that is
// anything.
func (t *tree) pickBelow(dir int, p Path, take func(int)) (some bool, err error) {
	i, end := t.below(dir)
	if len(p.Include)+len(p.Exclude) == 0 {
		for ; i < end; i++ {
			take(i)
		}
		return true, nil
	}
	include, err := newLevels(p.Include)
	if err != nil {
		return false, err
	}
	exclude, err := newLevels(p.Exclude)
	if err != nil {
		return false, err
	}
	prefix := 0
	if dir >= 0 {
		prefix = len(t.entries[dir].path) + 1
	}
	for ; i < end; i++ {
		rel, isDir := t.entries[i].path[prefix:], t.entries[i].mode.IsDir()
		in := len(p.Include) == 0 || include.matches(rel, isDir)
		if out := exclude.matches(rel, isDir); in && !out {
			take(i)
			some = true
		}
	}
	return some, nil
}

// hasWildcards is BuildKit's.
func hasWildcards(name string) bool {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '*', '?', '[':
			return true
		case '\\':
			i++
		}
	}
	return false
}

// levels match the paths of a walk, one after another: what matches a directory matches
// what is in it.
type levels struct {
	matcher *patternmatcher.PatternMatcher // nil matches nothing
	above   []level
}

type level struct {
	dir  string
	info patternmatcher.MatchInfo
}

func newLevels(patterns []string) (*levels, error) {
	if len(patterns) == 0 {
		return &levels{}, nil
	}
	m, err := patternmatcher.New(patterns)
	return &levels{matcher: m}, err
}

func (l *levels) matches(p string, isDir bool) bool {
	if l.matcher == nil {
		return false
	}
	for n := len(l.above); n > 0 && !strings.HasPrefix(p, l.above[n-1].dir); n-- {
		l.above = l.above[:n-1]
	}
	var info patternmatcher.MatchInfo
	if n := len(l.above); n > 0 {
		info = l.above[n-1].info
	}
	ok, info, err := l.matcher.MatchesUsingParentResults(p, info)
	if isDir {
		l.above = append(l.above, level{p + "/", info})
	}
	return ok && err == nil
}
