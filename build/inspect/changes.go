package inspect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"
)

// A Change is what a step did to a file, a directory or a link.
type Change struct {
	Path  string // absolute; a directory's ends with a slash
	Kind  ChangeKind
	Bytes int64 // of a file: its size after the step, or before it if it was deleted

	hardLink bool // another name of a file that has one in the image
}

// ChangeKind says what became of a file.
type ChangeKind string

// The kinds of changes, as clients get them.
const (
	Added   ChangeKind = "added"
	Changed ChangeKind = "changed"
	Deleted ChangeKind = "deleted"
)

// Changes returns what a step did to the files of its stage, sorted by path. The engine finds the
// files before and after the step in its cache, and lists them; nothing is run. A file counts as
// changed if its kind, size, mode, owner, time, extended attributes or the target of its link
// changed; a directory if its mode, owner or extended attributes did. A step that writes nowhere
// has no changes.
func (b *Build) Changes(ctx context.Context, step int) ([]Change, error) {
	before, after, err := b.trees(ctx, b.state(step))
	if err != nil {
		return nil, err
	}
	return compareTrees(before, after), nil
}

// trees are the files of the stage before a step and after it.
func (b *Build) trees(ctx context.Context, s stepState) (before, after tree, err error) {
	in, out, err := s.around()
	if err != nil || out.Index < 0 { // the step cannot write anywhere
		return nil, nil, err
	}
	var trees treeLister
	look := func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		return b.lookUpTrees(ctx, g, s, map[string]*pb.Input{treeBefore: in, treeAfter: out})
	}
	export := []client.ExportEntry{{Type: client.ExporterLocal}}
	if _, err := b.ask(ctx, &trees, export, look); err != nil {
		return nil, nil, err
	}
	return trees.tree(treeBefore), trees.tree(treeAfter), nil
}

// lookUpTrees finds several outputs in the cache. The exporter takes them for several platforms, and
// names them.
func (b *Build) lookUpTrees(ctx context.Context, g gateway.Client, s stepState, trees map[string]*pb.Input) (*gateway.Result, error) {
	res, list := gateway.NewResult(), exptypes.Platforms{}
	for name, at := range trees {
		ref, err := b.lookUp(ctx, g, s, at)
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

// compareTrees returns what differs, sorted by path.
func compareTrees(before, after tree) []Change {
	changes := []Change{} // not nil: it becomes JSON
	for path, f := range after {
		was, ok := before[path]
		switch {
		case !ok:
			changes = append(changes, changeOf(path, Added, f))
		case differs(was.Stat, f.Stat):
			changes = append(changes, changeOf(path, Changed, f))
		}
	}
	for path, f := range before {
		if _, ok := after[path]; !ok {
			changes = append(changes, changeOf(path, Deleted, f))
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return changes
}

// CompareFiles returns what differs between the files before a step and after it, as [Build.Changes]
// does. It lists them directory by directory. Nil stands for an empty image.
func CompareFiles(ctx context.Context, before, after Files) ([]Change, error) {
	var trees [2]tree
	eg, ctx := errgroup.WithContext(ctx)
	for i, files := range []Files{before, after} {
		eg.Go(func() (err error) {
			trees[i], err = listTree(ctx, files)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	return compareTrees(trees[0], trees[1]), nil
}

// listTree lists all files, several directories at a time.
func listTree(ctx context.Context, files Files) (tree, error) {
	var mu sync.Mutex
	all := tree{}
	level := []string{""}
	for len(level) > 0 && files != nil {
		var next []string
		eg, ctx := errgroup.WithContext(ctx)
		eg.SetLimit(8)
		for _, dir := range level {
			eg.Go(func() error {
				list, err := files.ReadDir(ctx, gateway.ReadDirRequest{Path: "/" + dir})
				mu.Lock()
				defer mu.Unlock()
				for _, st := range list {
					name := path.Join(dir, path.Base(st.Path))
					if isHardLink(st) { // to a name that may not be the first one elsewhere
						st.Linkname = ""
					}
					all[name] = treeFile{Stat: st}
					if os.FileMode(st.Mode).IsDir() {
						next = append(next, name)
					}
				}
				return err
			})
		}
		if err := eg.Wait(); err != nil {
			return nil, err
		}
		level = next
	}
	return all, nil
}

func changeOf(path string, kind ChangeKind, f treeFile) Change {
	c := Change{Path: "/" + path, Kind: kind, hardLink: f.hardLink}
	switch mode := os.FileMode(f.Mode); {
	case mode.IsDir():
		c.Path += "/"
	case mode.IsRegular():
		c.Bytes = f.Size
	}
	return c
}

func differs(a, b *types.Stat) bool {
	if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || a.Linkname != b.Linkname || !maps.EqualFunc(a.Xattrs, b.Xattrs, bytes.Equal) {
		return true
	}
	return !os.FileMode(a.Mode).IsDir() && (a.Size != b.Size || a.ModTime != b.ModTime || a.Devmajor != b.Devmajor || a.Devminor != b.Devminor)
}

// Below returns the changes of a path and, if it is a directory, of what is in it. It takes changes
// over.
func Below(changes []Change, path string) []Change {
	path = "/" + strings.Trim(path, "/")
	dir := strings.TrimSuffix(path, "/") + "/"
	return slices.DeleteFunc(changes, func(c Change) bool { return c.Path != path && !strings.HasPrefix(c.Path, dir) })
}
