package language

import (
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
)

// A FoldKind is what can be folded away.
type FoldKind int

// The kinds of folds.
const (
	FoldInstruction FoldKind = iota // or a heredoc
	FoldStage
	FoldComment
)

// A Fold is lines that can be folded away behind the first.
type Fold struct {
	dockerfile.Lines
	Kind FoldKind
}

// Folds are what can be folded: stages, instructions of several lines, the heredocs behind these,
// and comments of several lines.
func Folds(f *dockerfile.File) []Fold {
	var list []Fold
	for _, l := range stageLines(f) {
		list = append(list, Fold{l, FoldStage})
	}
	list = slices.Concat(list, instructionFolds(f), commentFolds(f))
	return slices.DeleteFunc(list, func(f Fold) bool { return f.First >= f.Last })
}

// instructionFolds are instructions, and heredocs that do not begin where their instruction does:
// a client folds one range for each first line.
func instructionFolds(f *dockerfile.File) (list []Fold) {
	for _, st := range f.Instructions() {
		if !beginsStage(st) { // whose first line is its stage's
			list = append(list, Fold{Lines: st.Lines()})
		}
		for _, d := range st.Heredocs {
			if d.First-1 > st.First {
				list = append(list, Fold{Lines: dockerfile.Lines{First: d.First - 1, Last: d.Last}})
			}
		}
	}
	return list
}

// commentFolds are comments on lines that follow each other, in no instruction. Directives are
// none.
func commentFolds(f *dockerfile.File) (list []Fold) {
	line, open := 0, false
	if all := directives(f); len(all) > 0 {
		line = all[len(all)-1].Line + 1
	}
	until := func(end int) {
		for ; line < end; line++ {
			switch comment := f.IsComment(line); {
			case comment && open:
				list[len(list)-1].Last = line
			case comment:
				list = append(list, Fold{dockerfile.Lines{First: line, Last: line}, FoldComment})
				open = true
			default:
				open = false
			}
		}
	}
	for _, st := range f.Instructions() {
		until(st.First)
		line, open = st.End()+1, false
	}
	until(f.Count())
	return list
}
