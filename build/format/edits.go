package format

import "strings"

// An Edit puts a text in the place of bytes from Start to End, 0-based, the end exclusive.
type Edit struct {
	Start, End int
	Text       string
}

// Edits make the new text of the old one. None of them touches a line that does not change.
func (r *Result) Edits() (edits []Edit) {
	at := 0
	var removed, added []string
	flush := func() {
		for _, p := range pairs(removed, added) {
			was, wasEnd := split([]byte(p[0]))
			now, nowEnd := split([]byte(p[1]))
			if e := difference(was, now); was != now {
				edits = append(edits, Edit{at + e.Start, at + e.End, e.Text})
			}
			if at += len(p[0]); wasEnd != nowEnd {
				edits = append(edits, Edit{at - len(wasEnd), at, nowEnd})
			}
		}
		removed, added = nil, nil
	}
	for _, l := range r.diffLines() {
		switch l.mark {
		case '-':
			removed = append(removed, l.text)
		case '+':
			added = append(added, l.text)
		default:
			flush()
			at += len(l.text)
		}
	}
	flush()
	return edits
}

// pairs are lines that change, each with what becomes of it: one for one, or those together that
// have the same words, and what is between these.
func pairs(removed, added []string) (list [][2]string) {
	if len(removed) == len(added) {
		for i, line := range removed {
			list = append(list, [2]string{line, added[i]})
		}
		return list
	}
	words := func(lines []string) (list []string) {
		for _, line := range lines {
			list = append(list, strings.Join(strings.Fields(line), " "))
		}
		return list
	}
	i, j := 0, 0
	var some [2]string
	flush := func() {
		if some != [2]string{} {
			list, some = append(list, some), [2]string{}
		}
	}
	for _, l := range between(words(removed), words(added)) {
		switch l.mark {
		case '-':
			some[0] += removed[i]
			i++
		case '+':
			some[1] += added[j]
			j++
		default:
			flush()
			list = append(list, [2]string{removed[i], added[j]})
			i, j = i+1, j+1
		}
	}
	flush()
	return list
}

// difference is what makes one text of another, without what both begin and end with.
func difference(before, after string) Edit {
	n := min(len(before), len(after))
	head := 0
	for head < n && before[head] == after[head] {
		head++
	}
	for head > 0 && head < len(before) && continues(before[head]) || head > 0 && head < len(after) && continues(after[head]) {
		head--
	}
	tail := 0
	for tail < n-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	for tail > 0 && continues(before[len(before)-tail]) {
		tail--
	}
	return Edit{head, len(before) - tail, after[head : len(after)-tail]}
}

// continues says whether a byte is inside of a character of UTF-8, or of a line break.
func continues(b byte) bool { return b&0xC0 == 0x80 || b == '\n' }
