package debug

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/inspect"
)

// A program is a build for a platform, as one steps through it. As a debugger sees it, the target is
// what is run first; the stage of a FROM, of a --from or of a mount is called where an instruction
// needs it; and each stage is run once. So all places at which the build may stop are known before:
// they are a list, and a position is an index into it.
type program struct {
	platform string // empty if there is one alone
	graph    *graph
	stages   []*stage
	places   []*place
}

// A stage has the instructions at which one may stop.
type stage struct {
	name        string           // as FROM names it, else as BuildKit does: "stage-2"
	base        *stage           // nil if it is built on none
	from, until int              // its 0-based lines, until exclusive
	last        dockerfile.Lines // of its last instruction
	list        []*instruction
}

// An instruction is one that an engine has a vertex for, or that begins a stage on another.
type instruction struct {
	*dockerfile.Instruction
	uses []*stage // in the order in which they are needed
	ops  []*op    // its own, as in the definition
	at   []int    // the places before it
}

// A place is where the build may stop.
type place struct {
	frames []frame // how one came here, the target first
	ended  []*stage
	back   bool // a stage that the instruction uses has just ended
}

// A frame is a place in a stage: before an instruction, or on the stage's end.
type frame struct {
	stage *stage
	next  int // index into stage.list; its length on the end
}

// here is the innermost frame.
func (p *place) here() frame { return p.frames[len(p.frames)-1] }

// instruction is the one that the frame stands before; nil on the end.
func (f frame) instruction() *instruction {
	if f.next < len(f.stage.list) {
		return f.stage.list[f.next]
	}
	return nil
}

// newProgram reads the program from the text and from the definition that the front end has made
// of it.
func newProgram(ctx context.Context, def build.Definition, base *dockerfile.Baseline) (*program, error) {
	g, err := newGraph(def.Definition)
	if err != nil {
		return nil, err
	}
	stages, err := base.File.Stages()
	if err != nil {
		return nil, err
	}
	target := dockerfile.Target(stages, base.Target)
	if target < 0 {
		return nil, fmt.Errorf("there is no stage %q", base.Target)
	}
	p := &program{platform: def.Platform, graph: g}
	p.read(base.File, g.located(base.File), base.Resolve(ctx, stages))
	p.visit(p.stages[target], nil, nil, map[*stage]bool{})
	return p, nil
}

// located are the ops of each instruction, by the line on which that begins. Stages that do the same
// share ops.
func (g *graph) located(f *dockerfile.File) map[int][]*op {
	found := map[int][]*op{}
	for _, o := range g.ops {
		for _, loc := range g.whole.Source.GetLocations()[string(o.digest)].GetLocations() {
			i := int(loc.SourceIndex)
			if i < 0 || i >= len(g.whole.Source.Infos) || !bytes.Equal(g.whole.Source.Infos[i].Data, f.Text()) {
				continue
			}
			if lines, ok := dockerfile.SpanOf(loc.Ranges); ok {
				first := f.At(lines.First).First
				if list := found[first]; !slices.Contains(list, o) {
					found[first] = append(list, o)
				}
			}
		}
	}
	return found
}

// read makes the stages.
func (p *program) read(f *dockerfile.File, ops map[int][]*op, stages []dockerfile.Stage) {
	named := map[string]*stage{}
	uses := map[int][]*stage{} // by the line on which the instruction begins
	for _, n := range f.StageNames() {
		if !n.Defines {
			for len(p.stages) <= n.Stage {
				p.stages = append(p.stages, &stage{})
			}
			uses[n.Instruction.First] = append(uses[n.Instruction.First], p.stages[n.Stage])
		}
	}
	for len(p.stages) < len(stages) {
		p.stages = append(p.stages, &stage{})
	}
	number := -1
	for _, st := range f.Instructions() {
		if st.Name() == "FROM" && st.Onbuild.Empty() {
			if number++; number >= len(p.stages) {
				return
			}
			s := p.stages[number]
			s.name, s.from, s.until = "stage-"+strconv.Itoa(number), st.First, f.Rows()
			if number > 0 {
				p.stages[number-1].until = st.First
			}
			if base := named[strings.ToLower(stages[number].Base)]; base != nil && len(uses[st.First]) == 0 { // a variable names it
				uses[st.First] = append(uses[st.First], base)
			}
			if len(uses[st.First]) > 0 {
				s.base = uses[st.First][0]
			}
			if name := stages[number].Name; name != "" {
				s.name, named[strings.ToLower(name)] = name, s
			}
		}
		if number >= 0 {
			p.stages[number].last = st.Lines()
		}
		if number < 0 || len(ops[st.First]) == 0 && (st.Name() != "FROM" || len(uses[st.First]) == 0) {
			continue
		}
		s := p.stages[number]
		s.list = append(s.list, &instruction{Instruction: st, uses: uses[st.First], ops: ops[st.First]})
	}
}

