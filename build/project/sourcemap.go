package project

import (
	"slices"
	"strings"
)

// A sourceMap says where in a source the bytes of a text come from that was computed of it:
// unquoted, unescaped, interpolated. Its pieces follow each other without gaps.
type sourceMap []piece

// A piece is n bytes of the text at the offset text, which come from m bytes of the source
// at the offset src. If n is m, they are byte for byte the same.
type piece struct{ text, n, src, m int }

// add maps the next n bytes of the text to m bytes of the source.
func (sm *sourceMap) add(n, src, m int) {
	text := sm.len()
	if last := len(*sm) - 1; last >= 0 && n == m {
		if p := &(*sm)[last]; p.n == p.m && p.src+p.m == src {
			p.n, p.m = p.n+n, p.m+m
			return
		}
	}
	if n > 0 {
		*sm = append(*sm, piece{text, n, src, m})
	}
}

// len is the length of the text.
func (sm sourceMap) len() int {
	if len(sm) == 0 {
		return 0
	}
	last := sm[len(sm)-1]
	return last.text + last.n
}

// at is the piece that holds a byte of the text.
func (sm sourceMap) at(offset int) (p piece, ok bool) {
	i, found := slices.BinarySearchFunc(sm, offset, func(p piece, offset int) int { return p.text - offset })
	if !found {
		i--
	}
	if i < 0 || offset >= sm[i].text+sm[i].n {
		return p, false
	}
	return sm[i], true
}

// span is where the bytes from start to end come from. ok is false if they are none of the text.
func (sm sourceMap) span(start, end int) (from, to int, ok bool) {
	first, ok := sm.at(start)
	last, ok2 := sm.at(max(start, end-1))
	if !ok || !ok2 {
		return 0, 0, false
	}
	from, to = first.src, last.src+last.m
	if first.n == first.m {
		from += start - first.text
	}
	if last.n == last.m {
		to = last.src + max(start, end) - last.text
	}
	return from, max(from, to), true
}

// through is the map of a text of a text: sm maps to what inner maps to the source.
func (sm sourceMap) through(inner sourceMap) (out sourceMap) {
	for _, p := range sm {
		if p.n != p.m {
			from, to, _ := inner.span(p.src, p.src+p.m)
			out.add(p.n, from, to-from)
			continue
		}
		for done := 0; done < p.n; {
			in, ok := inner.at(p.src + done)
			if !ok {
				return nil
			}
			n := min(p.n-done, in.text+in.n-p.src-done)
			from, to, _ := inner.span(p.src+done, p.src+done+n)
			out.add(n, from, to-from)
			done += n
		}
	}
	return out
}

// vague says that a byte of the text comes from a place that stands for several lines of
// it, as a variable does.
func (sm sourceMap) vague(text string, offset int) bool {
	p, ok := sm.at(offset)
	return !ok || p.n != p.m && strings.Contains(strings.Trim(text[p.text:p.text+p.n], "\n"), "\n")
}
