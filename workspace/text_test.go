package workspace

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// refLines splits a text the slow and obvious way, into lines and where they
// start.
func refLines(s string) (lines []string, starts []int) {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '\n' && s[i] != '\r' {
			continue
		}
		lines, starts = append(lines, s[start:i]), append(starts, start)
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			i++
		}
		start = i + 1
	}
	return append(lines, s[start:]), append(starts, start)
}

// refRows are the lines that BuildKit's parser reads, without their breaks.
func refRows(s string) []string {
	rows := strings.Split(s, "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], "\r")
	}
	return rows
}

// refUnits maps each character (as an offset in its line) to the byte offset
// of the rune that it belongs to, with the line's end as the last.
func refUnits(line string, e Encoding) []int {
	var offsets []int
	for i, r := range line {
		_, size := utf8.DecodeRuneInString(line[i:])
		n := 1
		if e == UTF8 {
			n = size
		} else if e != UTF32 && r >= 0x10000 {
			n = 2
		}
		for range n {
			offsets = append(offsets, i)
		}
	}
	return append(offsets, len(line))
}

func refOffset(s string, p Position, e Encoding) int {
	lines, starts := refLines(s)
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(lines) {
		return len(s)
	}
	units := refUnits(lines[p.Line], e)
	return starts[p.Line] + units[min(max(p.Character, 0), len(units)-1)]
}

var encodings = []Encoding{UTF8, UTF16, UTF32}

func TestLines(t *testing.T) {
	for text, want := range map[string][]string{
		"":                 {""},
		"a":                {"a"},
		"a\n":              {"a", ""},
		"a\r\nb":           {"a", "b"},
		"a\rb":             {"a", "b"},
		"a\r":              {"a", ""},
		"\r\r\n\n":         {"", "", "", ""},
		"\n\r":             {"", "", ""},
		"ä\nFROM 🐳\r\n":    {"ä", "FROM 🐳", ""},
		"a\u2028b\vc\x85d": {"a\u2028b\vc\x85d"}, // no line breaks to the protocol
	} {
		tx := NewText(text)
		var got []string
		for i := range tx.Lines() {
			got = append(got, tx.Line(i))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("lines of %q: %q, want %q", text, got, want)
		}
		if tx.Line(-1) != "" || tx.Line(tx.Lines()) != "" {
			t.Errorf("%q has lines that are not there", text)
		}
		if tx.String() != text || string(tx.Bytes()) != text {
			t.Errorf("%q is not kept", text)
		}
	}
}

func TestOffsetOf(t *testing.T) {
	const whale = "RUN 🐳 ä x\r\nné\rlast" // 🐳: 4 bytes, 2 units; ä: 2 bytes, 1 unit
	for _, c := range []struct {
		text       string
		line, char int
		e          Encoding
		want       int
	}{
		{"", 0, 0, UTF16, 0},
		{"", 5, 5, UTF16, 0},
		{whale, 0, 4, UTF16, 4},
		{whale, 0, 5, UTF16, 4}, // between the surrogates: the rune's start
		{whale, 0, 6, UTF16, 8},
		{whale, 0, 8, UTF16, 11},
		{whale, 0, 4, UTF8, 4},
		{whale, 0, 7, UTF8, 4}, // inside the rune
		{whale, 0, 8, UTF8, 8},
		{whale, 0, 5, UTF32, 8},
		{whale, 0, 99, UTF16, 13}, // the line's end, before "\r\n"
		{whale, 0, 13, UTF8, 13},
		{whale, 0, 14, UTF8, 13}, // never between "\r" and "\n"
		{whale, 1, 0, UTF8, 15},
		{whale, 1, 2, UTF16, 18},
		{whale, 1, 9, UTF32, 18},
		{whale, 2, 4, UTF16, 23},
		{whale, 2, 5, UTF16, 23},
		{whale, 3, 0, UTF16, 23}, // past the last line: the text's end
		{whale, -1, 3, UTF16, 0},
		{whale, 1, -1, UTF16, 15},
		{whale, 0, 6, "", 8}, // no encoding: UTF-16
		{"a\n", 1, 0, UTF16, 2},
		{"a\n", 1, 7, UTF16, 2},
		{"\xff\x80\xe4b", 0, 1, UTF8, 1}, // bytes that are no UTF-8 are characters
		{"\xff\x80\xe4b", 0, 2, UTF16, 2},
		{"\xff\x80\xe4b", 0, 3, UTF32, 3},
		{"\xf0\x9f\x90", 0, 2, UTF8, 2}, // a rune cut short
		{"\xf0\x9f\x90", 0, 2, UTF16, 2},
	} {
		p := Position{Line: c.line, Character: c.char}
		if got := NewText(c.text).OffsetOf(p, c.e); got != c.want {
			t.Errorf("OffsetOf(%v, %q) in %q = %d, want %d", p, c.e, c.text, got, c.want)
		}
	}
}

