package workspace

// Positions are where bugs of language servers live: editors count in UTF-16,
// parsers in bytes, people in characters. So a position is meaningless without
// an Encoding, every function that takes one takes the other, and byte offsets
// are plain ints that never travel under the name of a position.

import "unicode/utf8"

// Encoding is the unit in which a Position counts characters. The zero value,
// and any value that is not one of the constants, means UTF16, as in the
// protocol.
type Encoding string

// The encodings, spelled as the protocol's PositionEncodingKind.
const (
	UTF8  Encoding = "utf-8"  // bytes
	UTF16 Encoding = "utf-16" // code units; a rune above U+FFFF has two
	UTF32 Encoding = "utf-32" // runes
)

// Position is a place between two characters of a Text.
type Position struct {
	Line      int // 0-based
	Character int // 0-based, in units of an Encoding, from the line's start
}

// Range is half-open: from Start up to, not including, End.
type Range struct{ Start, End Position }

// units is the length of s in units of e. A byte that is no UTF-8 is one unit.
func (e Encoding) units(s string) int {
	switch e {
	case UTF8:
		return len(s)
	case UTF32:
		return utf8.RuneCountInString(s)
	}
	n := 0
	for n < len(s) && s[n] < utf8.RuneSelf {
		n++
	}
	for _, r := range s[n:] {
		n += e.width(r, 1)
	}
	return n
}

// bytes is the length in bytes of the first n units of s, at most len(s). If n
// ends inside a rune, that rune does not count.
func (e Encoding) bytes(s string, n int) int {
	if e == UTF8 {
		return runeStart(s, min(n, len(s)))
	}
	offset := 0
	for offset < len(s) {
		r, size := utf8.DecodeRuneInString(s[offset:])
		n -= e.width(r, size)
		if n < 0 {
			break
		}
		offset += size
	}
	return offset
}

// width is the number of units of a rune that is size bytes long.
func (e Encoding) width(r rune, size int) int {
	switch {
	case e == UTF8:
		return size
	case e != UTF32 && r > 0xFFFF:
		return 2
	}
	return 1
}

// runeStart moves an offset that lies inside a rune back to the rune's start.
// Bytes that are no UTF-8 are runes of their own, so an offset between them
// stays.
func runeStart(s string, offset int) int {
	if offset >= len(s) || utf8.RuneStart(s[offset]) {
		return offset
	}
	for i := offset - 1; i >= 0 && i > offset-utf8.UTFMax; i-- {
		if !utf8.RuneStart(s[i]) {
			continue
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); i+size > offset {
			return i
		}
		break
	}
	return offset
}