// visit adds the places of a stage. outer is how one came there, and ended are the stages that have
// ended for the instructions of outer.
func (p *program) visit(s *stage, outer []frame, ended []*stage, seen map[*stage]bool) {
	seen[s] = true
	stop := func(next int, ended []*stage, back bool) []frame {
		frames := append(slices.Clip(outer), frame{s, next})
		p.places = append(p.places, &place{frames, slices.Clip(ended), back})
		return frames
	}
	for i, in := range s.list {
		in.at = append(in.at, len(p.places))
		here, done := stop(i, ended, false), ended
		for _, used := range in.uses {
			if seen[used] {
				continue
			}
			p.visit(used, here, done, seen)
			done = append(slices.Clip(done), used)
			in.at = append(in.at, len(p.places))
			stop(i, done, true)
		}
	}
	stop(len(s.list), ended, false)
}

// before is what the stage's files are before an instruction; nil if there are none.
func (in *instruction) before() *pb.Input {
	if len(in.ops) == 0 {
		return nil
	}
	o := in.ops[len(in.ops)-1]
	for {
		i, _, err := inspect.Through(o.Op)
		if err != nil || i < 0 || i >= int64(len(o.Inputs)) {
			return nil
		}
		at := o.Inputs[i]
		own := slices.IndexFunc(in.ops, func(o *op) bool { return string(o.digest) == at.Digest })
		if own < 0 {
			return at
		}
		o = in.ops[own]
	}
}

// after is what the files are behind an instruction; nil if there are none.
func (in *instruction) after() *pb.Input {
	if len(in.ops) == 0 {
		if len(in.uses) == 0 {
			return nil
		}
		return in.uses[0].end()
	}
	o := in.ops[len(in.ops)-1]
	_, out, err := inspect.Through(o.Op)
	if err != nil { // an image
		out = 0
	}
	if out < 0 { // it writes nowhere
		return in.before()
	}
	return &pb.Input{Digest: string(o.digest), Index: out}
}

// end is what a stage leaves; nil if it has no files.
func (s *stage) end() *pb.Input {
	if len(s.list) == 0 {
		return nil
	}
	return s.list[len(s.list)-1].after()
}

// files are those of the stage where the frame stands; nil if there are none.
func (f frame) files() *pb.Input {
	if in := f.instruction(); in != nil {
		return in.before()
	}
	return f.stage.end()
}

// needs is all that has been built when the build stops at a place.
func (p *place) needs() (list []*pb.Input) {
	for _, f := range p.frames {
		list = append(list, f.files())
	}
	for _, s := range p.ended {
		list = append(list, s.end())
	}
	return slices.DeleteFunc(list, func(in *pb.Input) bool { return in == nil })
}

// of finds the instruction of a vertex to which one comes first, from a position on; nil if there is none.
// Stages that do the same share a vertex.
func (p *program) of(vertex digest.Digest, from int) *instruction {
	for _, at := range p.places[max(from, 0):] {
		if in := at.here().instruction(); in != nil && in.has(vertex) {
			return in
		}
	}
	if from > 0 {
		return p.of(vertex, 0)
	}
	return nil
}

func (in *instruction) has(vertex digest.Digest) bool {
	return slices.ContainsFunc(in.ops, func(o *op) bool { return o.digest == vertex })
}

// lines are the lines of a frame: on the end of a stage, those of its last instruction, which may have no
// step.
func (f frame) lines() dockerfile.Lines {
	if in := f.instruction(); in != nil {
		return in.Lines()
	}
	return f.stage.last
}
