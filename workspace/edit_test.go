package workspace

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func rangeOf(l0, c0, l1, c1 int) *Range {
	return &Range{Position{l0, c0}, Position{l1, c1}}
}

func TestApply(t *testing.T) {
	const abc = "a\nb\nc\n"
	for _, c := range []struct {
		name, old string
		change    Change
		want      string
		edit      LineEdit
	}{
		{"typing in a line", abc, Change{rangeOf(1, 1, 1, 1), "x"}, "a\nbx\nc\n", LineEdit{1, 2, 1}},
		{"Enter at the end of a line", abc, Change{rangeOf(1, 1, 1, 1), "\n"}, "a\nb\n\nc\n", LineEdit{2, 2, 1}},
		{"a line before column 0", abc, Change{rangeOf(1, 0, 1, 0), "new\n"}, "a\nnew\nb\nc\n", LineEdit{1, 1, 1}},
		{"Enter before column 0", abc, Change{rangeOf(1, 0, 1, 0), "\n"}, "a\n\nb\nc\n", LineEdit{1, 1, 1}},
		{"the same line before", abc, Change{rangeOf(1, 0, 1, 0), "b\n"}, "a\nb\nb\nc\n", LineEdit{1, 1, 1}},
		{"the same line after", abc, Change{rangeOf(1, 1, 1, 1), "\nb"}, "a\nb\nb\nc\n", LineEdit{2, 2, 1}},
		{"a line deleted", abc, Change{rangeOf(1, 0, 2, 0), ""}, "a\nc\n", LineEdit{1, 2, 0}},
		{"a line joined", abc, Change{rangeOf(0, 1, 1, 0), ""}, "ab\nc\n", LineEdit{0, 2, 1}},
		{"a line split", "ab\nc", Change{rangeOf(0, 1, 0, 1), "\n"}, "a\nb\nc", LineEdit{0, 1, 2}},
		{"a line replaced by itself", abc, Change{rangeOf(1, 0, 2, 0), "b\n"}, abc, LineEdit{}},
		{"a narrow repetition", abc, Change{rangeOf(0, 0, 2, 1), "a\nX\nc"}, "a\nX\nc\n", LineEdit{1, 2, 1}},
		{"whole text, one line differs", abc, Change{nil, "a\nX\nc\n"}, "a\nX\nc\n", LineEdit{1, 2, 1}},
		{"whole text, a line more", abc, Change{nil, "a\nb\nX\nc\n"}, "a\nb\nX\nc\n", LineEdit{2, 2, 1}},
		{"whole text, the same", abc, Change{nil, abc}, abc, LineEdit{}},
		{"whole text, other line breaks", abc, Change{nil, "a\r\nb\r\nc\r\n"}, "a\r\nb\r\nc\r\n", LineEdit{}},
		{"into nothing", "", Change{nil, "a\nb"}, "a\nb", LineEdit{0, 1, 2}},
		{"to nothing", abc, Change{nil, ""}, "", LineEdit{0, 3, 0}},
		{"at the very end", abc, Change{rangeOf(9, 9, 9, 9), "d"}, "a\nb\nc\nd", LineEdit{3, 4, 1}},
		{"a final line break", "a", Change{rangeOf(0, 1, 0, 1), "\n"}, "a\n", LineEdit{1, 1, 1}},
		{"backwards", abc, Change{rangeOf(1, 1, 0, 0), "x"}, "a\nbx\nc\n", LineEdit{1, 2, 1}},
		{"half a whale", "🐳b", Change{rangeOf(0, 1, 0, 2), ""}, "b", LineEdit{0, 1, 1}},
		{"CR meets LF", "a\rx\nb", Change{rangeOf(1, 0, 1, 1), ""}, "a\r\nb", LineEdit{0, 1, 1}},
		{"LF after CR", "a\rb", Change{rangeOf(1, 0, 1, 0), "\n"}, "a\r\nb", LineEdit{0, 1, 2}},
		{"a row has several lines", "# a\rb\nc\nd", Change{rangeOf(3, 0, 3, 1), "x"}, "# a\rb\nc\nx", LineEdit{2, 3, 1}},
		{"a line more in a row", "# a\nb", Change{rangeOf(0, 3, 0, 3), "\ra"}, "# a\ra\nb", LineEdit{0, 1, 1}},
		{"CR before LF", "a\nb", Change{rangeOf(0, 1, 0, 1), "\r"}, "a\r\nb", LineEdit{}},
	} {
		text, edit := NewText(c.old).Apply(c.change, UTF16)
		if text.String() != c.want || edit != c.edit {
			t.Errorf("%s: %q %v, want %q %v", c.name, text, edit, c.want, c.edit)
		}
		if edit.None() != (c.edit == LineEdit{}) {
			t.Errorf("%s: None() = %v", c.name, edit.None())
		}
	}
}

