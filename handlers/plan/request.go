package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/moby/buildkit/identity"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// Request lays the author's buffers over the contexts. onError is told when a file
// cannot be sent.
func (p *Plan) Request(id string, onError func(error)) (*build.Request, Overlays, error) {
	l := &requestBuilder{onError: onError, made: map[*Plan]*build.Request{}}
	if p.Doc != nil {
		if err := p.checkEncoding(); err != nil {
			return nil, Overlays{}, err
		}
	}
	req, err := l.request(p, id)
	if p.Doc != nil && p.Inline() == nil && !slices.Contains(l.NotUTF8, p.Doc.Path) {
		if disk, err := workspace.ReadWithin(p.Doc.Path); err == nil && !utf8.Valid(disk) {
			l.NotUTF8 = append(l.NotUTF8, p.Doc.Path)
		}
	}
	return req, l.Overlays, err
}

// Overlays are the author's buffers in the contexts of a request.
type Overlays struct {
	Overlaid []workspace.URI  // those that stand in for files
	NotUTF8  []string         // files that are not text: their buffers cannot stand in
	Linked   map[string]*Plan // of the linked builds, by their ids
}

// A requestBuilder makes requests of plans. onError is told when a file cannot be sent.
type requestBuilder struct {
	Overlays
	onError func(error)
	made    map[*Plan]*build.Request // of linked builds: each is one, however many stand on it
}

// request makes the request of a plan, and those that it stands on.
func (l *requestBuilder) request(p *Plan, id string) (*build.Request, error) {
	req := &build.Request{
		ID: id, Spec: p.Spec, DockerfileName: p.filename, Stdout: p.stdout, WhyMissing: p.whyMissing,
		Unrecorded: p.stdout == nil, // an editor's builds would drive those of the terminal out of the engine's history
	}
	if err := l.addContexts(p, req); err != nil || p.Doc == nil {
		return req, err
	}
	name, files, err := p.dockerfiles()
	if err != nil {
		return nil, err
	}
	req.Dockerfile, req.DockerfileName = files[name], name
	req.AttestedFS = workspace.NewDockerfileFS(name, maps.Clone(files), string(p.Doc.URI))
	addIgnoreFile(name, files, req.Context)
	req.DockerfileFS = workspace.NewDockerfileFS(name, files, string(p.Doc.URI))
	return req, nil
}

// addContexts lays buffers over all contexts of a request, and makes the requests whose results
// are some of them.
func (l *requestBuilder) addContexts(p *Plan, req *build.Request) (err error) {
	if req.Context, err = l.context(p, p.Context); err != nil {
		return err
	}
	req.Contexts = map[string]build.Context{}
	for _, name := range slices.Sorted(maps.Keys(p.Contexts)) {
		c, err := l.context(p, p.Contexts[name])
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

// context lays buffers over a local context.
func (l *requestBuilder) context(p *Plan, c build.Context) (build.Context, error) {
	if c.Kind != build.LocalContext {
		return c, nil
	}
	contextFS, err := workspace.NewContextFS(c.Dir, p.Overlays())
	if err != nil {
		return c, fmt.Errorf("reading the context: %w", err)
	}
	contextFS.OnError = func(path string, err error) { l.onError(&build.ContextError{Path: path, Err: err}) }
	for _, path := range contextFS.Overlaid() {
		if uri := p.Snapshot.URIOf(path); !slices.Contains(l.Overlaid, uri) {
			l.Overlaid = append(l.Overlaid, uri)
		}
	}
	for _, path := range contextFS.NotUTF8() {
		if !slices.Contains(l.NotUTF8, path) {
			l.NotUTF8 = append(l.NotUTF8, path)
		}
	}
	c.FS, c.SharedKey = contextFS, sharedKey(c.Dir)
	return c, nil
}

// target makes the request of a linked build.
func (l *requestBuilder) target(p *Plan) (*build.Request, error) {
	if req := l.made[p]; req != nil {
		return req, nil
	}
	id := identity.NewID()
	req, err := l.request(p, id)
	if err != nil {
		return nil, err
	}
	req.Linked = BaseProfile(p.Profile.Name)
	if l.Linked == nil {
		l.Linked = map[string]*Plan{}
	}
	l.made[p], l.Linked[id] = req, p
	return req, nil
}

// sharedKey identifies a context on this machine.
func sharedKey(dir string) string {
	host, _ := os.Hostname()
	sum := sha256.Sum256([]byte(host + "\x00" + workspace.PlaceOf(dir).Key()))
	return "buildls:" + hex.EncodeToString(sum[:16])
}
