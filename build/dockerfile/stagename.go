package dockerfile

import (
	"strconv"
	"strings"
)

// A StageName is a place of the text that names a stage: in FROM … AS where the stage gets its
// name, and in FROM, --from and a mount's from= where it is used.
type StageName struct {
	Name        string
	Token       Token
	Instruction *Instruction
	Stage       int // which stage is named, 0-based
	Defines     bool
}

// StageNames are the places that name stages, in the text's order. A name that no stage before
// it has is an image's, and left out; in --from and from= a number names a stage, too.
func (f *File) StageNames() (list []StageName) {
	named, stages := map[string]int{}, 0
	for _, st := range f.Instructions() {
		from := st.Name() == "FROM"
		for _, at := range st.ImageNames() {
			name := st.Unquoted(at)
			stage, ok := named[strings.ToLower(name)]
			if n, err := strconv.Atoi(name); !ok && st.Name() == "COPY" && err == nil && n >= 0 && n < stages {
				stage, ok = n, true
			}
			if ok {
				list = append(list, StageName{name, st.Token(at), st, stage, false})
			}
		}
		if !from || !st.Onbuild.Empty() {
			continue
		}
		if at, ok := st.StageName(); ok {
			name := st.Slice(at)
			named[strings.ToLower(name)] = stages
			list = append(list, StageName{name, st.Token(at), st, stages, true})
		}
		stages++
	}
	return list
}

// StageName is where a FROM names its stage; ok is false if it does not.
func (st *Instruction) StageName() (at Part, ok bool) {
	if len(st.Args) > 2 && strings.EqualFold(st.Slice(st.Args[1]), "AS") {
		return st.Args[2], true
	}
	return Part{}, false
}
