package workspace

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"unicode/utf16"
)

// FuzzSync sends arbitrary sequences of opens, edits and closes, anywhere in the text and
// outside of it. The text is that of a model which counts in UTF-16 as the protocol has it,
// character by character, and lines that an edit does not name are as they were.
func FuzzSync(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 1, 2, 2, 0, 1, 0, 0, 4, 0xff, 0xff, 0xff, 0xff, 5}, "FROM scratch\nRUN x\r\n😀é\rz")
	f.Add([]byte{1, 0, 0, 0, 9, 9, 2, 1, 2, 1, 0, 1, 1, 2, 1, 0, 0, 0, 0, 7}, "\r\n\n\r")
	f.Add([]byte{3, 0, 0, 0, 0, 0, 1, 0, 1, 0, 2, 1}, "\xff\xfe\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, steps []byte, text string) {
		if len(steps) > 500 || len(text) > 2000 {
			return
		}
		const uri = URI("file:///Dockerfile")
		w := New()
		open, now := false, ""
		texts := []string{text, "", "\n", "a\r", "\n😀", strings.Repeat("x\r\n", 3)}
		for len(steps) >= 6 {
			step, rest := steps[:6], steps[6:]
			steps = rest
			inserted := texts[int(step[5])%len(texts)]
			switch step[0] % 8 {
			case 0:
				w.Apply(Open{URI: uri, Version: int32(step[5]), Text: inserted})
				open, now = true, inserted
			case 1:
				w.Apply(Close{URI: uri})
				open, now = false, ""
			case 2:
				_, _, err := w.Apply(Edit{URI: uri, Version: -1, Changes: []Change{{Text: inserted}}})
				if (err == nil) != open {
					t.Fatalf("an edit of what is open (%v): %v", open, err)
				}
				if open {
					now = inserted
				}
			default:
				at := Range{Position{place(step[1]), place(step[2])}, Position{place(step[3]), place(step[4])}}
				before := NewText(now)
				snapshot, edits, err := w.Apply(Edit{URI: uri, Changes: []Change{{Range: &at, Text: inserted}}})
				if (err == nil) != open {
					t.Fatalf("an edit of what is open (%v): %v", open, err)
				}
				if !open {
					continue
				}
				start := modelOffset(now, at.Start)
				end := max(start, modelOffset(now, at.End))
				now = now[:start] + inserted + now[end:]
				untouched(t, before, snapshot.Document(uri).Text, edits[0])
			}
			doc := w.Snapshot().Document(uri)
			if (doc != nil) != open || open && doc.Text.String() != now {
				t.Fatalf("the text is %+v, want %q (open: %v)", doc, now, open)
			}
		}
	})
}

// place is a line or a character: small, or far outside.
func place(b byte) int {
	switch {
	case b < 200:
		return int(b) % 20
	case b < 220:
		return -int(b)
	}
	return int(binary.LittleEndian.Uint32([]byte{b, b, b, b})) // the protocol's uinteger
}

// modelOffset goes through a text character by character.
func modelOffset(text string, p Position) int {
	if p.Line < 0 {
		return 0
	}
	line, units := 0, 0
	wanted := min(max(p.Character, 0), math.MaxInt32)
	for i, r := range text {
		if line == p.Line {
			if r == '\n' || r == '\r' {
				return i
			}
			if units += utf16.RuneLen(r); units > wanted {
				return i
			}
		} else if r == '\n' || r == '\r' && !strings.HasPrefix(text[i+1:], "\n") {
			line++
		}
	}
	return len(text)
}

// untouched checks that the lines around an edit are the same.
func untouched(t *testing.T, before, after *Text, e LineEdit) {
	t.Helper()
	moved := e.Added - (e.End - e.Start)
	if after.Rows() != before.Rows()+moved {
		t.Fatalf("%d lines became %d by %+v", before.Rows(), after.Rows(), e)
	}
	for i := range before.Rows() {
		j := i
		if i >= e.End {
			j += moved
		} else if i >= e.Start {
			continue
		}
		if before.Row(i) != after.Row(j) {
			t.Fatalf("line %d was %q, and is %q, by %+v", i, before.Row(i), after.Row(j), e)
		}
	}
}
