package workspace

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxLooked bounds the entries that FindDockerfiles looks at, and maxFound what it finds.
const (
	maxLooked = 100_000
	maxFound  = 2_000
)

var errEnough = errors.New("enough was found")

// FindDockerfiles are the paths of the Dockerfiles in a directory and below it, by their names, in
// the order of a walk. Links are not followed, and directories are left out that tools fill: those
// with a dot before their name and node_modules. When ctx is canceled, or the directory is very
// large, these are the first of them.
func FindDockerfiles(ctx context.Context, dir string) (paths []string) {
	looked := 0
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		looked++
		name := filepath.Base(path)
		switch {
		case ctx.Err() != nil || looked > maxLooked || len(paths) == maxFound:
			return errEnough
		case err != nil: // what cannot be read holds none
			return nil
		case e.IsDir() && path != dir && (strings.HasPrefix(name, ".") || name == "node_modules"):
			return fs.SkipDir
		case e.Type().IsRegular() && KindOf(FileURI(path), "") == Dockerfile:
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}
