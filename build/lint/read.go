package lint

import (
	"bytes"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/buildls/buildls/build/dockerfile"
)

// A block is some lines of the file that parse by themselves: no instruction crosses
// its ends and no comment at its end belongs to what follows. Lines count from the
// block's first.
type block struct {
	lines        int
	instructions []*instruction
	findings     []finding
	mistakes     []finding // their rule is empty
}

// An instruction is one of the file, well formed or not.
type instruction struct {
	lines    dockerfile.Lines
	text     string   // its lines
	comments []string // above it
	keyword  string   // in lower case
	broken   bool     // it did not parse; neither stage nor command is set
	rooted   bool     // a WORKDIR that does not depend on the one before it
	stage    *instructions.Stage
	command  instructions.Command
}

// A placed instruction is one at its place in the file that is being checked.
type placed struct {
	*instruction
	at    dockerfile.Lines
	dead  bool // it was found at fault, and is left out of what is converted
	added int  // how many bytes its variables may add when they are expanded
}

// read reads the file block by block.
func (k *check) read(text []byte) []*placed {
	var all []*placed
	line := 0
	for len(text) > 0 && !k.over() {
		b, n := k.nextBlock(text, line == 0)
		for _, f := range b.findings {
			f.lines = shift(f.lines, line)
			k.warning(f)
		}
		for _, m := range b.mistakes {
			k.mistake(m.message, shift(m.lines, line))
		}
		for _, in := range b.instructions {
			all = append(all, &placed{instruction: in, at: shift(in.lines, line), dead: in.broken})
		}
		line += b.lines
		text = text[n:]
	}
	return all
}

func shift(l dockerfile.Lines, by int) dockerfile.Lines {
	return dockerfile.Lines{First: l.First + by, Last: l.Last + by}
}

// nextBlock finds the block that text begins with, and its length. Where a block ends
// is guessed, and tried: the guess is lengthened until the lines parse by themselves.
func (k *check) nextBlock(text []byte, first bool) (*block, int) {
	for want := blockLines; ; want *= 2 {
		end := cut(text, want)
		key := keyOfBlock(text[:end], first, end == len(text))
		b, ok := k.blocks.get(key)
		if !ok {
			b = k.header.parseBlock(text[:end], first, end == len(text))
			k.blocks.put(key, b)
		}
		if b != nil {
			return b, end
		}
	}
}

func keyOfBlock(text []byte, first, last bool) string {
	prefix := byte('m')
	switch {
	case first && last:
		prefix = 'o'
	case first:
		prefix = 'f'
	case last:
		prefix = 'l'
	}
	return string(prefix) + string(text)
}

// blockLines is about how many lines a block has: small, because an edit has its block
// parsed again; not tiny, because each has a cost of its own.
const blockLines = 32

// cut guesses where a block of at least some lines ends: before a FROM, at best, so that
// lines which come or go elsewhere leave the ends where they are.
func cut(text []byte, want int) int {
	end, n := 0, 0
	for end < len(text) {
		line := text[end:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if n > 0 && startsBlock(line, n, want) {
			return end
		}
		end += len(line)
		n++
	}
	return end
}

func startsBlock(line []byte, n, want int) bool {
	if n < want/4 {
		return false
	}
	from := len(line) > 5 && bytes.EqualFold(line[:5], []byte("from "))
	word := 'A' <= line[0]&^0x20 && line[0]&^0x20 <= 'Z'
	return from || word && (n >= want || landmark(line))
}

// landmark says of one text in eight that it is one. Where lines are parted at
// landmarks, one that comes or goes moves the ends next to it alone.
func landmark[T string | []byte](line T) bool {
	h := uint32(0)
	for i := range len(line) {
		h = h*31 + uint32(line[i])
	}
	return (h^h>>15)%8 == 0
}
