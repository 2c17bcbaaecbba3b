package build

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil/types"

	"github.com/buildls/buildls/build/engine"
)

// A Change is what a step did to a file, a directory or a link.
type Change struct {
	Path  string // absolute in the image; a directory's ends with a slash
	Kind  ChangeKind
	Bytes int64 // of a file: its size after the step, of a deleted one before
}

// ChangeKind is what became of a file.
type ChangeKind string

const (
	Added   ChangeKind = "added"
	Changed ChangeKind = "changed"
	Deleted ChangeKind = "deleted"
)

// Changes are what a step (a 0-based index into the outcome's steps) did to the files of its
// stage, by path. The engine finds both states in its cache and lists them; nothing is run. A
// file counts as changed if its kind, size, mode, owner, time or the target of the link has;
// a directory if its mode or owner has, or its attributes.
func (o *Outcome) Changes(ctx context.Context, conn *engine.Conn, req *Request, step int) ([]Change, error) {
	state := o.states[step]
	before, after, err := state.around()
	if err != nil {
		return nil, err
	}
	if after.Index < 0 { // a command that may write nowhere
		return []Change{}, nil
	}
	var trees treeLister
	look := func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		return state.lookUpTrees(ctx, g, map[string]*pb.Input{treeBefore: before, treeAfter: after})
	}
	export := []client.ExportEntry{{Type: client.ExporterLocal}}
	if _, err := inspect(ctx, conn, req, &trees, export, look); err != nil {
		return nil, err
	}
	return compareTrees(trees.of(treeBefore), trees.of(treeAfter)), nil
}

// lookUpTrees finds several outputs in the cache. An exporter tells them apart as those of
// several platforms.
func (s stepState) lookUpTrees(ctx context.Context, g gateway.Client, trees map[string]*pb.Input) (*gateway.Result, error) {
	res, list := gateway.NewResult(), exptypes.Platforms{}
	for name, at := range trees {
		ref, err := s.lookUp(ctx, g, at)
		if err != nil {
			return nil, err
		}
		res.AddRef(name, ref)
		list.Platforms = append(list.Platforms, exptypes.Platform{ID: name, Platform: platforms.DefaultSpec()})
	}
	dt, err := json.Marshal(list)
	res.AddMeta(exptypes.ExporterPlatformsKey, dt)
	return res, err
}

// lookUp finds an output in the cache; nil is an empty image.
func (s stepState) lookUp(ctx context.Context, g gateway.Client, at *pb.Input) (gateway.Reference, error) {
	if at == nil {
		return nil, nil
	}
	def, err := s.cut(at)
	if err != nil {
		return nil, err
	}
	res, err := g.Solve(ctx, gateway.SolveRequest{Definition: def, Evaluate: true})
	if err != nil {
		return nil, err
	}
	return res.Ref, nil
}

// compareTrees finds what differs.
func compareTrees(before, after map[string]*types.Stat) []Change {
	changes := []Change{} // a list, even if empty
	for path, st := range after {
		was := before[path]
		switch {
		case was == nil:
			changes = append(changes, changeOf(path, Added, st))
		case differs(was, st):
			changes = append(changes, changeOf(path, Changed, st))
		}
	}
	for path, st := range before {
		if after[path] == nil {
			changes = append(changes, changeOf(path, Deleted, st))
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes
}

func changeOf(path string, kind ChangeKind, st *types.Stat) Change {
	c := Change{Path: "/" + path, Kind: kind}
	switch mode := os.FileMode(st.Mode); {
	case mode.IsDir():
		c.Path += "/"
	case mode.IsRegular():
		c.Bytes = st.Size
	}
	return c
}

func differs(a, b *types.Stat) bool {
	if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || a.Linkname != b.Linkname || !maps.EqualFunc(a.Xattrs, b.Xattrs, bytes.Equal) {
		return true
	}
	return !os.FileMode(a.Mode).IsDir() && (a.Size != b.Size || a.ModTime != b.ModTime || a.Devmajor != b.Devmajor || a.Devminor != b.Devminor)
}

// Below are the changes of a path and, if it is a directory, of what is in it.
func Below(changes []Change, path string) []Change {
	path = "/" + strings.Trim(path, "/")
	dir := strings.TrimSuffix(path, "/") + "/"
	return slices.DeleteFunc(changes, func(c Change) bool { return c.Path != path && !strings.HasPrefix(c.Path, dir) })
}
