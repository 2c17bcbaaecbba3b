package debug

import (
	"context"
	"fmt"
	"sync"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"

	"github.com/buildls/buildls/build"
)

// states are the files between the steps, as the engine holds them for this build.
type states struct {
	gateway gateway.Client
	mu      sync.Mutex
	refs    map[string]gateway.Reference
}

func (s *states) init(b *build.Debugging) {
	s.gateway, s.refs = b.Gateway, map[string]gateway.Reference{}
}

// get has the engine build an output, unless it has done so.
func (s *states) get(ctx context.Context, g *graph, out *pb.Input) (gateway.Reference, error) {
	key := fmt.Sprint(out.Digest, out.Index)
	s.mu.Lock()
	ref := s.refs[key]
	s.mu.Unlock()
	if ref != nil {
		return ref, nil
	}
	def, err := g.upTo(out)
	if err != nil {
		return nil, err
	}
	res, err := s.gateway.Solve(ctx, gateway.SolveRequest{Definition: def, Evaluate: true})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refs[key] = res.Ref
	return res.Ref, nil
}

// has says whether an output is built.
func (s *states) has(out *pb.Input) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refs[fmt.Sprint(out.Digest, out.Index)] != nil
}
