package fix

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/lazyregexp"
	"github.com/buildls/buildls/build/shell"
)

// A stage is a build stage: what its instructions find is what those of the stages below it left.
type stage struct {
	image string // that it stands on, as it is written; empty if it stands on a stage
	base  *stage
	steps []*dockerfile.Instruction // its FROM first
	end   state
}

// A state is what instructions have set for one below them.
type state struct {
	stage *stage
	shell []string // nil for the image's own
	user  string   // empty if USER says nothing
	dir   string
	known bool // dir is what it is
}

// stateAt is what counts for an instruction.
func (s *source) stateAt(st *dockerfile.Instruction) state {
	if s.states == nil {
		s.readStages()
	}
	at, ok := s.states[st]
	if !ok || at.stage == nil {
		at.stage = &stage{}
	}
	return at
}

// readStages reads the file once. What stands before the first FROM is in no stage.
func (s *source) readStages() {
	s.states = map[*dockerfile.Instruction]state{}
	named := map[string]*stage{}
	var now state
	for _, st := range s.Instructions() {
		if st.Name() == "FROM" && len(st.Args) > 0 {
			now = s.beginStage(st, named)
		}
		s.states[st] = now
		if now.stage != nil {
			now.stage.steps = append(now.stage.steps, st)
			now.after(st)
			now.stage.end = now
		}
	}
}

func (s *source) beginStage(from *dockerfile.Instruction, named map[string]*stage) (now state) {
	one := &stage{image: from.Unquoted(from.Args[0])}
	if one.base = named[strings.ToLower(one.image)]; one.base != nil {
		now, one.image = one.base.end, ""
	}
	if len(from.Args) == 3 {
		named[strings.ToLower(from.Unquoted(from.Args[2]))] = one
	}
	var image ocispecs.Image
	switch {
	case one.image == "scratch":
		now.dir, now.known = "/", true
	case one.base == nil && json.Unmarshal(s.Images.Config(one.image), &image) == nil && image.OS != "windows":
		now.dir, now.known = "/"+strings.Trim(image.Config.WorkingDir, "/"), true
	}
	now.stage = one
	return now
}

// after takes what an instruction sets.
func (now *state) after(st *dockerfile.Instruction) {
	if !st.Onbuild.Empty() {
		return
	}
	switch st.Name() {
	case "SHELL":
		now.shell = append([]string{}, st.Values()...) // not nil: there is one
	case "USER":
		if len(st.Args) > 0 {
			now.user = st.Unquoted(st.Args[0])
		}
	case "WORKDIR":
		to := st.Slice(st.Rest)
		now.known = plainPath.MatchString(to) && (now.known || path.IsAbs(to)) && !st.Commented
		if now.dir = path.Join(now.dir, to); path.IsAbs(to) {
			now.dir = path.Clean(to)
		}
	}
}

// imageAt is the image below all stages that an instruction stands on, as it is written.
func (s *source) imageAt(st *dockerfile.Instruction) string {
	one := s.stateAt(st).stage
	for one.base != nil {
		one = one.base
	}
	return one.image
}

// dialectAt is what the shell of an instruction understands, as far as SHELL says it.
func (s *source) dialectAt(st *dockerfile.Instruction) shell.Dialect {
	if words := s.stateAt(st).shell; words != nil {
		return shell.DialectOf(words)
	}
	return shell.POSIX
}

func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}

// plainPath is a path that means the same to a shell and in an instruction.
var plainPath = lazyregexp.New(`^[A-Za-z0-9_./+@][A-Za-z0-9_./+@-]*$`)

// workdirAt is the directory that an instruction runs in; false if that is not known.
func (s *source) workdirAt(st *dockerfile.Instruction) (dir string, known bool) {
	at := s.stateAt(st)
	return at.dir, at.known && plainPath.MatchString(at.dir)
}

// reading is what the shell does in an instruction.
func (s *source) reading(st *dockerfile.Instruction) *shell.Reading {
	if s.readings == nil {
		s.readings = map[*dockerfile.Instruction]*shell.Reading{}
	}
	if s.readings[st] == nil {
		s.readings[st] = shell.Read(st, s.dialectAt(st))
	}
	return s.readings[st]
}

// hasBusyBox says whether the commands of an instruction's stage are those of BusyBox, as in
// Alpine: by the image's name, or because something calls apk.
func (s *source) hasBusyBox(st *dockerfile.Instruction) bool {
	image := s.imageAt(st)
	return strings.Contains(image, "alpine") || strings.Contains(image, "busybox") || s.calls(st, "apk")
}

// hasGNU says whether it is known that they are not those of BusyBox.
func (s *source) hasGNU(st *dockerfile.Instruction) bool {
	return s.calls(st, "apt-get", "apt", "yum", "dnf", "microdnf", "zypper")
}

// A question is whether a stage calls some commands.
type question struct {
	*stage
	names string
}

// calls says whether an instruction, or one that counts for it, calls one of some commands.
func (s *source) calls(st *dockerfile.Instruction, names ...string) bool {
	for one := s.stateAt(st).stage; one != nil; one = one.base {
		key := question{one, strings.Join(names, " ")}
		line, known := s.called[key]
		if !known {
			line = s.firstCall(one, names)
			if s.called == nil {
				s.called = map[question]int{}
			}
			s.called[key] = line
		}
		if line <= st.First {
			return true
		}
	}
	return false
}

// firstCall is the line of the first instruction of a stage that calls one of some commands.
func (s *source) firstCall(one *stage, names []string) int {
	for _, st := range one.steps {
		if st.Name() != "RUN" || !st.Onbuild.Empty() {
			continue
		}
		for _, c := range s.reading(st).Commands {
			if slices.Contains(names, c.Name) {
				return st.First
			}
		}
	}
	return s.Rows() // behind all
}
