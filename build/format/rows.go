package format

import (
	"bytes"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A row is what becomes of a line of the text.
type row struct {
	text, end string // end is its line break
	dropped   bool
	parted    bool // by an empty line from the row before
	partedBy  string
}

// rowsOf are the lines of a text as they are.
func rowsOf(f *dockerfile.File) []row {
	rows := make([]row, f.Count())
	for i := range rows {
		rows[i].text, rows[i].end = split(f.Slice(i, i))
	}
	return rows
}

// split cuts a line's break off.
func split(line []byte) (text, end string) {
	n := len(line)
	switch {
	case bytes.HasSuffix(line, []byte("\r\n")):
		n -= 2
	case bytes.HasSuffix(line, []byte("\n")):
		n--
	}
	return string(line[:n]), string(line[n:])
}

// continuation lays out the lines of an instruction, without its heredocs. A line keeps what it
// has of each atom.
type continuation struct {
	st     *dockerfile.Instruction
	atoms  []atom
	indent string
	at     int // of the text: all before is laid out
	next   int // the first atom that does not end before at
}

// lay lays out the part of the instruction's text that stands on a line.
func (c *continuation) lay(to int, first, last bool) string {
	var b strings.Builder
	if closes := c.next < len(c.atoms) && c.atoms[c.next].closes; !first && !c.inside() && !closes {
		b.WriteString(c.indent)
	}
	from, begun := c.at, false
	for c.next < len(c.atoms) && c.atoms[c.next].Start < to {
		a := c.atoms[c.next]
		if begun && !a.glued {
			b.WriteByte(' ')
		}
		text := c.st.Text[max(a.Start, from):min(a.End, to)]
		if a.text != "" && a.Start >= from && a.End <= to {
			text = a.text
		}
		b.WriteString(text)
		begun = true
		if a.End > to {
			break
		}
		c.next++
	}
	c.at = to
	if last {
		return b.String()
	}
	if begun && !c.inside() {
		b.WriteByte(' ')
	}
	b.WriteByte(c.st.File.Escape)
	return b.String()
}

// inside says whether the text goes on inside of an atom.
func (c *continuation) inside() bool {
	return c.next < len(c.atoms) && c.atoms[c.next].Start < c.at
}

// lastOf is the last line of an instruction's own, before its heredocs.
func lastOf(st *dockerfile.Instruction) int {
	if len(st.Heredocs) > 0 {
		return st.Heredocs[0].First - 1
	}
	return st.End()
}

// layInstruction lays out an instruction's lines. It returns nil if it is not known how.
func (l *layout) layInstruction(st *dockerfile.Instruction) []row {
	atoms := atomsOf(st, l.keepCase)
	if atoms == nil {
		return nil
	}
	last := lastOf(st)
	rows := append([]row(nil), l.rows[st.First:last+1]...)
	c := continuation{st: st, atoms: atoms, indent: l.style.Indent}
	if own := shallowest(l.indents(st, atoms[len(atoms)-1])); own != "" {
		c.indent = own // these stay as they are
	}
	pieces := st.Pieces(dockerfile.Part{End: len(st.Text)})
	var comments []int
	for i := range rows {
		line := st.First + i
		r := &rows[i]
		switch {
		case i > 0 && l.file.IsComment(line):
			comments = append(comments, i)
		case i > 0 && l.file.IsBlank(line):
			r.dropped = true
		default:
			to := c.at
			if len(pieces) > 0 && pieces[0].First == line {
				to += pieces[0].End - pieces[0].Start
				pieces = pieces[1:]
			}
			indent := c.indent
			if c.inside() {
				indent = leading(r.text)
			}
			r.text = c.lay(to, i == 0, line == last)
			for _, k := range comments {
				rows[k].text = indent + strings.TrimSpace(rows[k].text)
			}
			comments = nil
		}
	}
	return rows
}

// indents are the blanks before each line, but the first, of what is kept.
func (l *layout) indents(st *dockerfile.Instruction, a atom) (list []string) {
	if !a.kept || lastOf(st) == st.First {
		return nil
	}
	for _, piece := range st.Pieces(a.Part)[1:] {
		list = append(list, leading(l.before[piece.First].text))
	}
	return list
}

// shallowest is the shortest indentation that is one: what stands deeper is in something else.
func shallowest(indents []string) (least string) {
	for _, indent := range indents {
		if least == "" || indent != "" && len(indent) < len(least) {
			least = indent
		}
	}
	return least
}

// usualIndent is the commonest indentation of what shells get, and values, of which nothing may
// change.
func (l *layout) usualIndent() string {
	count := map[string]int{}
	for _, st := range l.file.Instructions() {
		if atoms := atomsOf(st, true); len(atoms) > 0 {
			count[shallowest(l.indents(st, atoms[len(atoms)-1]))]++
		}
	}
	delete(count, "")
	usual := DefaultIndent
	for indent, n := range count {
		if most := count[usual]; n > most || n == most && indent < usual {
			usual = indent
		}
	}
	return usual
}

// leading are the blanks at the beginning of a line.
func leading(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }
