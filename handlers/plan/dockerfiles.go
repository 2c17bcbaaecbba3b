package plan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/moby/buildkit/frontend/dockerui"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// dockerfiles are the Dockerfile and, if it has one of its own, its .dockerignore
// (BuildKit's frontend/dockerui: <name>.dockerignore beside it). A buffer goes before
// its file.
func (p *Setup) dockerfiles() (name string, files map[string][]byte, err error) {
	if p.Doc.Path == "" || p.Inline() != nil {
		return "Dockerfile", map[string][]byte{"Dockerfile": p.Text()}, nil
	}
	name = filepath.Base(p.Doc.Path)
	files = map[string][]byte{name: p.Doc.Text.Bytes()}
	ignore := p.Doc.Path + ".dockerignore"
	if d := p.Snapshot.DocumentAt(ignore); d != nil && p.overlay != "dockerfile" {
		files[name+".dockerignore"] = d.Text.Bytes()
		return name, files, nil
	}
	switch data, err := workspace.ReadWithin(ignore); {
	case err == nil:
		files[name+".dockerignore"] = data
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, workspace.ErrOutside) && !errors.Is(err, workspace.ErrDirectory): // as in docker build
		return "", nil, err
	}
	return name, files, nil
}

// addIgnoreFile adds the .dockerignore of the context to files, which are sent as one, as if it
// were the Dockerfile's own: the engine need not look for it in the context. It is left there if
// it is no plain file, so that it is the engine that says what becomes of it.
func addIgnoreFile(name string, files map[string][]byte, c build.Context) {
	own := name + dockerui.DefaultDockerignoreName
	if data, has := files[own]; has {
		files[own] = workspace.EngineIgnore(data)
		return
	}
	if c.Kind != build.LocalContext && c.Kind != build.EmptyContext {
		return
	}
	data, ok := []byte(nil), true
	if c.Kind == build.LocalContext {
		data, ok = plainFile(c, dockerui.DefaultDockerignoreName)
	}
	if ok {
		files[own] = append(workspace.EngineIgnore(data), "\n#\n"...) // an empty one is none to an engine elsewhere
	}
}

// plainFile is a file of a local context; nil if there is none. ok is false if it is something
// else, or too large.
func plainFile(c build.Context, name string) (data []byte, ok bool) {
	const limit = 1 << 20
	found, plain := false, false
	err := c.FS.Walk(context.Background(), name, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		found, plain = true, !found && path == name && d.Type().IsRegular()
		return nil
	})
	if err != nil || !found || !plain {
		return nil, err == nil && !found
	}
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	return data, err == nil && len(data) <= limit
}

// OpenDockerfile finds the text to work on: the buffer, or the file if it is not open.
// Without a uri, the Dockerfile that was last active.
func OpenDockerfile(snapshot *workspace.Snapshot, uri workspace.URI) (*workspace.Document, error) {
	if uri == "" {
		if d := snapshot.Active(); d != nil {
			return d, nil
		}
		return nil, invalid("no Dockerfile is open; open one, or name one by its uri")
	}
	if d := snapshot.Document(uri); d != nil {
		return d, nil
	}
	path, ok := uri.Path()
	if !ok {
		return nil, invalid("%s is not open, and not a file", uri)
	}
	if d := snapshot.DocumentAt(path); d != nil {
		return d, nil
	}
	text, err := workspace.ReadWithin(path)
	if err != nil {
		return nil, invalid("no Dockerfile: %v", err)
	}
	return &workspace.Document{URI: uri, Path: path, Text: workspace.NewText(string(text))}, nil
}
