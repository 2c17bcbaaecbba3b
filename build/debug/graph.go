package debug

import (
	"errors"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A graph is what is solved for a platform: ops, each behind those that it stands on.
type graph struct {
	whole  *pb.Definition
	ops    []*op
	byID   map[digest.Digest]*op
	result *pb.Input // nil if the image has no files
}

type op struct {
	*pb.Op
	digest digest.Digest
	raw    []byte
	number int // in graph.ops
}

func newGraph(def *llb.Definition) (*graph, error) {
	g := &graph{whole: def.ToPB(), byID: map[digest.Digest]*op{}}
	for i, raw := range g.whole.Def {
		o := &op{Op: &pb.Op{}, digest: digest.FromBytes(raw), raw: raw, number: i}
		if err := o.UnmarshalVT(raw); err != nil {
			return nil, err
		}
		if i+1 == len(g.whole.Def) { // it names the result alone
			if len(o.Inputs) != 1 {
				return nil, errors.New("the definition of the build has no result")
			}
			g.result = o.Inputs[0]
			break
		}
		g.ops = append(g.ops, o)
		g.byID[o.digest] = o
	}
	return g, nil
}

// upTo is a definition that ends with one output. Its vertices are those of the whole, so that an
// engine has each once.
func (g *graph) upTo(out *pb.Input) (*pb.Definition, error) {
	wanted := g.below(out)
	def := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}, Source: g.whole.Source}
	for _, o := range g.ops {
		if wanted[o.digest] {
			def.Def = append(def.Def, o.raw)
			if m := g.whole.Metadata[string(o.digest)]; m != nil {
				def.Metadata[string(o.digest)] = m
			}
		}
	}
	end, err := (&pb.Op{Inputs: []*pb.Input{out}}).MarshalVT()
	def.Def = append(def.Def, end)
	return def, err
}

// below are the vertices that make an output.
func (g *graph) below(out *pb.Input) map[digest.Digest]bool {
	wanted := map[digest.Digest]bool{digest.Digest(out.Digest): true}
	for _, o := range slices.Backward(g.ops) {
		if wanted[o.digest] {
			for _, in := range o.Inputs {
				wanted[digest.Digest(in.Digest)] = true
			}
		}
	}
	return wanted
}

// frontier are the outputs that can be had without any op that is blocked, and on which no other
// such output stands.
func (g *graph) frontier(blocked map[digest.Digest]bool) (list []*pb.Input) {
	behind := map[digest.Digest]bool{}
	for _, o := range g.ops {
		behind[o.digest] = blocked[o.digest]
		for _, in := range o.Inputs {
			behind[o.digest] = behind[o.digest] || behind[digest.Digest(in.Digest)]
		}
	}
	type output struct {
		digest string
		index  int64
	}
	taken := map[output]bool{}
	take := func(in *pb.Input) {
		if at := (output{in.Digest, in.Index}); !behind[digest.Digest(in.Digest)] && !taken[at] {
			taken[at] = true
			list = append(list, in)
		}
	}
	for _, o := range g.ops {
		if behind[o.digest] {
			for _, in := range o.Inputs {
				take(in)
			}
		}
	}
	if g.result != nil {
		take(g.result)
	}
	return list
}