func TestShift(t *testing.T) {
	replace := LineEdit{Start: 2, End: 4, Added: 5} // 3 lines more
	insert := LineEdit{Start: 2, End: 2, Added: 1}
	for _, c := range []struct {
		edit                       LineEdit
		first, last, nfirst, nlast int
		ok                         bool
	}{
		{replace, 0, 1, 0, 1, true},
		{replace, 1, 2, 0, 0, false},
		{replace, 3, 3, 0, 0, false},
		{replace, 0, 9, 0, 0, false},
		{replace, 4, 6, 7, 9, true},
		{insert, 1, 1, 1, 1, true},
		{insert, 2, 3, 3, 4, true},
		{insert, 1, 2, 0, 0, false}, // put between
		{LineEdit{}, 0, 3, 0, 3, true},
		{LineEdit{0, 3, 0}, 3, 3, 0, 0, true},
	} {
		nfirst, nlast, ok := c.edit.Shift(c.first, c.last)
		if nfirst != c.nfirst || nlast != c.nlast || ok != c.ok {
			t.Errorf("%v.Shift(%d, %d) = %d, %d, %v", c.edit, c.first, c.last, nfirst, nlast, ok)
		}
	}
}

// checkApply applies a change and holds it against the reference: the text is
// what cutting bytes makes of it, lines outside of the LineEdit have kept their
// text and are where Shift says, and the LineEdit is no larger than it must be.
func checkApply(t *testing.T, s string, c Change, e Encoding) string {
	t.Helper()
	old := NewText(s)
	next, edit := old.Apply(c, e)
	want := c.Text
	if c.Range != nil {
		start, end := refOffset(s, c.Range.Start, e), refOffset(s, c.Range.End, e)
		want = s[:start] + c.Text + s[max(start, end):]
	}
	if next.String() != want {
		t.Fatalf("%q, %v: %q, want %q", s, c, next, want)
	}
	before, after := refRows(s), refRows(want)
	if edit.Start < 0 || edit.End < edit.Start || edit.End > len(before) || edit.Added < 0 ||
		len(before)-(edit.End-edit.Start)+edit.Added != len(after) {
		t.Fatalf("%q to %q: impossible %v", s, want, edit)
	}
	for i, line := range before {
		n, _, ok := edit.Shift(i, i)
		if touched := i >= edit.Start && i < edit.End; ok == touched {
			t.Fatalf("%q to %q: Shift(%d) of %v: %v", s, want, i, edit, ok)
		}
		if ok && after[n] != line {
			t.Fatalf("%q to %q: line %d became %d by %v", s, want, i, n, edit)
		}
	}
	if edit.End > edit.Start && edit.Added > 0 &&
		(before[edit.Start] == after[edit.Start] || before[edit.End-1] == after[edit.Start+edit.Added-1]) {
		t.Fatalf("%q to %q: %v could be narrower", s, want, edit)
	}
	return want
}

func TestRandomEdits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		s := randomText(r, 20)
		for range 20 {
			lines := strings.Count(s, "\n") + 2
			c := Change{Text: randomText(r, 4)}
			switch r.IntN(8) {
			case 0: // the whole text, with a small difference
				lines, _ := refLines(s)
				lines[r.IntN(len(lines))] += c.Text
				c.Text = strings.Join(lines, "\n")
			case 1:
				line := r.IntN(lines)
				c.Range = rangeOf(line, 0, line+r.IntN(3), 0)
			default:
				c.Range = rangeOf(r.IntN(lines), r.IntN(6), r.IntN(lines), r.IntN(6))
			}
			s = checkApply(t, s, c, encodings[r.IntN(3)])
		}
	}
}

func FuzzApply(f *testing.F) {
	f.Add("a\nb\nc\n", 1, 0, 1, 0, "new\n", false)
	f.Add("a\r\nb\rc", 0, 1, 1, 0, "\n", false)
	f.Add("🐳ä\n\xff", 0, 1, 1, 1, "\r", false)
	f.Add("a\nb\n", 0, 0, 0, 0, "a\nx\n", true)
	f.Add("a\rx\nb", 1, 0, 1, 1, "", false)
	f.Fuzz(func(t *testing.T, s string, l0, c0, l1, c1 int, text string, whole bool) {
		if len(s) > 500 || len(text) > 500 {
			return
		}
		c := Change{Range: rangeOf(l0, c0, l1, c1), Text: text}
		if whole {
			c.Range = nil
		}
		for _, e := range encodings {
			checkApply(t, s, c, e)
		}
	})
}
