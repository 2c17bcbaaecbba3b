package inspect

import (
	"context"
	"os"
	"path"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil/types"
)

// A DirEntry is what a directory holds.
type DirEntry struct {
	Name      string
	Directory bool // not a link to one
}

// Directory lists a directory as a step left it, by the names in it. name is taken from the root. If
// there is none, the list is empty. The engine finds the step in its cache; nothing is run.
func (b *Build) Directory(ctx context.Context, step int, name string) (list []DirEntry, err error) {
	_, after, err := b.state(step).around()
	if err != nil {
		return nil, err
	}
	name = path.Join("/", name)
	look := func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		ref, err := b.lookUp(ctx, g, b.state(step), after)
		if err != nil || ref == nil {
			return gateway.NewResult(), err
		}
		var found []*types.Stat
		if found, err = ref.ReadDir(ctx, gateway.ReadDirRequest{Path: name}); err != nil && isNoFile(notThere(name, err)) {
			err = nil // not returned, because engines are slow with errors
		}
		for _, st := range found {
			list = append(list, DirEntry{path.Base(st.Path), os.FileMode(st.Mode).IsDir()})
		}
		return gateway.NewResult(), err
	}
	_, err = b.ask(ctx, nil, nil, look)
	return list, err
}
