package build

import (
	"bytes"
	"context"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// A Place is where an instruction of a built Dockerfile stands in the text as it is now.
type Place struct {
	Lines Lines
	Words int // the line on which its own words end: before its heredocs
	Built int // its first line in the text that was built, 0-based
}

// A Baseline is a Dockerfile that was built, to tell what became of its instructions in
// a later text.
type Baseline struct {
	Dockerfile []byte
}

// Compare finds the instructions in the text as it is now. What does not parse has none.
func (b *Baseline) Compare(_ context.Context, now []byte) []Place {
	if !bytes.Equal(b.Dockerfile, now) {
		return nil
	}
	var places []Place
	for _, in := range instructionsOf(now) {
		places = append(places, Place{Lines: in.lines, Words: in.words, Built: in.lines.First})
	}
	return places
}

// An instruction is one of a Dockerfile.
type instruction struct {
	lines Lines
	words int // as in Place
}

// instructionsOf are those of a text that parses.
func instructionsOf(dockerfile []byte) (list []instruction) {
	var err error
	defer survive(&err)
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return nil
	}
	for _, n := range parsed.AST.Children {
		in := instruction{lines: Lines{n.StartLine - 1, n.EndLine - 1}, words: n.EndLine - 1}
		for _, doc := range n.Heredocs {
			in.words -= strings.Count(doc.Content, "\n") + 1 // and the line that ends it
		}
		list = append(list, in)
	}
	return list
}
