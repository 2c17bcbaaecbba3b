package plan

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// contextOf is the context of a build: the argument's, else the setting's. A relative
// path counts from the workspace folder. If nobody chose one, it is a directory that the author has
// opened, or that of the Dockerfile, but never all of a disk or of a home: then there is none, or the
// error is a [noContextError].
func contextOf(snapshot *workspace.Snapshot, doc *workspace.Document, argument, setting string) (build.Context, error) {
	switch {
	case argument != "":
		return namedIn(argument, folderOf(snapshot, doc))
	case setting != "workspace" && setting != "dockerfileDir":
		return namedIn(setting, folderOf(snapshot, doc))
	}
	if doc.URI.Elsewhere() {
		return build.Context{Unchosen: elsewhere("the Dockerfile", doc.URI)}, nil
	}
	if dir := openFolder(snapshot, doc); dir != "" && (setting == "workspace" || doc.Path == "") {
		return directory(dir), nil
	}
	if doc.Path == "" {
		return build.Context{Unchosen: unsaved(snapshot)}, nil
	}
	dir := filepath.Dir(doc.Path)
	if whose := WhyNoContext(doc.Place().Dir()); whose != "" {
		return build.Context{}, &NoContextError{
			fmt.Sprintf("%s lies in %s, %s, all of which would be its context", filepath.Base(doc.Path), dir, whose),
			"move it to a directory of its own, or name a directory by the setting buildls.context or the argument context"}
	}
	if !isDir(dir) {
		return build.Context{Unchosen: &NoContextError{
			fmt.Sprintf("%s, where the Dockerfile is to lie, is no directory yet", dir), "save the file, or set buildls.context to a directory"}}, nil
	}
	return directory(dir), nil
}

// A NoContextError says why a build has no context, and what the author can do.
type NoContextError struct{ why, do string }

func (e *NoContextError) Error() string {
	return fmt.Sprintf("this build has no context: %s; %s", e.why, e.do)
}

// Unwrap makes it one of the params of a command.
func (e *NoContextError) Unwrap() error { return invalid("%s", e.Error()) }

// unsaved says why a Dockerfile that is no file has no context.
func unsaved(snapshot *workspace.Snapshot) error {
	for _, f := range snapshot.Folders() {
		if f.URI.Elsewhere() {
			return elsewhere("the folder", f.URI)
		}
	}
	for _, f := range snapshot.Folders() {
		if whose := WhyNoContext(f.Place()); whose != "" {
			return &NoContextError{
				fmt.Sprintf("the Dockerfile is not saved, and the folder that is open is %s, %s, which is not taken unasked", f.Path, whose),
				"open a folder in it, save the Dockerfile in one of its own, or set buildls.context to a directory"}
		}
	}
	return &NoContextError{"the Dockerfile is not saved, and no folder is open", "save it, open a folder, or set buildls.context to a directory"}
}

// elsewhere says that something is not on this machine.
func elsewhere(what string, uri workspace.URI) error {
	return &NoContextError{fmt.Sprintf("%s %s is not on this machine", what, uri), "run buildls there, open a folder that is here, or set buildls.context to a directory"}
}

// openFolder is the directory that the author has open around a document, or, if it lies in
// none, the first one. Empty if there is none that can be a context.
func openFolder(snapshot *workspace.Snapshot, doc *workspace.Document) string {
	usable := func(f workspace.Folder) bool { return f.Path != "" && WhyNoContext(f.Place()) == "" && isDir(f.Path) }
	if f, _, ok := snapshot.FolderOf(doc); ok {
		if usable(f) {
			return f.Path
		}
		return ""
	}
	for _, f := range snapshot.Folders() {
		if usable(f) {
			return f.Path
		}
	}
	return ""
}

// WhyNoContext says what a directory is that is no build's context unless somebody names it.
// Empty if it may be one.
func WhyNoContext(dir workspace.Place) string {
	if dir.IsRoot() {
		return "the root of the file system"
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	switch rel, within := workspace.PlaceOf(home).From(dir); {
	case within && rel == ".":
		return "your home directory"
	case within:
		return "which holds your home directory"
	}
	return ""
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
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
		return c, invalid("%v", err)
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
		if other := found[name]; spelled[name] != "" && !other.Same(c) {
			return nil, fmt.Errorf("contexts: %s and %s are one name, and cannot be both %s and %s", spelled[name], given, other, c)
		}
		found[name], spelled[name] = c, given
	}
	return found, nil
}
