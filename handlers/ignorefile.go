package handlers

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
)

// An ignoreFile is the .dockerignore that counts for a build. The zero one is none.
type ignoreFile struct {
	uri  workspace.URI
	text []byte
}

// name is that of the file, as a sentence has it.
func (f ignoreFile) name() string {
	path, ok := f.uri.Path()
	if !ok {
		return ".dockerignore"
	}
	return filepath.Base(path)
}

// said is an error of a survey, which may be the ignore file's fault.
func (f ignoreFile) said(err error) error {
	if fault := (survey.Fault{}); errors.As(err, &fault) {
		return errors.New(fault.In(f.name()))
	}
	return err
}

// ignoreFile finds the one that the front end would read: the Dockerfile's own, else the
// context's; a buffer before its file.
func (p *setup) ignoreFile() (ignoreFile, error) {
	name, files, err := p.dockerfiles()
	if err != nil {
		return ignoreFile{}, err
	}
	if own, ok := files[name+".dockerignore"]; ok {
		return ignoreFile{p.snapshot.URIOf(p.doc.Path + ".dockerignore"), own}, nil
	}
	if p.Context.Kind == build.EmptyContext {
		return ignoreFile{}, nil
	}
	return p.ignoreIn(p.Context.Dir)
}

// ignoreIn is the .dockerignore of a directory; the zero one if there is none.
func (p *setup) ignoreIn(dir string) (ignoreFile, error) {
	path := filepath.Join(dir, ".dockerignore")
	if d := p.snapshot.DocumentAt(path); d != nil && p.overlay != "dockerfile" {
		return ignoreFile{d.URI, d.Text.Bytes()}, nil
	}
	text, err := readPlain(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ignoreFile{}, nil
	}
	return ignoreFile{p.snapshot.URIOf(path), text}, err
}

// ignoreFiles are those of all contexts of a build. Of one that cannot be read the engine
// says what becomes of it.
func (p *plan) ignoreFiles() (list []ignoreFile) {
	if file, err := p.ignoreFile(); err == nil {
		list = append(list, file)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Contexts)) {
		if c := p.Contexts[name]; c.Kind == build.LocalContext {
			if file, err := p.ignoreIn(c.Dir); err == nil {
				list = append(list, file)
			}
		}
	}
	return list
}

// readPlain reads a file that is one: of a pipe there might be no end.
func readPlain(path string) ([]byte, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	return os.ReadFile(path)
}

// countedFS is the context as it would be sent, to be counted.
func (p *setup) countedFS() (fsutil.FS, error) {
	if p.Context.Kind == build.EmptyContext {
		return staticfs.NewFS(), nil
	}
	contextFS, err := workspace.NewContextFS(p.Context.Dir, p.overlays())
	if err != nil {
		return nil, invalid("the context %s: %v", p.Context, err)
	}
	return contextFS.Lean(), nil
}

// An EncodingError says that a file of a build is in an encoding that no builder reads.
type EncodingError string

func (e EncodingError) Error() string { return string(e) }

// checkEncoding refuses a Dockerfile and an ignore file in UTF-16: a builder would take
// the first for nonsense, and the second for patterns that match nothing.
func (p *plan) checkEncoding() error {
	if err := checkUTF8(p.doc.Text.Bytes(), p.doc.URI); err != nil {
		return err
	}
	for _, file := range p.ignoreFiles() {
		if path, ok := file.uri.Path(); ok && filepath.Base(path) == dockerui.DefaultDockerignoreName {
			if disk, err := readPlain(path); err == nil {
				file.text = disk // also if it is open: see workspace.NewContextFS
			}
		}
		if err := checkUTF8(file.text, file.uri); err != nil {
			return err
		}
	}
	return nil
}

func checkUTF8(text []byte, uri workspace.URI) error {
	fault, wide := survey.Wide(text)
	if !wide {
		return nil
	}
	name, ok := uri.Path()
	if !ok {
		name = string(uri)
	}
	return EncodingError(name + ": " + fault.Reason)
}
