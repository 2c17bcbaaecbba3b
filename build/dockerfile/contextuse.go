package dockerfile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// A ContextNeed is what a build wants of its context: what BuildKit's front end asks
// the client for, and which instruction takes which part of it.
type ContextNeed struct {
	// Nothing is whether the context is not sent at all.
	Nothing bool
	// Follow are the paths that are asked for, and what symlinks on the way lead to;
	// none: the whole context.
	Follow []string
	Uses   []ContextUse // in the Dockerfile's order
}

// A ContextUse is an instruction that takes files from the context.
type ContextUse struct {
	Name  string // as progress shows it, without its number: "COPY src /src"
	Lines Lines
	Paths []ContextPath
}

// A ContextPath is a source of an instruction, its variables expanded.
type ContextPath struct {
	Path      string // from the context's root, with "/"
	Wildcards bool   // Path may have the wildcards of path.Match
	// Include and Exclude are patterns of a .dockerignore for what lies below Path, of
	// COPY --parents and --exclude; none: all of it, nothing.
	Include, Exclude []string
}

// A Given is what a build is given beside its Dockerfile, as far as the converter reads it.
type Given struct {
	Target   string // a stage's name; empty: the last stage
	Args     map[string]string
	Platform string // empty: that of this machine
	Images   Images // that are known; others have no variables
}

// ContextNeed converts the Dockerfile and reads from the definition what a build asks of its
// context. The Dockerfile must be one that the linter (package lint) reads to its end: this
// converter has no bounds of its own for what variables become.
func (f *File) ContextNeed(ctx context.Context, given Given) (*ContextNeed, error) {
	stages, err := f.Stages()
	if err != nil {
		return nil, err
	}
	if len(stages) == 0 {
		return nil, fmt.Errorf("the Dockerfile has no stage")
	}
	i := Target(stages, given.Target)
	if i < 0 {
		return nil, fmt.Errorf("target stage %q could not be found", given.Target)
	}
	if i+1 < len(stages) { // the stage is to be the last
		f = Parse(f.before(stages[i+1].Lines.First))
	}
	given.Target = stages[i].Name
	return f.contextNeed(ctx, given)
}

// contextNeed converts the Dockerfile for its last stage, whose name is given.Target.
func (f *File) contextNeed(ctx context.Context, given Given) (_ *ContextNeed, err error) {
	defer survive(&err)
	res, err := f.Convert(ctx, dockerfile2llb.ConvertOpt{TargetPlatform: platformOf(given.Platform),
		Config: dockerui.Config{Target: given.Target, BuildArgs: given.Args}, MetaResolver: given.Images})
	if err != nil {
		return nil, err
	}
	def, err := res.State.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	n := &needs{need: &ContextNeed{Nothing: true}, def: def, ops: map[string]*pb.Op{}}
	if err := n.read(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(n.need.Uses, func(a, b ContextUse) int { return cmp.Compare(a.Lines.First, b.Lines.First) })
	return n.need, nil
}

// needs reads a definition.
type needs struct {
	need *ContextNeed
	def  *llb.Definition
	ops  map[string]*pb.Op // by digest
}

func (n *needs) read() error {
	var order []string
	for _, raw := range n.def.Def {
		op := new(pb.Op)
		if err := op.UnmarshalVT(raw); err != nil {
			return fmt.Errorf("reading the definition: %w", err)
		}
		dgst := digest.FromBytes(raw).String()
		n.ops[dgst] = op
		order = append(order, dgst)
	}
	for _, dgst := range order {
		if err := n.source(n.ops[dgst]); err != nil {
			return err
		}
		if paths := n.paths(n.ops[dgst]); len(paths) > 0 {
			n.use(dgst, paths)
		}
	}
	return nil
}

// isContext says whether an op loads the build context.
func isContext(op *pb.Op) bool {
	return op.GetSource().GetIdentifier() == "local://"+dockerui.DefaultLocalNameContext
}

// source takes what an op asks of the context, if it does.
func (n *needs) source(op *pb.Op) error {
	if !isContext(op) {
		return nil
	}
	n.need.Nothing = false
	if raw := op.GetSource().Attrs[pb.AttrFollowPaths]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &n.need.Follow); err != nil {
			return fmt.Errorf("reading the definition: %w", err)
		}
	}
	return nil
}

// paths are the sources in the context of a COPY, an ADD or a RUN with mounts.
func (n *needs) paths(op *pb.Op) []ContextPath {
	fromContext := func(input int64) bool {
		return input >= 0 && int(input) < len(op.Inputs) && isContext(n.ops[op.Inputs[input].Digest])
	}
	return PathsFrom(op, fromContext)
}

// PathsFrom are the paths that an op takes from those of its inputs (0-based) that from chooses.
func PathsFrom(op *pb.Op, from func(input int64) bool) (paths []ContextPath) {
	for _, a := range op.GetFile().GetActions() {
		if c := a.GetCopy(); c != nil && from(a.SecondaryInput) {
			paths = append(paths, ContextPath{Path: c.Src, Wildcards: c.AllowWildcard, Include: c.IncludePatterns, Exclude: c.ExcludePatterns})
		}
	}
	for _, m := range op.GetExec().GetMounts() {
		if m.MountType == pb.MountType_BIND && from(m.Input) {
			paths = append(paths, ContextPath{Path: cmp.Or(m.Selector, "/")})
		}
	}
	return paths
}

// use notes an op's paths at each instruction that it stands for: those that do the same
// on the same state are one op.
func (n *needs) use(dgst string, paths []ContextPath) {
	name := n.def.Metadata[digest.Digest(dgst)].Description["llb.customname"]
	if _, rest, ok := strings.Cut(name, "] "); ok && strings.HasPrefix(name, "[") {
		name = rest
	}
	var last Lines
	for i, loc := range n.def.Source.GetLocations()[dgst].GetLocations() {
		lines, ok := SpanOf(loc.Ranges)
		if !ok || i > 0 && lines == last {
			continue
		}
		last = lines
		n.need.Uses = append(n.need.Uses, ContextUse{Name: strings.TrimPrefix(name, "LINK "), Lines: lines, Paths: paths})
	}
}

// Root is a path without slashes at its ends; "." for the whole context.
func (p ContextPath) Root() string { return path.Clean("." + path.Clean("/"+p.Path)) }

// Meets says whether a source takes a path of the context, or something in it. Links are not
// followed.
func (p ContextPath) Meets(other string) bool {
	source := path.Clean("/" + p.Path)[1:]
	if source == "" {
		return true
	}
	mine, theirs := strings.Split(source, "/"), strings.Split(other, "/")
	for i := range min(len(mine), len(theirs)) {
		ok, _ := path.Match(mine[i], theirs[i])
		if mine[i] != theirs[i] && !(p.Wildcards && ok) {
			return false
		}
	}
	return true
}
