package lint

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// A block is some of the file's instructions, which follow each other, with the comments above
// them. Lines count from the block's first.
type block struct {
	instructions []*instruction
	findings     []finding
	mistakes     []finding // their rule is empty
}

// An instructionAt is an instruction at its place in the file that is being checked.
type instructionAt struct {
	*instruction
	at       dockerfile.Lines
	excluded bool // it was found at fault, and is left out of what is converted
	added    int  // how many bytes its variables may add when they are expanded
}

// read reads the file block by block.
func (k *check) read(file *dockerfile.File) (all []*instructionAt) {
	for line := 0; !k.over(); {
		run := runFrom(file, line)
		if len(run) == 0 && line > 0 {
			return all
		}
		b := k.block(file, line, run)
		for _, f := range b.findings {
			f.lines = shift(f.lines, line)
			k.warning(f)
		}
		for _, m := range b.mistakes {
			k.mistake(m.message, shift(m.lines, line))
		}
		for _, in := range b.instructions {
			all = append(all, &instructionAt{instruction: in, at: shift(in.lines, line), excluded: in.broken})
		}
		if len(run) == 0 {
			return all
		}
		line = resume(run[len(run)-1])
	}
	return all
}

func shift(l dockerfile.Lines, by int) dockerfile.Lines {
	return dockerfile.Lines{First: l.First + by, Last: l.Last + by}
}

// A block has at least leastLines, unless nothing follows, and about blockLines: not few, because
// each has a cost of its own; not many, because an edit has its block parsed again.
const leastLines, blockLines = 8, 32

// runFrom finds the instructions of the block that begins on a line. It ends before a FROM, at
// best, so that lines which come or go elsewhere leave its end where it is.
func runFrom(file *dockerfile.File, line int) (run []*dockerfile.Instruction) {
	for st := instructionFrom(file, line); st != nil; st = instructionFrom(file, st.End()+1) {
		if n := st.First - line; len(run) > 0 && n >= leastLines && (n >= blockLines || st.Name() == "FROM" || isBoundary(st.Text)) {
			break
		}
		if run = append(run, st); resume(st) != st.End()+1 {
			break
		}
	}
	return run
}

// instructionFrom is the first instruction on a line or behind it, nil if there is none.
func instructionFrom(file *dockerfile.File, line int) *dockerfile.Instruction {
	for ; line < file.Count(); line++ {
		if file.IsBlank(line) || file.IsComment(line) {
			continue
		}
		if st := file.At(line); st.First == line {
			return st
		}
		return file.ReadAt(line) // it is in one that is left out
	}
	return nil
}

// resume is the line on which reading goes on behind an instruction: behind the heredocs of an
// unknown one, if they end; behind an open heredoc with the next stage, so that this is checked.
func resume(st *dockerfile.Instruction) int {
	if !strings.Contains(st.Text, "<<") {
		return st.End() + 1
	}
	open := func(d dockerfile.Heredoc) bool { return !d.Terminated }
	if slices.ContainsFunc(st.Heredocs, open) {
		return nextStage(st)
	}
	if st.Known() {
		return st.End() + 1
	}
	docs := st.LikeHeredocs()
	if len(docs) == 0 || slices.ContainsFunc(docs, open) {
		return st.End() + 1
	}
	return docs[len(docs)-1].Last + 2
}

// nextStage is the line behind an instruction's first that looks like a FROM.
func nextStage(st *dockerfile.Instruction) int {
	for i := st.First + 1; i < st.File.Count(); i++ {
		line := st.File.Line(i)
		if words := strings.Fields(line); len(words) > 1 && words[0] == "FROM" && !strings.HasSuffix(line, ";") {
			return i
		}
	}
	return st.File.Count()
}

// block has a block read, or remembers what was said of the same text.
func (k *check) block(file *dockerfile.File, line int, run []*dockerfile.Instruction) *block {
	var ends []int // of the instructions, in the block
	for _, st := range run {
		ends = append(ends, min(st.End()+1, resume(st))-line)
	}
	if len(run) == 0 {
		ends = []int{file.Count()}
	}
	text, kind := file.Slice(line, line+ends[len(ends)-1]-1), "block "
	if line == 0 {
		kind = "first "
	}
	key := kind + string(text)
	b, ok := k.blocks.get(key)
	if !ok {
		b = k.header.readBlock(text, ends, line == 0)
		k.blocks.put(key, b)
	}
	return b
}

// isBoundary says of one text in eight that it is one. Where lines are parted at
// boundaries, one that comes or goes moves the ends next to it alone.
func isBoundary(text string) bool {
	h := uint32(0)
	for i := range len(text) {
		h = h*31 + uint32(text[i])
	}
	return (h^h>>15)%8 == 0
}
