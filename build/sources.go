package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/build/sent"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/session/upload/uploadprovider"
	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
)

// What a Dockerfile front end must be able to do with contexts
// (frontend/dockerfile/builder/caps.go). One that cannot refuses: it would pass over the
// rest in silence.
const (
	capContexts = "moby.buildkit.frontend.contexts"
	capGitQuery = "moby.buildkit.frontend.gitquerystring"
	capZstd     = "moby.buildkit.frontend.contexts.zstd"
	forward     = "+forward" // or the front end that `# syntax=` names
)

// addSources says where the Dockerfile and the files come from, as docker/buildx does in
// its build/opt.go, loadInputs.
func (r *Request) addSources(opt *client.SolveOpt) error {
	attrs, caps := opt.FrontendAttrs, map[string]bool{}
	// The key is never empty: an engine keeps what buildctl sends under the empty key, and a build
	// of buildctl would get our files and modes.
	opt.SharedKey = "buildls"
	opt.LocalMounts = map[string]fsutil.FS{}
	switch c := r.Context; c.Kind {
	case EmptyContext:
		opt.LocalMounts[dockerui.DefaultLocalNameContext] = staticfs.NewFS()
		if c.Unchosen != nil {
			r.unchosen = &unchosenFS{FS: staticfs.NewFS(), err: c.Unchosen}
			opt.LocalMounts[dockerui.DefaultLocalNameContext] = r.unchosen
		}
	case LocalContext:
		opt.LocalMounts[dockerui.DefaultLocalNameContext] = r.recorded(dockerui.DefaultLocalNameContext, c)
		opt.SharedKey = c.SharedKey
		files := r.recorders[dockerui.DefaultLocalNameContext]
		files.Delta = c.Delta
		if c.Earlier != nil && !wantsAttestation(attrs) {
			files.Earlier, attrs[localSessionID+dockerui.DefaultLocalNameContext] = c.Earlier, c.Earlier.Session
		}
	case GitContext, HTTPContext:
		attrs["context"] = c.Source
		caps[capGitQuery] = c.queried()
	case ArchiveContext:
		up := uploadprovider.New()
		attrs["context"] = up.Add(c.archive)
		opt.Session = append(opt.Session, up)
		caps[capZstd] = c.archive.zstd
	}
	if r.DockerfileFS != nil {
		opt.LocalMounts[dockerui.DefaultLocalNameDockerfile] = r.DockerfileFS
		if r.AttestedFS != nil && wantsAttestation(attrs) {
			opt.LocalMounts[dockerui.DefaultLocalNameDockerfile] = r.AttestedFS
		}
		if r.Context.Remote() { // else it is looked for there
			attrs["dockerfilekey"] = dockerui.DefaultLocalNameDockerfile
		}
	}
	if err := r.addNamedContexts(opt, caps); err != nil {
		return err
	}
	maps.DeleteFunc(caps, func(_ string, needed bool) bool { return !needed })
	if len(caps) > 0 {
		attrs["frontend.caps"] = strings.Join(slices.Sorted(maps.Keys(caps)), ",")
	}
	return nil
}

func (r *Request) addNamedContexts(opt *client.SolveOpt, caps map[string]bool) error {
	attrs, stores := opt.FrontendAttrs, layouts{}
	for name, c := range r.Contexts {
		caps[capContexts+forward] = true
		switch c.Kind {
		case GitContext, HTTPContext, ImageContext:
			attrs["context:"+name] = c.Source
			caps[capGitQuery+forward] = caps[capGitQuery+forward] || c.queried()
		case LayoutContext:
			ref, err := stores.add(c)
			if err != nil {
				return fmt.Errorf("context %q: %w", name, err)
			}
			attrs["context:"+name] = ref
		case LocalContext:
			mount := mountName(name)
			opt.LocalMounts[mount] = r.recorded(mount, c)
			attrs["context:"+name] = "local:" + mount
			attrs["sharedkey:localdir:"+name] = c.SharedKey
		case TargetContext: // see linking.inputs
		default:
			return fmt.Errorf("context %q: it has no files", name)
		}
	}
	opt.OCIStores = stores
	return nil
}

// mountName is the name by which the engine asks for the directory of a named context.
func mountName(name string) string {
	if name == dockerui.DefaultLocalNameContext || name == dockerui.DefaultLocalNameDockerfile {
		return "_" + name
	}
	return name
}

// recorded returns the files of a context, and notes what the engine is shown of them.
func (r *Request) recorded(mount string, c Context) fsutil.FS {
	if r.recorders == nil {
		r.recorders = map[string]*sent.Recorder{}
	}
	r.recorders[mount] = sent.NewRecorder(c.Dir, c.FS)
	return r.recorders[mount]
}

// queried says whether a git URL has a query that says what to fetch. Older front ends would pass
// over it.
func (c Context) queried() bool {
	return c.Kind == GitContext && strings.Contains(strings.SplitN(c.Source, "#", 2)[0], "?")
}

// hidden is what must not be shown of the contexts and the caches.
func (r *Request) hidden() (m redact.Mask) {
	m = r.Context.hidden()
	for _, c := range r.Contexts {
		m = append(m, c.hidden()...)
	}
	for _, c := range slices.Concat(r.CacheFrom, r.CacheTo) {
		m = append(m, c.hidden()...)
	}
	return m.Sorted()
}
