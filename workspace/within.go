package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
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
	if _, err := os.Stat(path); err != nil {
		return nil, said(path, err)
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
		return nil, said(path, ErrOutside)
	}
	data, err := ReadPlain(real)
	return data, said(path, err)
}

// MaxText is how large a Dockerfile or an ignore file may be, in bytes: BuildKit's own messages
// hold no more.
const MaxText = 16 << 20

// ReadPlain reads a text that is a file of its own: of a pipe or a device there might be no end,
// and to open one may wait for ever.
func ReadPlain(path string) ([]byte, error) {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, said(path, err)
	case st.IsDir():
		return nil, said(path, ErrDirectory)
	case !st.Mode().IsRegular():
		return nil, said(path, errNoFile)
	case st.Size() > MaxText:
		return nil, said(path, errTooLarge)
	}
	data, err := readUpTo(path, MaxText+1)
	if err == nil && len(data) > MaxText { // it grows, or is one of /proc
		return nil, said(path, errTooLarge)
	}
	return data, err
}

// said is why path cannot be read, with its name.
func said(path string, err error) error {
	var of *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ELOOP):
		err = errLoop
	case errors.As(err, &of):
		err = of.Err
	}
	return &fs.PathError{Op: "read", Path: path, Err: err}
}

// ErrDirectory says that what is to be a file is a directory.
var ErrDirectory = errors.New("it is a directory; name the file in it")

var (
	errNoFile   = errors.New("it is a pipe, a socket or a device, and no file")
	errTooLarge = fmt.Errorf("it is larger than %d MiB, which is too large for BuildKit", MaxText>>20)
	errLoop     = errors.New("it is a link that leads back to itself")
)
