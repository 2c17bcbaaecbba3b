package inspect

import (
	"errors"

	"github.com/buildls/buildls/build"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A stepState finds the result of a step in the cache.
type stepState build.State

// op is the op of the vertex.
func (s stepState) op() (*pb.Op, error) {
	for _, raw := range s.Ops {
		if digest.FromBytes(raw) == s.Vertex {
			op := &pb.Op{}
			return op, op.UnmarshalVT(raw)
		}
	}
	return nil, errors.New("its definition was not kept")
}

// around returns where the files of the stage are before the step and after it. Before is nil if the
// step begins with an empty image.
func (s stepState) around() (before, after *pb.Input, err error) {
	op, err := s.op()
	if err != nil {
		return nil, nil, err
	}
	in, out, err := Through(op)
	if err != nil {
		return nil, nil, err
	}
	if in >= 0 && in < int64(len(op.Inputs)) {
		before = op.Inputs[in]
	}
	return before, &pb.Input{Digest: string(s.Vertex), Index: out}, nil
}

// Through says which input of a step's op holds the files of the stage, and which output holds them
// afterwards. An input of -1 is an empty image. An output of -1 says that the step writes nowhere.
// The error is that of an op that changes no files, such as an image.
func Through(op *pb.Op) (in, out int64, err error) {
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

// throughFileOp follows the actions of an op back from its output 0. An index below inputs is one of
// the op's inputs, and a higher one is an action.
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
