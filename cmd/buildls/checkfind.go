package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	ws "github.com/buildls/buildls/workspace"
)

// A finder looks for Dockerfiles, each of which it finds once: by its own path in a folder
// rather than by that of a link.
type finder struct {
	found []string       // in order, as an author would write them
	wrong []error        // what could not be looked at, or is not what it is called
	name  int            // which of those that were given
	seen  map[string]int // at which of them, by real path
	met   int            // Dockerfiles, those seen before too
	links []string
}

// findAll looks for the Dockerfiles that names stand for: files, whatever they are called, and
// folders with what is in them and behind their links. What is wrong with some does not keep it
// from the others.
func findAll(names []string) (found []string, wrong []error) {
	f := &finder{seen: map[string]int{}}
	for i, name := range names {
		f.name = i
		if name == "-" {
			f.found = append(f.found, name)
			continue
		}
		switch st, err := os.Stat(name); {
		case err != nil:
			f.wrong = append(f.wrong, whyNot(name, err))
		case st.IsDir():
			f.inFolder(name)
		case slices.Contains([]ws.Kind{ws.Compose, ws.Bake}, ws.KindOf(ws.FileURI(name), "")):
			f.wrong = append(f.wrong, fmt.Errorf("%s is no Dockerfile, by its name; give Dockerfiles, or folders", name))
		default:
			f.file(name)
		}
	}
	return f.found, f.wrong
}

// inFolder finds what is in a folder and behind the links in it, unless a link leads to a folder
// above: that is a loop, or the rest of the disk.
func (f *finder) inFolder(name string) {
	met, wrong, first := f.met, len(f.wrong), len(f.found)
	root, err := filepath.EvalSymlinks(name)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err != nil {
		f.wrong = append(f.wrong, whyNot(name, err))
		return
	}
	f.walk(name, root)
	for len(f.links) > 0 {
		link := f.links[0]
		f.links = f.links[1:]
		f.follow(link, root)
	}
	slices.Sort(f.found[first:])
	if f.met == met && len(f.wrong) == wrong {
		f.wrong = append(f.wrong, fmt.Errorf("%s holds no Dockerfile", name))
	}
}

// foreign are folders with what others have written. Whoever means one names it.
var foreign = []string{".git", "node_modules", "vendor"}

// walk finds what is in a folder, whose real path is given too, and leaves links for later.
func (f *finder) walk(dir, real string) {
	if by, seen := f.seen[real]; seen {
		if by != f.name { // what is in it was found, or it was said that nothing is
			f.met++
		}
		return
	}
	f.seen[real] = f.name
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.wrong = append(f.wrong, whyNot(dir, err))
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case slices.Contains(foreign, e.Name()):
		case e.IsDir():
			f.walk(path, filepath.Join(real, e.Name())) // also one that is called dockerfile
		case e.Type() == fs.ModeSymlink:
			f.links = append(f.links, path)
		case isDockerfile(path) && e.Type().IsRegular():
			f.file(path)
		case isDockerfile(path):
			f.wrong = append(f.wrong, notAFile(path, e.Type()))
		}
	}
}

// follow finds what a link leads to.
func (f *finder) follow(link, root string) {
	st, err := os.Stat(link)
	switch {
	case err != nil:
		if isDockerfile(link) || errors.Is(err, fs.ErrPermission) {
			f.wrong = append(f.wrong, whyNot(link, err))
		}
	case st.IsDir():
		real, err := filepath.EvalSymlinks(link)
		if err == nil {
			real, err = filepath.Abs(real)
		}
		if err != nil {
			f.wrong = append(f.wrong, whyNot(link, err))
		} else if !strings.HasPrefix(root+string(filepath.Separator), strings.TrimSuffix(real, string(filepath.Separator))+string(filepath.Separator)) {
			f.walk(link, real)
		}
	case isDockerfile(link) && st.Mode().IsRegular():
		f.file(link)
	case isDockerfile(link):
		f.wrong = append(f.wrong, notAFile(link, st.Mode()))
	}
}

func (f *finder) file(path string) {
	f.met++
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil { // of a process: /dev/fd/63
		real = path
	}
	if _, seen := f.seen[real]; !seen {
		f.seen[real] = f.name
		f.found = append(f.found, path)
	}
}

func isDockerfile(path string) bool { return ws.KindOf(ws.FileURI(path), "") == ws.Dockerfile }

// whyNot says why a path could not be looked at.
func whyNot(path string, err error) error {
	link, _ := os.Readlink(path)
	switch {
	case link == "" && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is a link to %s, which does not exist", path, link)
	case errors.Is(err, syscall.ELOOP):
		return fmt.Errorf("%s is a link that leads back to itself", path)
	case errors.Is(err, ws.ErrDirectory):
		return fmt.Errorf("%s cannot be read: is a directory", path)
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		path, err = cmp.Or(at.Path, path), at.Err
	}
	return fmt.Errorf("%s cannot be read: %w", path, err)
}

func notAFile(path string, mode fs.FileMode) error {
	what := "a device"
	switch mode.Type() {
	case fs.ModeNamedPipe:
		what = "a named pipe"
	case fs.ModeSocket:
		what = "a socket"
	}
	return fmt.Errorf("%s is %s and no Dockerfile", path, what)
}
