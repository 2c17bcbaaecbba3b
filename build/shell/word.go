package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A Word is one of a command's.
type Word struct {
	// Text is what the shell makes of it: quotes and escapes are taken off. What the shell puts in
	// for a variable is not known: $VAR stands here as it is written.
	Text  string
	Known bool // nothing is put in
	Place
	node *syntax.Word
}

// Bare says whether nothing of the word is known: it is a variable, and may be several words.
func (w Word) Bare() bool {
	return !w.Known && (strings.HasPrefix(w.Text, "$") || strings.HasPrefix(w.Text, "`"))
}

// word reads a word.
func (s *Script) word(w *syntax.Word) Word {
	from, to := int(w.Pos().Offset()), int(w.End().Offset())
	out := Word{Known: true, Place: s.At(from, to), node: w}
	if len(w.Parts) == 1 {
		if lit, ok := w.Parts[0].(*syntax.Lit); ok && !strings.Contains(lit.Value, `\`) {
			out.Text = lit.Value
			return out
		}
	}
	var b strings.Builder
	for _, p := range w.Parts {
		out.Known = s.literal(&b, p, false) && out.Known
	}
	out.Text = b.String()
	return out
}

// literal writes what is known of a part of a word, and says whether that is all.
func (s *Script) literal(b *strings.Builder, p syntax.WordPart, quoted bool) bool {
	switch p := p.(type) {
	case *syntax.Lit:
		unescape(b, p.Value, quoted)
		return true
	case *syntax.SglQuoted:
		b.WriteString(p.Value)
		return true
	case *syntax.DblQuoted:
		known := true
		for _, inner := range p.Parts {
			known = s.literal(b, inner, true) && known
		}
		return known
	}
	b.WriteString(s.Text[min(int(p.Pos().Offset()), len(s.Text)):min(int(p.End().Offset()), len(s.Text))])
	return false
}

func unescape(b *strings.Builder, text string, quoted bool) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (!quoted || strings.IndexByte("$`\"\\\n", text[i+1]) >= 0) {
			if i++; text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
}
