package workspace

// The Dockerfile reaches the engine from memory, as a directory of its own with
// one or two files, so that what is built is what the author sees.
//
// Engines ask for a file again only if its metadata changed since the last
// build of the same workspace, and that compares times to the nanosecond. So a
// time that follows from what the file is and where it lies means: sent again
// exactly when it should be, even after this program was restarted, and also
// when two Dockerfiles of the same name and length take turns.

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// NewDockerfileFS holds the Dockerfile called name, and its ignore file
// name.dockerignore if there is one, from memory: the "dockerfile" mount of a
// build. name has no "/", wherever the Dockerfile lies: staticfs can't hold
// directories that a walk may skip. The keys of files are their names in the
// mount; other files than the two are left out, since a front end has no
// business with them. seed is the Dockerfile's absolute path or URI.
func NewDockerfileFS(name string, files map[string][]byte, seed string) fsutil.FS {
	mount := staticfs.NewFS()
	for _, n := range []string{name, name + ".dockerignore"} {
		if data, ok := files[n]; ok {
			mount.Add(n, &types.Stat{Mode: 0o644, ModTime: contentTime(seed, n, data).UnixNano()}, data)
		}
	}
	return slashFS{mount}
}

// slashFS is a file system of BuildKit's staticfs, which knows "/" alone: a sender on Windows
// asks for the whole of it as `\`, and would be shown nothing.
type slashFS struct{ fsutil.FS }

// Walk implements [fsutil.FS].
func (s slashFS) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	return s.FS.Walk(ctx, filepath.ToSlash(target), fn)
}

// contentTime is a time between 2001 and 2030 that is as good as unique to its
// arguments: one of 2^53, in steps of 100 ns, which is what NTFS keeps.
func contentTime(seed, name string, data []byte) time.Time {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(seed), []byte(name), data} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	const step = 100 * time.Nanosecond
	from := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	steps := uint64(to.Sub(from) / step)
	return from.Add(time.Duration(binary.BigEndian.Uint64(h.Sum(nil))%steps) * step)
}
