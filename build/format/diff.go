package format

import (
	"fmt"
	"strings"
)

// around is how many lines that stay a diff shows before and after those that do not.
const around = 3

// A diffLine is one line of a diff: its mark is ' ', '-' or '+'.
type diffLine struct {
	mark byte
	text string // with its line break
}

// Diff is what changes, in the form that patch reads: unified, without the names of files. It is
// empty if nothing does.
func (r *Result) Diff() string { return unified(r.diffLines()) }

// unified is a diff of all lines of two texts.
func unified(lines []diffLine) string {
	var b strings.Builder
	before, after, at := 0, 0, 0 // lines of both texts that were passed
	for at < len(lines) {
		first, end := hunk(lines, at)
		if first == end {
			break
		}
		before, after = before+first-at, after+first-at
		removed, added := count(lines[first:end])
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", span(before, removed), span(after, added))
		for _, l := range lines[first:end] {
			b.WriteByte(l.mark)
			b.WriteString(l.text)
			if !strings.HasSuffix(l.text, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
		before, after, at = before+removed, after+added, end
	}
	return b.String()
}

// hunk is the next part of a diff that stands together.
func hunk(lines []diffLine, at int) (first, end int) {
	for at < len(lines) && lines[at].mark == ' ' {
		at++
	}
	if at == len(lines) {
		return at, at
	}
	first, last := at, at
	for i := at; i < len(lines) && i-last <= 2*around; i++ {
		if lines[i].mark != ' ' {
			last = i
		}
	}
	for n := 0; n < around && first > 0 && lines[first-1].mark == ' '; n++ {
		first--
	}
	return first, min(last+1+around, len(lines))
}

// count is how many lines of the text before and of the one after stand in a hunk.
func count(lines []diffLine) (before, after int) {
	for _, l := range lines {
		if l.mark != '+' {
			before++
		}
		if l.mark != '-' {
			after++
		}
	}
	return before, after
}

// span names lines as a hunk's head does, behind some that were passed.
func span(passed, n int) string {
	if n > 0 {
		passed++
	}
	return fmt.Sprintf("%d,%d", passed, n)
}

// diffLines are all lines; of those that follow each other and change, what was before stands
// first.
func (r *Result) diffLines() (list []diffLine) {
	if r.original != nil {
		for _, p := range r.pieces() {
			marks := []byte{'-', '+'}
			if p[0] == p[1] {
				marks = []byte{' '}
			}
			for i, mark := range marks {
				for line := range strings.Lines(p[i]) {
					list = append(list, diffLine{mark, line})
				}
			}
		}
		return list
	}
	var removed, added []diffLine
	flush := func() {
		list = append(append(list, removed...), added...)
		removed, added = nil, nil
	}
	for i, row := range r.rows {
		was := string(r.file.Slice(i, i))
		if row.parted && !row.dropped {
			added = append(added, diffLine{'+', row.partedBy})
		}
		switch now := row.text + row.end; {
		case row.dropped:
			removed = append(removed, diffLine{'-', was})
		case was == now:
			flush()
			list = append(list, diffLine{' ', was})
		default:
			removed, added = append(removed, diffLine{'-', was}), append(added, diffLine{'+', now})
		}
	}
	flush()
	return list
}