func TestPositionOf(t *testing.T) {
	const whale = "RUN 🐳 ä x\r\nné\rlast"
	for _, c := range []struct {
		text       string
		offset     int
		e          Encoding
		line, char int
	}{
		{"", 0, UTF16, 0, 0},
		{"", 7, UTF16, 0, 0},
		{whale, -1, UTF16, 0, 0},
		{whale, 8, UTF16, 0, 6},
		{whale, 8, UTF32, 0, 5},
		{whale, 8, UTF8, 0, 8},
		{whale, 6, UTF16, 0, 4}, // inside the whale
		{whale, 13, UTF16, 0, 10},
		{whale, 14, UTF16, 0, 10}, // between "\r" and "\n"
		{whale, 15, UTF16, 1, 0},
		{whale, 18, UTF16, 1, 2},
		{whale, 19, UTF16, 2, 0},
		{whale, 99, UTF8, 2, 4},
		{"a\n", 2, UTF16, 1, 0},
		{"\xff\xffa", 2, UTF16, 0, 2},
	} {
		want := Position{Line: c.line, Character: c.char}
		if got := NewText(c.text).PositionOf(c.offset, c.e); got != want {
			t.Errorf("PositionOf(%d, %s) in %q = %v, want %v", c.offset, c.e, c.text, got, want)
		}
	}
}

func TestRowRange(t *testing.T) {
	text := NewText("FROM a\n  \tRUN 🐳 \\\r\n    x  \n\n   \n")
	old := NewText("\ufeffFROM a\r\r\n# b\rc\n \r RUN 🐳\re\u2028f\n\rx")
	for _, c := range []struct {
		text                                    *Text
		first, last, line0, char0, line1, char1 int
	}{
		{text, 0, 0, 0, 0, 0, 6},
		{text, 1, 1, 1, 3, 1, 11},
		{text, 1, 2, 1, 3, 2, 7},
		{text, 3, 3, 3, 0, 3, 0},
		{text, 4, 4, 4, 3, 4, 3},
		{text, 5, 9, 5, 0, 5, 0},
		{text, -3, -2, 0, 0, 0, 6},
		{text, 2, 0, 2, 4, 2, 7},
		{old, 0, 0, 0, 1, 0, 7},
		{old, 1, 1, 2, 0, 3, 1},
		{old, 2, 2, 5, 1, 6, 3},
		{old, 3, 3, 8, 0, 8, 1},
	} {
		want := Range{Position{c.line0, c.char0}, Position{c.line1, c.char1}}
		if got := c.text.RowRange(c.first, c.last, UTF16); got != want {
			t.Errorf("RowRange(%d, %d) of %q = %v, want %v", c.first, c.last, c.text, got, want)
		}
	}
}

// checkRows holds a text's rows to the reference: what stands between their ends.
func checkRows(t *testing.T, s string) {
	t.Helper()
	text, rows, offset := NewText(s), refRows(s), 0
	if text.Rows() != len(rows) || text.Row(-1) != "" || text.Row(len(rows)) != "" {
		t.Fatalf("%q has %d rows, want %d", s, text.Rows(), len(rows))
	}
	for i, row := range rows {
		for column := range len(row) + 1 {
			if got := text.OffsetIn(i, column); text.Row(i) != row || got != offset+column || text.RowAt(got) != i {
				t.Fatalf("column %d of row %d of %q is byte %d of row %d, want %d", column, i, s, got, text.RowAt(got), offset+column)
			}
		}
		if got := text.OffsetIn(i, len(s)+1); got != offset+len(row) {
			t.Fatalf("row %d of %q ends at byte %d, want %d", i, s, got, offset+len(row))
		}
		offset += strings.Index(s[offset:]+"\n", "\n") + 1
	}
}

