package dockerfile

import (
	"slices"
	"strconv"
	"strings"
)

// A sketch is a Dockerfile of some of another's instructions. It says the same of what is asked, and is
// converted sooner. It is the same for texts that differ in other parts.
type sketch struct {
	text string
	rows []int // of the other Dockerfile, on which those of this one stand

	asksForAll bool // of the context, if a build asks for any of it
}

// reached has all of a stage, the last of that name or of all, and of those that it needs. It has all
// instructions if stages may be needed in a way that is not seen here: by a trigger, or by a number.
func (f *File) reached(target string, triggers bool) sketch {
	list := f.Instructions()
	stages := stagesOf(list)
	i := len(stages) - 1
	if target != "" {
		for ; i >= 0 && stages[i].name != strings.ToLower(target); i-- {
		}
	}
	numbered := func(s stageText) bool {
		return slices.ContainsFunc(s.names, func(name string) bool {
			_, err := strconv.Atoi(name) // as BuildKit does: +0 is a number
			return err == nil
		})
	}
	if i < 0 || triggers || len(stages) > maxStages || slices.ContainsFunc(list, isTrigger) || slices.ContainsFunc(stages, numbered) {
		return f.sketch(list)
	}
	keep := slices.Clone(beforeStages(list))
	for _, s := range standsOn(stages, i, stages[i].names, func(s stageText) []string { return s.names }) {
		keep = append(keep, s.all...)
	}
	return f.sketch(append(keep, stages[i].all...))
}

// sketch has some of the file's instructions.
func (f *File) sketch(keep []*Instruction) (s sketch) {
	var b strings.Builder
	if f.Escape == '`' {
		b.WriteString("# escape=`\n")
		s.rows = append(s.rows, 0)
	}
	for _, st := range keep {
		b.Write(f.Slice(st.First, st.End()))
		for row := st.First; row <= st.End(); row++ {
			s.rows = append(s.rows, row)
		}
	}
	s.text = b.String()
	return s
}

// lines are where lines of the sketch stand in the other Dockerfile.
func (s sketch) lines(l Lines) Lines { return Lines{s.rows[l.First], s.rows[l.Last]} }

// A stageText is a stage of which a sketch may have parts.
type stageText struct {
	name  string         // in lower case
	names []string       // of images and stages that it names, likewise: first that of its FROM
	taken []string       // those of names that its FROM and kept have
	all   []*Instruction // its FROM first
	kept  []*Instruction // its FROM, what takes something, and what changes paths or variables
	takes bool
}

func stagesOf(list []*Instruction) (stages []stageText) {
	for _, st := range list {
		if st.Name() == "FROM" {
			var words [3]string // FROM base AS name
			for i, arg := range st.Args[:min(3, len(st.Args))] {
				words[i] = strings.ToLower(st.Unquoted(arg))
			}
			stages = append(stages, stageText{name: words[2], names: words[:1:1], taken: words[:1:1], all: []*Instruction{st}, kept: []*Instruction{st}})
			continue
		}
		if len(stages) == 0 {
			continue
		}
		s := &stages[len(stages)-1]
		s.all = append(s.all, st)
		var names []string
		for _, at := range st.ImageNames() {
			names = append(names, strings.ToLower(st.Unquoted(at)))
		}
		s.names = append(s.names, names...)
		if takes := st.takes(); takes || sets(st) {
			s.kept, s.takes, s.taken = append(s.kept, st), s.takes || takes, append(s.taken, names...)
		}
	}
	return stages
}

// beforeStages are the instructions before the first stage.
func beforeStages(list []*Instruction) []*Instruction {
	if i := slices.IndexFunc(list, func(st *Instruction) bool { return st.Name() == "FROM" }); i >= 0 {
		return list[:i]
	}
	return list
}

func isTrigger(st *Instruction) bool { return !st.Onbuild.Empty() }

// sets says whether an instruction changes what the paths of others are.
func sets(st *Instruction) bool {
	name := st.Name()
	return name == "ARG" || name == "ENV" || name == "WORKDIR"
}

// standsOn are the stages before a stage that it needs, or may: those of some names, those that these name,
// and so on. A name with a variable in it is that of any stage that begins with what stands before the
// variable.
func standsOn(stages []stageText, i int, wanted []string, names func(stageText) []string) (under []stageText) {
	wanted = slices.Clone(wanted)
	for _, s := range slices.Backward(stages[:i]) {
		if s.name != "" && slices.ContainsFunc(wanted, func(name string) bool {
			prefix, _, variable := strings.Cut(name, "$")
			return name == s.name || variable && strings.HasPrefix(s.name, prefix)
		}) {
			wanted = append(wanted, names(s)...)
			under = append(under, s)
		}
	}
	slices.Reverse(under)
	return under
}
