package workspace

import (
	"context"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Changes are what a context shows that it did not when it was traced, where that is but the
// content or the metadata of some of the files and directories that were there. They are an
// fsutil.FS of these, and of the directories above them.
type Changes struct {
	// Trace is that of the context with the changes.
	Trace *Trace

	context *ContextFS
	paths   []string // in the order of a walk
}

var _ fsutil.FS = (*Changes)(nil)

// maxChanges is for how many it is worth to look at each by its path.
const maxChanges = 1000

// unsettled is the identity of a file that may change without a trace of it (see
// [seen.settled]): no file has it, and so it will count as changed.
const unsettled = 1

// Changes are what c shows otherwise than the context that was traced: nil if that can't be
// told, or is more than Changes can say.
func (t *Trace) Changes(ctx context.Context, c *ContextFS) *Changes {
	now := t.compare(ctx, c)
	if now == nil || len(now.changed) > maxChanges {
		return nil
	}
	paths := map[string]bool{}
	for path := range now.changed {
		for ; path != "."; path = filepath.Dir(path) {
			paths[path] = true
		}
	}
	return &Changes{Trace: now.trace(t, c), context: c, paths: slices.SortedFunc(maps.Keys(paths), fsutil.ComparePath)}
}

// Empty says that there are none.
func (c *Changes) Empty() bool { return len(c.paths) == 0 }

// Walk implements [fsutil.FS], of the whole.
func (c *Changes) Walk(ctx context.Context, _ string, fn fs.WalkDirFunc) error {
	for _, path := range c.paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		stat, err := c.context.stat(path)
		if err != nil {
			return err // all is walked then
		}
		if err := fn(path, &fsutil.DirEntryInfo{Stat: stat}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Open implements [fsutil.FS].
func (c *Changes) Open(path string) (io.ReadCloser, error) { return c.context.Open(path) }

// stat is what a walk shows of a file on disk that has one name, or of a directory.
func (c *ContextFS) stat(path string) (*types.Stat, error) {
	stat, err := fsutil.Stat(filepath.Join(c.root, path))
	if err != nil {
		return nil, err
	}
	stat.Path = path
	if o, ok := c.overlays[path]; ok && os.FileMode(stat.Mode).IsRegular() {
		stat.Size, stat.ModTime = int64(len(o.Data)), o.Modified.UnixNano()
	}
	return stat, nil
}
