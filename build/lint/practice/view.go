package practice

import (
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lint/pragma"
	"github.com/buildls/buildls/build/shell"
)

// A file is a Dockerfile in stages. What stands before the first FROM is a stage too.
type file struct {
	*dockerfile.File
	stages []*stage
	named  map[string]*stage
	cfg    *Config

	variablesWindows *bool // what mayBeWindows says of a FROM with a variable; nil before it is asked
}

// A stage is a build stage.
type stage struct {
	file  *file
	index int
	steps []*step // its FROM first, if it has one
	from  *step
	image string // the word behind FROM
	name  string // in lower case; empty if it has none
	base  *stage // nil if it stands on an image
	kept  bool   // its layers are in what is built
	state        // at its end
}

// A state is what instructions have set for those that come after them.
type state struct {
	shell    shellState
	workdir  bool // there is a WORKDIR
	pipQuiet bool // pip shall keep nothing
}

// A step is an instruction of a stage.
type step struct {
	*dockerfile.Instruction
	*facts
	stage  *stage
	before state
}

// shellState is what SHELL says.
type shellState struct {
	dialect  shell.Dialect
	pipefail bool // of a shell that knows it
	named    bool // there is a SHELL
	// uncertain is whether it may read a script in another way than its name says, as without -c.
	uncertain bool
}

// view is what the rules look at.
func (c *Checker) view(f *dockerfile.File) *file {
	v := &file{File: f, named: map[string]*stage{}, cfg: &c.cfg}
	shells := pragma.ShellsOf(f)
	var s *stage
	for _, st := range f.Instructions() {
		if isFrom := st.Name() == "FROM"; isFrom || s == nil {
			s = v.begin(st, isFrom)
		}
		if name := shells.Above(st.First); name != "" {
			s.shell = shellState{dialect: shell.DialectOf([]string{name}), named: true}
		}
		one := &step{st, c.facts(st, s.shell), s, s.state}
		s.steps = append(s.steps, one)
		switch one.name {
		case "FROM":
			s.from = one
		case "SHELL":
			s.shell = shellOf(st)
		case "WORKDIR":
			s.workdir = true
		case "ENV":
			if one.pip != nil {
				s.pipQuiet = *one.pip
			}
		}
	}
	for ; s != nil; s = s.base {
		s.kept = true
	}
	return v
}

// begin begins a stage. That of an ONBUILD FROM, which BuildKit refuses, is one of another build.
func (v *file) begin(st *dockerfile.Instruction, isFrom bool) *stage {
	s := &stage{file: v, index: len(v.stages)}
	if isFrom && len(st.Args) > 0 {
		s.image = st.Unquoted(st.Args[0])
		s.base = v.named[strings.ToLower(s.image)]
		s.kept = !st.Onbuild.Empty()
		switch {
		case s.base != nil:
			s.state = s.base.state
		case v.mayBeWindows(st):
			s.shell.dialect = shell.Foreign
		}
		if name, ok := st.StageName(); ok {
			s.name = strings.ToLower(st.Unquoted(name))
			v.named[s.name] = s
		}
	}
	v.stages = append(v.stages, s)
	return s
}

// mayBeWindows is shell.MayBeWindows. What that says of a variable it says of all: it is asked once.
func (v *file) mayBeWindows(from *dockerfile.Instruction) bool {
	if !strings.Contains(from.Text, "$") {
		return shell.MayBeWindows(from)
	}
	if v.variablesWindows == nil {
		v.variablesWindows = new(shell.MayBeWindows(from))
	}
	return *v.variablesWindows
}

// shellOf is what a SHELL sets. Where sh knows no pipefail, as in Debian, it stops at once.
func shellOf(st *dockerfile.Instruction) shellState {
	words := st.Values()
	s := shellState{dialect: shell.DialectOf(words), named: true, uncertain: !shell.TakesScript(words)}
	knows := s.dialect == shell.Bash || s.dialect == shell.Zsh || s.dialect == shell.Ash
	s.pipefail = knows && slices.Contains(words, "pipefail")
	return s
}

// chain are the stage and those that it stands on.
func (s *stage) chain(yield func(*stage) bool) {
	for ; s != nil; s = s.base {
		if !yield(s) {
			return
		}
	}
}

// placed says whether there is a WORKDIR before a step.
func placed(st *step) bool { return st.before.workdir }

// lost says whether the layer of a step is in no image that is built.
func lost(st *step) bool { return !st.stage.kept }
