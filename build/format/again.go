package format

import (
	"slices"

	"github.com/buildls/buildls/build/dockerfile"
)

// Again is how many steps a build runs again of which the cache had all before: those whose shell
// was laid out, and those that stand on them.
func (r *Result) Again() (steps int) {
	if r.original == nil {
		return 0
	}
	now := dockerfile.Parse([]byte(r.Text()))
	uses := map[*dockerfile.Instruction][]int{} // stages
	for _, name := range now.StageNames() {
		if !name.Defines {
			uses[name.Instruction] = append(uses[name.Instruction], name.Stage)
		}
	}
	before := r.original.Instructions()
	again := []bool{} // by stage, as far as it was passed
	for i, st := range now.Instructions() {
		if isFrom(st) {
			again = append(again, false)
		}
		if len(again) == 0 {
			continue
		}
		this := len(again) - 1
		if slices.ContainsFunc(uses[st], func(stage int) bool { return again[stage] }) || st.Name() == "RUN" && !sameShell(before[i], st) {
			again[this] = true
		}
		if again[this] && slices.Contains([]string{"RUN", "COPY", "ADD", "WORKDIR"}, st.Name()) {
			steps++
		}
	}
	return steps
}

// sameShell says whether two RUN give a shell the same.
func sameShell(a, b *dockerfile.Instruction) bool {
	body := func(st *dockerfile.Instruction) (text string) {
		for _, d := range st.Heredocs {
			text += st.Body(d).Text
		}
		return text
	}
	return a.Slice(a.Rest) == b.Slice(b.Rest) && body(a) == body(b)
}
