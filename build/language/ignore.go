package language

import (
	"path"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// An IgnoreLine is a line of an ignore file that has a pattern, as moby/patternmatcher/ignorefile
// reads it.
type IgnoreLine struct {
	Span          // of the pattern in the text, without "!" and blanks
	Row      int  // 0-based, "\n" alone ends one
	Negated  bool // "!" stands before it
	Pattern  string
	Wildcard bool // it names more than one path, or may
}

// IgnoreLines are the lines of an ignore file that have patterns.
func IgnoreLines(text string) (list []IgnoreLine) {
	at, row := 0, 0
	text, marked := strings.CutPrefix(text, "\ufeff")
	if marked {
		at = len("\ufeff")
	}
	for line := range strings.Lines(text) {
		pattern := strings.TrimSpace(line)
		if pattern != "" && !strings.HasPrefix(line, "#") {
			l := IgnoreLine{Row: row}
			rest := strings.TrimSpace(strings.TrimPrefix(pattern, "!"))
			l.Negated = len(rest) < len(pattern)
			l.Start = at + strings.Index(line, pattern) + len(pattern) - len(rest)
			l.End = l.Start + len(rest)
			l.Pattern, l.Wildcard = rest, strings.ContainsAny(rest, `*?[\`)
			list = append(list, l)
		}
		at, row = at+len(line), row+1
	}
	return list
}

// IgnoredPaths are the lines of an ignore file that name one path each, with it.
func IgnoredPaths(text string) (list []Link) {
	for _, l := range IgnoreLines(text) {
		if clean := path.Clean("/" + l.Pattern)[1:]; clean != "" && !l.Wildcard {
			list = append(list, Link{Span: l.Span, Path: clean})
		}
	}
	return list
}

// CompleteIgnored is what may be written at a byte of an ignore file: the files of its context, a
// directory at a time. files is as in Given.
func CompleteIgnored(text string, offset int, files func(dir, prefix string) []File) []Item {
	typed := text[strings.LastIndexByte(text[:offset], '\n')+1 : offset]
	if strings.HasPrefix(typed, "#") {
		return nil
	}
	pattern := strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(typed, " \t"), "!"), " \t")
	dir, name := path.Split(pattern)
	if strings.ContainsAny(dir, `*?[\`) {
		return nil
	}
	c := &completion{offset: offset}
	c.list(name, files(strings.Trim(strings.TrimPrefix(dir, "./"), "/"), name))
	if pattern == typed && pattern == "" {
		c.add("", Item{Kind: ItemKeyword, Label: "!", Detail: "an exception from the lines above"})
	}
	return c.items
}

// IgnoreFolds are the comments of an ignore file over several lines, and the paragraphs that a
// comment begins.
func IgnoreFolds(text string) (list []Fold) {
	rows := slices.Collect(strings.Lines(text))
	for first := 0; first < len(rows); first++ {
		last, comment := first, strings.HasPrefix(rows[first], "#")
		for comment && last+1 < len(rows) && strings.TrimSpace(rows[last+1]) != "" {
			last++
		}
		if last == first {
			continue
		}
		kind := FoldComment
		if slices.ContainsFunc(rows[first:last+1], func(row string) bool { return !strings.HasPrefix(row, "#") }) {
			kind = FoldInstruction
		}
		list = append(list, Fold{dockerfile.Lines{First: first, Last: last}, kind})
		first = last
	}
	return list
}
