package dockerfile

import (
	"slices"
	"strings"
)

// A Stage is a build stage, from its FROM.
type Stage struct {
	Name        string // empty if it has none
	Description string // the comment above it
	Base        string
	Platform    string
	Default     bool // built when no target is named: the last one
	Lines       Lines
}

// Stages are the build stages, in order. The error is that of a text that BuildKit refuses.
func (f *File) Stages() ([]Stage, error) {
	list, _, err := f.commands()
	if err != nil {
		return nil, err
	}
	var stages []Stage
	for i, s := range list {
		st := Stage{Name: s.Name, Description: s.DocComment, Base: s.BaseName, Platform: s.Platform, Default: i == len(list)-1}
		st.Lines, _ = SpanOfParser(s.Location)
		stages = append(stages, st)
	}
	return stages, nil
}

// Target finds the stage that a build of target builds, as BuildKit does: the last one of
// that name, in any case, or without a name the last of all. -1 if there is none. (A
// stage's number is no target: BuildKit, 20.10's included, knows them in --from alone.)
func Target(stages []Stage, target string) int {
	if target == "" {
		return len(stages) - 1
	}
	for i, s := range slices.Backward(stages) {
		if strings.EqualFold(s.Name, target) {
			return i
		}
	}
	return -1
}