// checkPositions compares every position and offset in and around a text with
// the reference.
func checkPositions(t *testing.T, s string) {
	t.Helper()
	text := NewText(s)
	lines, starts := refLines(s)
	if text.Lines() != len(lines) {
		t.Fatalf("%q has %d lines, want %d", s, text.Lines(), len(lines))
	}
	for _, e := range encodings {
		for line := -1; line <= len(lines); line++ {
			last := 3
			if line >= 0 && line < len(lines) {
				last = len(lines[line]) + 3
			}
			for char := -1; char <= last; char++ {
				p := Position{line, char}
				if got, want := text.OffsetOf(p, e), refOffset(s, p, e); got != want {
					t.Fatalf("OffsetOf(%v, %s) in %q = %d, want %d", p, e, s, got, want)
				}
			}
		}
		// Every character's start comes back unchanged.
		for line := range lines {
			for _, in := range refUnits(lines[line], e) {
				offset := starts[line] + in
				if got := text.OffsetOf(text.PositionOf(offset, e), e); got != offset {
					t.Fatalf("offset %d of %q comes back as %d (%s)", offset, s, got, e)
				}
			}
		}
		cursor := text.Cursor(e)
		for _, step := range []int{1, 3, -1, -5} { // near and far, forwards and backwards
			for i, offset := 0, max(0, -step*len(s)); i <= len(s)+2; i, offset = i+1, offset+step {
				if got, want := cursor.Position(offset), text.PositionOf(offset, e); got != want {
					t.Fatalf("the cursor has offset %d of %q at %v, not at %v (%s)", offset, s, got, want, e)
				}
			}
		}
		for offset := -1; offset <= len(s)+1; offset++ {
			back := text.OffsetOf(text.PositionOf(offset, e), e)
			if back > max(offset, 0) || back < offset-utf8.UTFMax {
				t.Fatalf("offset %d of %q comes back as %d (%s)", offset, s, back, e)
			}
		}
	}
}

var pieces = []string{"a", "b", "RUN x", " ", "\t", "\n", "\n", "\n", "\r\n", "\r", "ä", "🐳", "\u2028", "\xff", "\xf0\x9f", "\x90\xb3", ""}

func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func TestRandomPositions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		s := randomText(r, 12)
		checkPositions(t, s)
		checkRows(t, s)
	}
}

func FuzzPosition(f *testing.F) {
	for _, s := range []string{"", "a\r\nb\rc\n", "🐳ä\xff", "\r\n\r\r\n", "FROM a\nRUN b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 { // the reference is quadratic
			return
		}
		checkPositions(t, s)
		checkRows(t, s)
	})
}

// bigText is a document of n bytes.
func bigText(n int, eol string) string {
	line := "RUN echo 'hällo 🐳 and some more text to make a line of it'" + eol
	return strings.Repeat(line, n/len(line)+1)
}

func BenchmarkKeystroke(b *testing.B) {
	for _, eol := range []string{"\n", "\r\n"} {
		b.Run(fmt.Sprintf("1MB%q", eol), func(b *testing.B) {
			text := NewText(bigText(1<<20, eol))
			at := Position{Line: text.Lines() / 2, Character: 3}
			for b.Loop() {
				text, _ = text.Apply(Change{Range: &Range{at, at}, Text: "x"}, UTF16)
				text.PositionOf(1<<19, UTF16)
			}
		})
	}
}

// A keystroke in a large document must not be felt. The bound is loose, for
// the race detector and a busy machine; see BenchmarkKeystroke for the number.
func TestLargeDocumentIsCheap(t *testing.T) {
	text := NewText(bigText(1<<20, "\n"))
	at := Position{Line: text.Lines() / 2, Character: 3}
	start := time.Now()
	for range 20 {
		text, _ = text.Apply(Change{Range: &Range{at, at}, Text: "x"}, UTF16)
	}
	if each := time.Since(start) / 20; each > 100*time.Millisecond {
		t.Errorf("a keystroke in 1 MB takes %v", each)
	}
}
