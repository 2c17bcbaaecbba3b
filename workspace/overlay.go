package workspace

// Which buffers stand in for which files of a context. That is decided once,
// when the context is opened, and costs a few system calls for each open buffer
// and nothing for the files of the context.
//
// A buffer stands in as the file that saving it would write: a path through a
// symlink is the link's target, a byte order mark on disk that editors keep to
// themselves stays, and a file that is not UTF-8 is not replaced by text that
// is.

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unicode/utf8"
)

// Overlay is the unsaved content of a file.
type Overlay struct {
	Path     string    // absolute
	Data     []byte    // UTF-8
	Modified time.Time // a time that no other content of this file has had
}

// OnDisk says whether the file has what saving the buffer would write.
func (o Overlay) OnDisk() bool {
	fi, err := os.Stat(o.Path)
	if err != nil || !fi.Mode().IsRegular() {
		return false
	}
	_, v := compare(o.Path, fi.Size(), o.Data)
	return v == same
}

// verdict is what became of an Overlay.
type verdict int

const (
	ignored  verdict = iota // outside of the context, or no regular file there
	same                    // what is on disk
	standsIn                // something else
	notUTF8                 // something else, but no save would write it like that
)

// judge compares an overlay with the disk. rel is the path of the file in the
// context, as walking it shows it; the overlay returned has the bytes that saving
// it would write.
func judge(root Place, o Overlay) (rel string, _ Overlay, _ verdict) {
	path, err := resolve(o.Path)
	if err != nil {
		return "", o, ignored
	}
	place := PlaceOf(path)
	rel, ok := place.From(root)
	if !ok || rel == "." {
		return "", o, ignored
	}
	if place.entry.folding != (folding{}) {
		rel = onDisk(root.file.path, rel)
	}
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rel, o, standsIn
	case err != nil || !fi.Mode().IsRegular():
		return "", o, ignored
	}
	data, v := compare(path, fi.Size(), o.Data)
	o.Data = data
	return rel, o, v
}

// resolve follows the symlinks of a path whose last elements need not exist,
// to the file that opening it for writing would write.
func resolve(path string) (string, error) {
	const maxLinks = 40 // as Linux
	for range maxLinks {
		resolved, err := filepath.EvalSymlinks(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return resolved, err
		}
		link, errLink := os.Readlink(path)
		if errLink != nil {
			if filepath.Dir(path) == path {
				return "", err // a drive that is not there
			}
			// Not a dangling link, so the last element is what doesn't exist,
			// or one before it.
			dir, err := resolve(filepath.Dir(path))
			if fi, gone := os.Stat(dir); err == nil && gone == nil && !fi.IsDir() {
				err = syscall.ENOTDIR // Windows says of what is below a file that it is not there
			}
			return filepath.Join(dir, filepath.Base(path)), err
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", &fs.PathError{Op: "resolve", Path: path, Err: errors.New("too many links")}
}

// maxCompare bounds what is read of a file that is not as long as its buffer.
// No editor holds a larger one.
const maxCompare = 64 << 20

// compare tells a buffer from a file of size bytes, and returns what saving the
// buffer would write.
func compare(path string, size int64, buffer []byte) ([]byte, verdict) {
	disk, err := readUpTo(path, max(maxCompare, int64(len(buffer))+1))
	if err != nil {
		return buffer, standsIn // whoever can't read it can't be shown it either
	}
	bom := []byte("\xEF\xBB\xBF")
	if bytes.HasPrefix(disk, bom) && !bytes.HasPrefix(buffer, bom) {
		buffer = append(bom, buffer...)
	}
	switch {
	case int64(len(buffer)) == size && bytes.Equal(disk, buffer):
		return buffer, same
	case !utf8.Valid(disk):
		return buffer, notUTF8
	}
	return buffer, standsIn
}

func readUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
