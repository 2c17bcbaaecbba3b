package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrOutside says that a file is a symlink that leads out of its directory.
var ErrOutside = errors.New("is a link that leads out of its directory, where nothing is sent from")

// ReadWithin reads a file whose content is sent to an engine. As for `docker build`, a
// symlink may stand for it that leads to a file in its directory or below; else the
// error is [ErrOutside].
func ReadWithin(path string) ([]byte, error) {
	if err := CheckPath(path); err != nil {
		return nil, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(dir, real); err != nil || !filepath.IsLocal(rel) {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrOutside}
	}
	st, err := os.Stat(real)
	switch {
	case err != nil:
		return nil, err
	case st.IsDir():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errDirectory}
	case !st.Mode().IsRegular(): // to open a pipe waits for its other end
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNoFile}
	}
	return os.ReadFile(real)
}

var (
	errDirectory = errors.New("it is a directory; name the file in it")
	errNoFile    = errors.New("it is a pipe, a socket or a device, and no file")
)
