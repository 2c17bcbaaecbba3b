package survey

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher/ignorefile"

	"github.com/buildls/buildls/workspace"
)

// A Line is a line of an ignore file and what it keeps out.
type Line struct {
	Line    int // 0-based
	Pattern string
	// Files and Dirs are how many of each it keeps out. A directory that BuildKit does
	// not look into is one, whatever is in it.
	Files, Dirs int
	Paths       []string // the first maxPaths of them
}

const maxPaths = 10

// An ignore file that is larger is left to a build: each line costs a matcher.
const maxLines, maxBytes = 10_000, 1 << 20

// rules are an ignore file's.
type rules struct {
	patterns []string // as BuildKit has them
	all      []rule
}

// A rule is a line of an ignore file.
type rule struct {
	line    int
	text    string
	negated bool // it begins with "!"
	levels  *levels
}

// readRules reads an ignore file with BuildKit's own reader, line by line, to know the
// lines. An error is a [Fault], or that the file is too large.
func readRules(ignore []byte) (*rules, error) {
	r := &rules{}
	if n := bytes.Count(ignore, []byte("\n")); n > maxLines || len(ignore) > maxBytes {
		return nil, fmt.Errorf("it has %d lines: more than %d, or %d KiB, are not counted", n, maxLines, maxBytes>>10)
	}
	faults, all := readIgnore(ignore)
	if len(faults) > 0 {
		return nil, faults[0]
	}
	for _, p := range all {
		bare, negated := strings.CutPrefix(p.pattern, "!")
		l, err := newLevels([]string{literal(bare)})
		if err != nil {
			return nil, err
		}
		r.patterns = append(r.patterns, p.pattern)
		r.all = append(r.all, rule{line: p.line, text: p.text, negated: negated, levels: l})
	}
	return r, nil
}

// readPatterns reads as an engine does, which runs on Linux: there "\" is no separator. On
// Windows it is one when the patterns are matched.
func readPatterns(line []byte) ([]string, error) {
	const separator, other = `\`, "\ufdd0" // which is no character
	if filepath.Separator == '/' {
		return ignorefile.ReadAll(bytes.NewReader(line))
	}
	line = workspace.EngineIgnore(line)
	patterns, err := ignorefile.ReadAll(strings.NewReader(strings.ReplaceAll(string(line), separator, other)))
	for i, p := range patterns {
		patterns[i] = strings.ReplaceAll(p, other, separator)
	}
	return patterns, err
}

func (r *rules) none() bool { return len(r.all) == 0 }

// blame is the rule that keeps an entry of a walk out, the first after the last exception
// from it; -1 if none does. It must be asked of every directory that is not sent, and of what is in those that
// are sent, in the order of the walk.
func (r *rules) blame(path string, isDir bool) int {
	out := -1
	for i := range r.all {
		switch matches := r.all[i].levels.matches(path, isDir); {
		case matches && r.all[i].negated:
			out = -1
		case matches && out < 0:
			out = i
		}
	}
	return out
}

// Blame is the line of an ignore file that keeps a path of a context out; ok is false if none
// does, or if the file can't be read.
func Blame(ignore []byte, path string) (_ Line, ok bool) {
	r, err := readRules(ignore)
	if err != nil {
		return Line{}, false
	}
	i := r.blame(path, false)
	if i < 0 {
		return Line{}, false
	}
	return Line{Line: r.all[i].line, Pattern: r.all[i].text}, true
}

// A tally is what rules keep out.
type tally map[int]*Line

func (t *tally) add(rule int, path string, isDir bool) {
	if *t == nil {
		*t = tally{}
	}
	l := (*t)[rule]
	if l == nil {
		l = &Line{}
		(*t)[rule] = l
	}
	if isDir {
		l.Dirs++
		path += "/"
	} else {
		l.Files++
	}
	if len(l.Paths) < maxPaths {
		l.Paths = append(l.Paths, path)
	}
}

// lines are those that keep something out, in order.
func (r *rules) lines(t tally) []Line {
	var lines []Line
	for i, rule := range r.all {
		if l := t[i]; l != nil {
			l.Line, l.Pattern = rule.line, rule.text
			lines = append(lines, *l)
		}
	}
	return lines
}
