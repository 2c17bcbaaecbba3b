package dockerfile

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// A Heredoc is one that an instruction's line announces.
type Heredoc struct {
	parser.Heredoc
	Word        Part
	First, Last int  // lines of the body, last < first if it is empty
	Terminated  bool // by a line after them
}

// Script is the heredoc that is all of a RUN, which BuildKit runs as a script; nil if there is none. One
// beside other words is what a command reads (parser.ParseHeredoc takes no more than one word).
func (st *Instruction) Script() *Heredoc {
	if len(st.Heredocs) != 1 || st.Heredocs[0].Word != st.Rest || st.Name() != "RUN" {
		return nil
	}
	return &st.Heredocs[0]
}

// readHeredocs finds the instruction's heredocs, in the order of their bodies.
func (st *Instruction) readHeredocs() []Heredoc {
	if !strings.Contains(st.Text, "<<") {
		return nil
	}
	if name := st.Name(); name != "RUN" && name != "COPY" && name != "ADD" {
		return nil
	}
	if _, err := st.JSONArray(); err == nil {
		return nil
	}
	return st.LikeHeredocs()
}

// LikeHeredocs are the heredocs that the instruction would have if it were of a kind that has
// some: its words are read as BuildKit's parser reads them (heredocsFromLine).
func (st *Instruction) LikeHeredocs() (list []Heredoc) {
	lex := shell.NewLex('\\')
	lex.RawQuotes, lex.RawEscapes, lex.SkipUnsetEnv = true, true, true
	words, _ := lex.ProcessWords(st.Text, shell.EnvsFromSlice(nil)) // none, if a quote is open
	line, at := st.last+1, 0
	for _, word := range words {
		part := st.Rest // of a word that has been changed by a variable in it
		if i := strings.Index(st.Text[at:], word); i >= 0 {
			part = Part{at + i, at + i + len(word)}
			at = part.End
		}
		doc, err := parser.ParseHeredoc(word)
		if err != nil {
			return nil
		}
		if doc != nil {
			d := Heredoc{Heredoc: *doc, Word: part, First: line}
			st.readBody(&d)
			if line = d.Last + 1; d.Terminated {
				line++
			}
			list = append(list, d)
		}
	}
	return list
}

func (st *Instruction) readBody(d *Heredoc) {
	n := st.File.Count()
	for d.Last = d.First; d.Last < n; d.Last++ {
		line := st.File.Line(d.Last)
		if d.Chomp {
			line = strings.TrimLeft(line, "\t")
		}
		if d.Terminated = line == d.Name; d.Terminated {
			break
		}
	}
	d.Last--
}

// ExpandedBodies are the heredocs in which BuildKit itself expands variables: a COPY's or ADD's
// without quotes.
func (st *Instruction) ExpandedBodies() []*Instruction {
	if st.Name() == "RUN" {
		return nil
	}
	var list []*Instruction
	for _, d := range st.Heredocs {
		if d.Expand && d.First <= d.Last {
			list = append(list, st.File.body(d.First, d.Last))
		}
	}
	return list
}

// Body is the body of one of the instruction's heredocs, as an instruction of its own: its Text
// is the lines as they are, and it has no words.
func (st *Instruction) Body(d Heredoc) *Instruction { return st.File.body(d.First, d.Last) }

// body is some lines as they are.
func (s *File) body(first, last int) *Instruction {
	st := &Instruction{File: s, First: first, last: last}
	var text strings.Builder
	for i := first; i <= last; i++ {
		st.parts = append(st.parts, part{text.Len(), i, 0})
		text.WriteString(s.Line(i))
		text.WriteByte('\n')
	}
	st.Text = text.String()
	return st
}
