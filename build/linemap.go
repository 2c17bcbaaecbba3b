package build

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A LineMap says, for the vertices that stand for an instruction, which lines
// that is. Its order is the Dockerfile's.
type LineMap []MappedVertex

// A MappedVertex is a vertex and its instruction.
type MappedVertex struct {
	Digest digest.Digest
	Name   string // as progress shows it, e.g. "[build 2/3] RUN make"
	Lines  dockerfile.Lines

	ops [][]byte // of the definition that it is part of
}

// A Definition is what is solved for a platform.
type Definition struct {
	Platform string // empty if there is one alone
	Config   []byte // of the image that is made of it, as JSON; nil if the front end says none
	*llb.Definition
}

// definitions are those of a lazily solved result.
func definitions(ctx context.Context, res *gateway.Result) (defs []Definition, err error) {
	err = eachPlatform(res, func(platform string, ref gateway.Reference) error {
		st, err := ref.ToState()
		if err != nil {
			return err
		}
		def, err := st.Marshal(ctx)
		defs = append(defs, Definition{platform, imageConfig(res, platform), def})
		return err
	})
	return defs, err
}

// newLineMap reads the line map from definitions: the
// front end leaves in each the source range of every op (pb.Source), and an op's
// digest is its vertex's. Ops of other files than dockerfile are left out.
func newLineMap(defs []Definition, dockerfile []byte) LineMap {
	var m LineMap
	seen := map[digest.Digest]bool{}
	for _, def := range defs {
		for dgst, locs := range def.Source.GetLocations() {
			d := digest.Digest(dgst)
			lines, ok := linesIn(def.Source, locs, dockerfile)
			if !ok || seen[d] {
				continue
			}
			seen[d] = true
			m = append(m, MappedVertex{Digest: d, Name: nameOn(def.Platform, def.Metadata[d].Description["llb.customname"]), Lines: lines, ops: def.Def})
		}
	}
	slices.SortFunc(m, func(a, b MappedVertex) int {
		return cmp.Or(cmp.Compare(a.Lines.First, b.Lines.First), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
	return m
}

// A State says where an engine's cache has the result of a step: in the definition that was solved,
// the vertex of the step.
type State struct {
	Ops    [][]byte // as in pb.Definition.Def: each comes after its inputs
	Vertex digest.Digest
}

// states are those of the vertices.
func (m LineMap) states() []State {
	var list []State
	for _, v := range m {
		list = append(list, State{v.ops, v.Digest})
	}
	return list
}

// eachPlatform calls fn for the references of a result, with the platform of each if
// there are several, in a stable order.
func eachPlatform(res *gateway.Result, fn func(platform string, ref gateway.Reference) error) error {
	if res.Ref != nil {
		return fn("", res.Ref)
	}
	for _, platform := range slices.Sorted(maps.Keys(res.Refs)) {
		ref := res.Refs[platform]
		if ref == nil {
			continue
		}
		if len(res.Refs) == 1 {
			platform = ""
		}
		if err := fn(platform, ref); err != nil {
			return err
		}
	}
	return nil
}

// nameOn adds the platform to a vertex's name as BuildKit does while it runs: "[linux/arm64
// 2/3] RUN make" for "[2/3] RUN make".
func nameOn(platform, name string) string {
	if platform == "" || !strings.HasPrefix(name, "[") || strings.HasPrefix(name, "["+platform+" ") {
		return name
	}
	return "[" + platform + " " + name[1:]
}

// linesIn are the lines of the location that comes first in dockerfile. One vertex may stand for
// several instructions, and BuildKit names them in any order.
func linesIn(src *pb.Source, locs *pb.Locations, text []byte) (first dockerfile.Lines, found bool) {
	for _, loc := range locs.GetLocations() {
		i := int(loc.SourceIndex)
		if i < 0 || i >= len(src.Infos) || !bytes.Equal(src.Infos[i].Data, text) {
			continue
		}
		if lines, ok := dockerfile.SpanOf(loc.Ranges); ok && (!found || lines.First < first.First) {
			first, found = lines, true
		}
	}
	return first, found
}
