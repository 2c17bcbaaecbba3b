package build

import (
	"errors"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A stepState is where a step's result is found again in an engine's cache: the definition
// that was solved, and the vertex in it.
type stepState struct {
	ops    [][]byte // as in pb.Definition, each after those that it stands on
	vertex digest.Digest
}

// keepStates keeps where each step is found again.
func (o *Outcome) keepStates(f *fold) {
	for _, v := range f.lines {
		o.states = append(o.states, stepState{v.ops, v.Digest})
	}
}

// op is the vertex's own.
func (s stepState) op() (*pb.Op, error) {
	for _, raw := range s.ops {
		if digest.FromBytes(raw) == s.vertex {
			op := &pb.Op{}
			return op, op.UnmarshalVT(raw)
		}
	}
	return nil, errors.New("its definition was not kept")
}

// around finds the files of the stage before the step and after it; nil are those of an
// empty image.
func (s stepState) around() (before, after *pb.Input, err error) {
	op, err := s.op()
	if err != nil {
		return nil, nil, err
	}
	in, out, err := throughOp(op)
	if err != nil {
		return nil, nil, err
	}
	if in >= 0 && in < int64(len(op.Inputs)) {
		before = op.Inputs[in]
	}
	return before, &pb.Input{Digest: string(s.vertex), Index: out}, nil
}

// throughOp says which input an op changes, and which output that becomes; an input of -1
// is an empty image.
func throughOp(op *pb.Op) (in, out int64, err error) {
	switch {
	case op.GetExec() != nil:
		for _, m := range op.GetExec().Mounts {
			if m.Dest == pb.RootMount {
				return m.Input, m.Output, nil
			}
		}
	case op.GetFile() != nil:
		return throughFileOp(op.GetFile().Actions, int64(len(op.Inputs)))
	case op.GetMerge() != nil: // COPY --link
		return 0, 0, nil
	}
	return 0, 0, errors.New("it brings an image in, and changes no files")
}

// throughFileOp follows the actions from the first output back. An action's input counts
// through the op's inputs, then through the actions.
func throughFileOp(actions []*pb.FileAction, inputs int64) (in, out int64, err error) {
	last := -1
	for i, a := range actions {
		if a.Output == 0 {
			last = i
		}
	}
	if last < 0 {
		return 0, 0, errors.New("it leaves no files")
	}
	in = actions[last].Input
	for range actions {
		if in < inputs || in-inputs >= int64(len(actions)) {
			break
		}
		in = actions[in-inputs].Input
	}
	return in, 0, nil
}

// cut is a definition of an output that is only looked up in the cache, see guarded. What
// said that the cache is not to be used is left out of it.
func (s stepState) cut(out *pb.Input) (*pb.Definition, error) {
	def, renamed := &pb.Definition{}, map[string]string{}
	for _, raw := range s.ops {
		op := &pb.Op{}
		if err := op.UnmarshalVT(raw); err != nil {
			return nil, err
		}
		for _, in := range op.Inputs {
			in.Digest = renamed[in.Digest]
		}
		guarded(op)
		dt, err := op.MarshalVT()
		if err != nil {
			return nil, err
		}
		renamed[string(digest.FromBytes(raw))] = string(digest.FromBytes(dt))
		def.Def = append(def.Def, dt)
	}
	end := &pb.Op{Inputs: []*pb.Input{{Digest: renamed[out.Digest], Index: out.Index}}}
	dt, err := end.MarshalVT()
	def.Def = append(def.Def, dt)
	return def, err
}

// guarded lets a command be found in the cache and never run: its key there does not
// count the proxies (BuildKit's solver/llbsolver/ops/exec.go, CacheMap), and no system starts
// a process with a NUL in its environment. An engine has no wish of its own for this.
func guarded(op *pb.Op) {
	if exec := op.GetExec(); exec != nil && exec.Meta != nil {
		exec.Meta.ProxyEnv = &pb.ProxyEnv{NoProxy: guard}
	}
}

const guard = "\x00"

// isGone says that an error comes of a step that is no longer in the cache.
func isGone(err error) bool {
	for _, text := range []string{
		"did not complete successfully", "executor failed running", // a command that met the guard
		"no active session", "no local sources enabled", // files that only the build could send
	} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
