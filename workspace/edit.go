package workspace

// An edit has two results: the new text, and what became of the lines. The
// second keeps marks and problems beside the lines they speak of while the
// author types, without asking a parser. Editors differ in how they describe
// one and the same keystroke (a narrow range, a whole line, or the whole text
// again), so lines that an edit only repeats are not counted as touched.

// Change is one element of a didChange: the text of Range becomes Text; without
// a Range the whole document does.
type Change struct {
	Range *Range
	Text  string
}

// LineEdit says which whole lines an edit replaced: the lines [Start,End) of
// the old text became the lines [Start,Start+Added) of the new one (0-based).
// All other lines have the same text as before, though perhaps another line
// break. Its lines are rows (see Text), because problems are found in rows.
type LineEdit struct{ Start, End, Added int }

// None reports that no line's text changed.
func (e LineEdit) None() bool { return e == LineEdit{} }

// Shift moves an inclusive range of 0-based lines through the edit; ok is false
// if the edit touched any of the lines, or put others between them.
func (e LineEdit) Shift(first, last int) (nfirst, nlast int, ok bool) {
	switch {
	case last < e.Start:
		return first, last, true
	case first >= e.End:
		delta := e.Added - (e.End - e.Start)
		return first + delta, last + delta, true
	}
	return 0, 0, false
}

// Apply makes the text after a change, and says what became of the lines. A
// range that lies outside the text is moved inside (see OffsetOf), one that
// ends before it starts is empty.
func (t *Text) Apply(c Change, e Encoding) (*Text, LineEdit) {
	start, end := 0, len(t.s)
	if c.Range != nil {
		start = t.OffsetOf(c.Range.Start, e)
		end = max(start, t.OffsetOf(c.Range.End, e))
	}
	if t.s[start:end] == c.Text {
		return t, LineEdit{}
	}
	next := NewText(t.s[:start] + c.Text + t.s[end:])
	return next, t.lineEdit(next, start, end)
}

// lineEdit finds the lines that differ, given that the bytes before start and
// from end on (offsets in t) are the same in both texts.
func (t *Text) lineEdit(next *Text, start, end int) LineEdit {
	first, last := t.RowAt(start), t.RowAt(end)
	r := region{old: t, new: next, start: first, end: last + 1}
	r.newEnd = r.end + next.Rows() - t.Rows() // rows that start after the edit are there in both texts
	// A whole line put in before another that says the same pushes that one
	// down; a line put in after it doesn't.
	if start == t.rows[first] {
		r.trimEnd()
		r.trimStart()
	} else {
		r.trimStart()
		r.trimEnd()
	}
	if r.start == r.end && r.start == r.newEnd {
		return LineEdit{}
	}
	return LineEdit{Start: r.start, End: r.end, Added: r.newEnd - r.start}
}

// region is a LineEdit in the making: the lines [start,end) of old against
// [start,newEnd) of new.
type region struct {
	old, new           *Text
	start, end, newEnd int
}

func (r *region) trimStart() {
	for r.start < r.end && r.start < r.newEnd && r.old.Row(r.start) == r.new.Row(r.start) {
		r.start++
	}
}

func (r *region) trimEnd() {
	for r.start < r.end && r.start < r.newEnd && r.old.Row(r.end-1) == r.new.Row(r.newEnd-1) {
		r.end--
		r.newEnd--
	}
}
