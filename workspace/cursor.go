package workspace

// A Cursor tells the positions of many byte offsets of a Text, each of which is near the one before.
// It says what [Text.PositionOf] says, sooner. Only one goroutine may use it.
type Cursor struct {
	text     *Text
	encoding Encoding

	line             int
	start, end, next int // of the line: the byte offsets of its start, of its break and of the next line
	at, units        int // a byte offset in the line, and its character
}

// Cursor is one at the text's start.
func (t *Text) Cursor(e Encoding) *Cursor {
	c := &Cursor{text: t, encoding: e}
	c.enter(0)
	return c
}

// Position is the position of a byte offset.
func (c *Cursor) Position(offset int) Position {
	t := c.text
	offset = runeStart(t.s, min(max(offset, 0), len(t.s)))
	switch {
	case offset >= c.next && c.line+2 < t.Lines() && offset < t.starts[c.line+2]:
		c.enter(c.line + 1)
	case offset < c.start || offset >= c.next:
		c.enter(t.lineAt(offset))
	case offset < c.at:
		c.at, c.units = c.start, 0
	}
	if to := min(offset, c.end); to > c.at {
		c.units += c.encoding.units(t.s[c.at:to])
		c.at = to
	}
	return Position{Line: c.line, Character: c.units}
}

func (c *Cursor) enter(line int) {
	starts := c.text.index()
	c.line, c.start, c.end, c.next = line, starts[line], c.text.lineEnd(line), len(c.text.s)+1
	if line+1 < len(starts) {
		c.next = starts[line+1]
	}
	c.at, c.units = c.start, 0
}
