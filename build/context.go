package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/buildls/buildls/build/sent"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/moby/buildkit/util/gitutil"
	"github.com/tonistiigi/fsutil"
)

// A Context is where the files of a build come from. The zero Context has none.
type Context struct {
	Kind ContextKind
	// Dir is the directory of a LocalContext or LayoutContext, absolute.
	Dir string
	// Unchosen is why nobody has chosen a context. The Kind is then EmptyContext, and a build that
	// asks for files of the context fails with this error. Unchosen is nil if the context is meant
	// to be empty.
	Unchosen error
	// Source is what the Dockerfile front end is told of a GitContext, HTTPContext or
	// ImageContext, a LayoutContext's digest, and "target:NAME". It may hold a password: show String.
	Source string
	// FS are the files of a LocalContext. fsutil finds what symlinks in it lead to, unless FS has a
	// method Follow(*fsutil.FilterOpt) error: then that is called with what an engine asks for.
	FS fsutil.FS
	// SharedKey identifies a LocalContext, so that an engine asks only for what changed
	// in it since the last build.
	SharedKey string
	// Earlier is the copy of a LocalContext that the engine has of an earlier build. It is set only
	// if FS still shows the same files, and no other build uses it at the same time.
	Earlier *sent.Context
	// Delta is how FS differs from the copy that the engine has; nil if that is not known. Of
	// Earlier and Delta at most one is set.
	Delta *sent.Delta
	// Build is the build whose result a TargetContext is. No build may stand on itself.
	Build *Request

	archive *archive // of an ArchiveContext
	git     *dfgitutil.GitRef
}

// ContextKind says what a context is.
type ContextKind int

// The kinds of contexts.
const (
	EmptyContext   ContextKind = iota
	LocalContext               // a directory on this machine
	GitContext                 // a git repository, that the engine fetches
	HTTPContext                // a tar or a Dockerfile, that the engine fetches
	ArchiveContext             // a tar, that is sent as it is
	ImageContext               // an image of a registry; for named contexts
	LayoutContext              // an image in an OCI layout on this machine; likewise
	TargetContext              // the result of another build; likewise
)

// Remote says whether the engine gets the files from elsewhere than a directory of this
// machine; then the Dockerfile may lie among them.
func (c Context) Remote() bool {
	return c.Kind == GitContext || c.Kind == HTTPContext || c.Kind == ArchiveContext
}

// ParseContext reads what `docker build` takes as its context: a directory, the URL of a
// git repository, of a tar or of a Dockerfile. A directory that is there goes before a
// URL. locate makes a path absolute.
func ParseContext(value string, locate func(path string) (string, error)) (Context, error) {
	if value == "" {
		return Context{}, errors.New("the context is empty; it can be a directory, a git URL or an http(s) URL")
	}
	dir, err := locate(value)
	if err == nil && isDir(dir) {
		return Context{Kind: LocalContext, Dir: dir}, nil
	}
	if c, ok, err := parseRemote(value); ok || err != nil {
		return c, err
	}
	if scheme, _, ok := strings.Cut(value, "://"); ok {
		return Context{}, fmt.Errorf("context %s: %s:// is not known; it can be a directory, a git URL or an http(s) URL", redactAddress(value), scheme)
	}
	if err != nil {
		return Context{}, fmt.Errorf("context %w", err)
	}
	return Context{}, fmt.Errorf("context %w", whyNoDir(dir))
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// whyNoDir says what is wrong with a directory.
func whyNoDir(path string) error {
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist", path)
	case err != nil:
		return err
	}
	return fmt.Errorf("%s is not a directory", path)
}

// parseRemote reads a git or http(s) URL; ok is false for what is none.
func parseRemote(value string) (c Context, ok bool, err error) {
	ref, isGit, err := dfgitutil.ParseGitRef(value)
	switch {
	case isGit && err != nil:
		return Context{}, false, fmt.Errorf("context %s: %w", redactAddress(value), err)
	case isGit:
		return Context{Kind: GitContext, Source: value, git: ref}, true, nil
	case !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://"):
		return Context{}, false, nil
	}
	if u, err := parseURL(value); err != nil || u.Host == "" {
		return Context{}, false, fmt.Errorf("context %s: it is not a valid URL", redactAddress(value))
	}
	return Context{Kind: HTTPContext, Source: value}, true, nil
}

// ContextName is the normal form of a named context's name: as the Dockerfile front end
// compares names, "alpine" for "docker.io/library/alpine:latest".
func ContextName(name string) (string, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", fmt.Errorf("context %q: a name is lower-case, as an image's: %w", name, err)
	}
	return strings.TrimSuffix(reference.FamiliarString(named), ":latest"), nil
}

// ParseNamedContext reads what `docker build --build-context` takes as a value: what
// ParseContext does, docker-image://NAME, and oci-layout://PATH[:TAG][@DIGEST]; or, as in
// bake files, target:NAME, whose Build is then the caller's to find.
func ParseNamedContext(value string, locate func(path string) (string, error)) (Context, error) {
	if image, ok := strings.CutPrefix(value, "docker-image://"); ok {
		if _, err := reference.ParseNormalizedNamed(image); err != nil {
			return Context{}, fmt.Errorf("image %q: %w", image, err)
		}
		return Context{Kind: ImageContext, Source: value}, nil
	}
	if layout, ok := strings.CutPrefix(value, "oci-layout://"); ok {
		return parseLayout(layout, locate)
	}
	if name, ok := strings.CutPrefix(value, "target:"); ok {
		if name == "" {
			return Context{}, errors.New("target: names no other build; write it as target:NAME")
		}
		return Context{Kind: TargetContext, Source: value}, nil
	}
	return ParseContext(value, locate)
}

// Same says whether two contexts are one: a directory by another path, or an image by another
// name. docker-image://scratch is no image, so it is none of that name.
func (c Context) Same(o Context) bool {
	image := func(source string) string {
		name := strings.TrimPrefix(source, "docker-image://")
		named, err := reference.ParseNormalizedNamed(name)
		if name == "scratch" || err != nil {
			return name
		}
		return reference.TagNameOnly(named).String()
	}
	if c.Kind != o.Kind || c.Source != o.Source && (c.Kind != ImageContext || image(c.Source) != image(o.Source)) {
		return false
	}
	if c.Dir == o.Dir {
		return true
	}
	here, err := os.Stat(c.Dir)
	if err != nil {
		return false
	}
	there, err := os.Stat(o.Dir)
	return err == nil && os.SameFile(here, there)
}

// OverSSH says whether the engine fetches the context by SSH, and so needs an agent.
func (c Context) OverSSH() bool {
	u, err := gitutil.ParseURL(c.Source)
	return c.Kind == GitContext && err == nil && u.Scheme == gitutil.SSHProtocol
}
