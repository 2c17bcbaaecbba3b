package handlers

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// contextOf is the context of a build: the argument's, else the setting's. A relative
// path counts from the workspace folder.
func contextOf(snapshot *workspace.Snapshot, doc *workspace.Document, argument, setting string) (build.Context, error) {
	folder := folderOf(snapshot, doc)
	switch {
	case argument != "":
		return namedIn(argument, folder)
	case setting == "workspace" && folder == "" && doc.Path != "", setting == "dockerfileDir" && doc.Path != "":
		return directory(filepath.Dir(doc.Path)), nil
	case setting == "workspace", setting == "dockerfileDir":
		return directory(folder), nil // empty for a new buffer without a workspace
	}
	return namedIn(setting, folder)
}

func directory(dir string) build.Context {
	if dir == "" {
		return build.Context{}
	}
	return build.Context{Kind: build.LocalContext, Dir: dir}
}

// namedIn is a context that somebody wrote down.
func namedIn(value, folder string) (build.Context, error) {
	c, err := build.ParseContext(value, pathsIn(folder))
	if err != nil {
		return c, lsp.InvalidParams("%v", err)
	}
	return c, nil
}

// pathsIn makes paths and file: URIs absolute. Relative ones count from dir.
func pathsIn(dir string) func(path string) (string, error) {
	return func(path string) (string, error) {
		if p, ok := workspace.URI(path).Path(); ok {
			return p, workspace.CheckPath(p)
		}
		return absolute(dir, path)
	}
}

// contexts checks the named contexts. Relative paths count from dir.
func (o *Options) contexts(dir string) (map[string]build.Context, error) {
	found, spelled := map[string]build.Context{}, map[string]string{}
	for _, given := range slices.Sorted(maps.Keys(o.Contexts)) {
		name, err := build.ContextName(given)
		if err != nil {
			return nil, err
		}
		c, err := build.ParseNamedContext(o.Contexts[given], pathsIn(dir))
		if err != nil {
			return nil, fmt.Errorf("contexts: %s: %w", given, err)
		}
		if other := found[name]; spelled[name] != "" && (other.Kind != c.Kind || other.Dir != c.Dir || other.Source != c.Source) {
			return nil, fmt.Errorf("contexts: %s and %s are one name, and cannot be both %s and %s", spelled[name], given, other, c)
		}
		found[name], spelled[name] = c, given
	}
	return found, nil
}

// A laid is the contexts with the author's buffers laid over them.
type laid struct {
	overlaid []workspace.URI  // the buffers that stand in for files
	notUTF8  []string         // files that are not text: their buffers cannot stand in
	linked   map[string]*plan // of the linked builds, by their ids
}

// A laying lays the author's buffers over contexts. onError is told when a file cannot be
// sent.
type laying struct {
	laid
	onError func(error)
	made    map[*plan]*build.Request // of linked builds: each is one, however many stand on it
}

// context lays buffers over a local context.
func (l *laying) context(p *plan, c build.Context) (build.Context, error) {
	if c.Kind != build.LocalContext {
		return c, nil
	}
	contextFS, err := workspace.NewContextFS(c.Dir, p.overlays())
	if err != nil {
		return c, fmt.Errorf("reading the context: %w", err)
	}
	contextFS.OnError = func(path string, err error) { l.onError(&build.ContextError{Path: path, Err: err}) }
	for _, path := range contextFS.Overlaid() {
		if uri := p.snapshot.URIOf(path); !slices.Contains(l.overlaid, uri) {
			l.overlaid = append(l.overlaid, uri)
		}
	}
	for _, path := range contextFS.NotUTF8() {
		if !slices.Contains(l.notUTF8, path) {
			l.notUTF8 = append(l.notUTF8, path)
		}
	}
	c.FS, c.SharedKey = contextFS, sharedKey(c.Dir)
	return c, nil
}

// all lays buffers over all contexts of a request, and makes the requests whose results
// are some of them.
func (l *laying) all(p *plan, req *build.Request) (err error) {
	if req.Context, err = l.context(p, p.context); err != nil {
		return err
	}
	req.Contexts = map[string]build.Context{}
	for _, name := range slices.Sorted(maps.Keys(p.contexts)) {
		c, err := l.context(p, p.contexts[name])
		if err == nil && c.Kind == build.TargetContext {
			c.Build, err = l.target(p.linked[name])
		}
		if err != nil {
			return err
		}
		req.Contexts[name] = c
	}
	return nil
}
