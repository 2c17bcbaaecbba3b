package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
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

// diffLines are all lines, of which as many stay as can; of those that follow each other and change,
// what was before stands first. Of an instruction that was, one is: each is compared alone.
func (r *Result) diffLines() (lines []diffLine) {
	for _, p := range r.pieces() {
		lines = append(lines, between(slices.Collect(strings.Lines(p[0])), slices.Collect(strings.Lines(p[1])))...)
	}
	return lines
}

// pieces are the texts before and after the layout, cut behind each instruction: of both there are
// the same.
func (r *Result) pieces() (list [][2]string) {
	was, now := r.before(), dockerfile.Parse([]byte(r.Text()))
	before, after := 0, 0 // lines that were passed
	all := now.Instructions()
	for i, st := range was.Instructions() {
		list = append(list, [2]string{string(was.Slice(before, st.End())), string(now.Slice(after, all[i].End()))})
		before, after = st.End()+1, all[i].End()+1
	}
	return append(list, [2]string{rest(was, before), rest(now, after)})
}

func rest(f *dockerfile.File, line int) string {
	if line >= f.Count() {
		return ""
	}
	return string(f.Slice(line, f.Count()-1))
}
