package plan

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
	"github.com/buildls/buildls/workspace/survey"
)

// An IgnoreFile is the .dockerignore that counts for a build. The zero one is none.
type IgnoreFile struct {
	URI  workspace.URI
	Text []byte
}

// Name is that of the file, as a sentence has it.
func (f IgnoreFile) Name() string {
	path, ok := f.URI.Path()
	if !ok {
		return ".dockerignore"
	}
	return filepath.Base(path)
}

// Explain is an error of a survey, in other words if it is the ignore file's fault.
func (f IgnoreFile) Explain(err error) error {
	if fault := (survey.Fault{}); errors.As(err, &fault) {
		return errors.New(fault.In(f.Name()))
	}
	return err
}

// IgnoreFile finds the one that the front end would read: the Dockerfile's own, else the
// context's; a buffer before its file.
func (p *Setup) IgnoreFile() (IgnoreFile, error) {
	name, files, err := p.dockerfiles()
	if err != nil {
		return IgnoreFile{}, err
	}
	if own, ok := files[name+".dockerignore"]; ok {
		return IgnoreFile{p.Snapshot.URIOf(p.Doc.Path + ".dockerignore"), own}, nil
	}
	if p.Context.Kind == build.EmptyContext {
		return IgnoreFile{}, nil
	}
	return p.ignoreIn(p.Context.Dir)
}

// ignoreIn is the .dockerignore of a directory; the zero one if there is none.
func (p *Setup) ignoreIn(dir string) (IgnoreFile, error) {
	path := filepath.Join(dir, ".dockerignore")
	if d := p.Snapshot.DocumentAt(path); d != nil && p.overlay != "dockerfile" {
		return IgnoreFile{d.URI, d.Text.Bytes()}, nil
	}
	text, err := workspace.ReadPlain(path)
	if errors.Is(err, fs.ErrNotExist) {
		return IgnoreFile{}, nil
	}
	return IgnoreFile{p.Snapshot.URIOf(path), text}, err
}

// IgnoreFiles are those of all contexts of a build. Of one that cannot be read the engine
// says what becomes of it.
func (p *Plan) IgnoreFiles() (list []IgnoreFile) {
	if file, err := p.IgnoreFile(); err == nil {
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

// CountedFS is the context as it would be sent, to be counted.
func (p *Setup) CountedFS() (fsutil.FS, error) {
	if p.Context.Kind == build.EmptyContext {
		return staticfs.NewFS(), nil
	}
	contextFS, err := workspace.NewContextFS(p.Context.Dir, p.ContextOverlays())
	if err != nil {
		return nil, invalid("the context %s: %v", p.Context, err)
	}
	return contextFS.MetadataOnly(), nil
}

// An EncodingError says that a file of a build is in an encoding that no builder reads.
type EncodingError string

func (e EncodingError) Error() string { return string(e) }

// checkEncoding refuses a Dockerfile and an ignore file in UTF-16: a builder would take
// the first for nonsense, and the second for patterns that match nothing.
func (p *Plan) checkEncoding() error {
	if err := checkUTF8(p.Doc.Text.Bytes(), p.Doc.URI); err != nil {
		return err
	}
	for _, file := range p.IgnoreFiles() {
		if path, ok := file.URI.Path(); ok && filepath.Base(path) == dockerui.DefaultDockerignoreName {
			if disk, err := workspace.ReadPlain(path); err == nil {
				file.Text = disk // also if it is open: see workspace.NewContextFS
			}
		}
		if err := checkUTF8(file.Text, file.URI); err != nil {
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
