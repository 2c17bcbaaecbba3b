package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/util/staticfs"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// A plan is what is to be built: an argument, checked, with the author's settings and
// the workspace's defaults filled in. It does not change.
type plan struct {
	snapshot  *workspace.Snapshot
	doc       *workspace.Document
	context   string // the directory; empty for an empty context
	target    string
	tags      []string // full names
	tagged    bool     // by the author, not by default
	platforms []string
	buildArgs map[string]string
	noCache   bool
	options   build.Options
	secrets   []build.Secret
	ssh       []build.SSH
	outputs   []build.Output
	attests   []build.Attest
	cacheFrom []build.Cache
	cacheTo   []build.Cache
	iidFile   string
	metadata  string    // the file
	stdout    io.Writer // nil in an editor
	overlay   string
	wishes    []engine.Wish
}

// A missingTargetError says that a Dockerfile has no stage of that name.
type missingTargetError struct {
	error
	doc    *workspace.Document
	target string
}

func (e *missingTargetError) Unwrap() error { return e.error }

// plan checks an argument. Its errors are the author's, with a sentence to act on.
func newPlan(snapshot *workspace.Snapshot, arg buildArgument, settings Settings) (*plan, error) {
	if err := checkEngine(arg.Engine); err != nil {
		return nil, lsp.InvalidParams("%v", err)
	}
	doc, err := dockerfile(snapshot, arg.URI)
	if err != nil {
		return nil, err
	}
	dir, err := contextDir(snapshot, doc, arg.Context, settings.Context)
	if err != nil {
		return nil, err
	}
	tagged := len(arg.Tags) > 0
	p := &plan{snapshot: snapshot, doc: doc, context: dir, tagged: tagged, overlay: settings.Overlay, wishes: wishes(arg.Engine, settings)}
	if err := p.fill(arg.Options, folderOf(snapshot, doc)); err != nil {
		return nil, err
	}
	if !tagged {
		p.tags, err = tagsOf([]string{defaultTag(dir, arg.Target)})
	}
	return p, err
}

// fill checks and takes what an argument says of the build itself. Relative paths
// count from dir.
func (p *plan) fill(arg Options, dir string) error {
	p.target, p.noCache, p.buildArgs = arg.Target, arg.NoCache, valuesOf(arg.BuildArgs)
	for _, platform := range arg.Platforms {
		normal, err := build.CheckPlatform(platform)
		if err != nil {
			return lsp.InvalidParams("%v", err)
		}
		p.platforms = append(p.platforms, normal)
	}
	var err error
	if p.tags, err = tagsOf(arg.Tags); err != nil {
		return err
	}
	if p.options, err = arg.steps(); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	if err := p.checkStages(); err != nil {
		return err
	}
	if p.secrets, err = arg.secrets(dir); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	if p.ssh, err = arg.ssh(dir); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	if p.outputs, err = arg.outputs(dir, p.stdout != nil); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	if p.attests, err = arg.attests(); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	if p.cacheFrom, p.cacheTo, err = arg.caches(dir); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	if p.iidFile, p.metadata, err = arg.files(dir); err != nil {
		return lsp.InvalidParams("%v", err)
	}
	return nil
}

// tagsOf are the full names of tags.
func tagsOf(tags []string) (full []string, err error) {
	for _, tag := range tags {
		name, err := build.CheckTag(tag)
		if err != nil {
			return nil, lsp.InvalidParams("%v", err)
		}
		full = append(full, name)
	}
	return full, nil
}

// checkStages refuses stages that the Dockerfile does not have. One that does not
// parse is left to the engine, which says why.
func (p *plan) checkStages() error {
	if p.target == "" && len(p.options.NoCacheFilter) == 0 {
		return nil
	}
	stages, err := build.Stages(p.doc.Text.Bytes())
	if err != nil {
		return nil
	}
	var names []string
	for _, st := range stages {
		if st.Name != "" {
			names = append(names, st.Name)
		}
	}
	known := "it names none"
	if len(names) > 0 {
		known = "it has " + strings.Join(names, ", ")
	}
	file := filepath.Base(string(p.doc.URI))
	for _, name := range p.options.NoCacheFilter {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return lsp.InvalidParams("noCacheFilter: no stage of %s is named %q; %s", file, name, known)
		}
	}
	if p.target == "" || build.Target(stages, p.target) >= 0 {
		return nil
	}
	return &missingTargetError{lsp.InvalidParams("unknown target %q in %s; %s", p.target, file, known), p.doc, p.target}
}

// reportMissingTarget shows a missing target in the text too, on the last FROM: it may
// come from a setting, far from the eye.
func (s *Server) reportMissingTarget(sequence int64, err error) {
	var missing *missingTargetError
	if !errors.As(err, &missing) {
		return
	}
	stages, _ := build.Stages(missing.doc.Text.Bytes())
	if len(stages) == 0 {
		return
	}
	problem := build.Problem{Code: "build", Message: fmt.Sprintf("target stage %q could not be found", missing.target), Lines: stages[len(stages)-1].Lines}
	s.diagnostics.begin(sequence, missing.doc, missing.target)
	s.diagnostics.finish(sequence, missing.doc.URI, missing.target, []build.Problem{problem})
	s.diagnostics.publish(missing.doc.URI)
}

// contextDir is the directory that is the context: the argument's, else the
// setting's. A relative path counts from the workspace folder.
func contextDir(snapshot *workspace.Snapshot, doc *workspace.Document, argument, setting string) (string, error) {
	folder := folderOf(snapshot, doc)
	wish := argument
	if wish == "" {
		wish = setting
	}
	switch {
	case wish == "workspace" && argument == "":
		if folder == "" && doc.Path != "" {
			folder = filepath.Dir(doc.Path)
		}
		return folder, nil // empty for a new buffer without a workspace
	case wish == "dockerfileDir" && argument == "":
		if doc.Path == "" {
			return folder, nil
		}
		return filepath.Dir(doc.Path), nil
	}
	return explicitDir(wish, folder)
}

// explicitDir is a context that somebody named by path or file: URI.
func explicitDir(wish, folder string) (string, error) {
	dir := wish
	if path, ok := workspace.URI(wish).Path(); ok {
		dir = path
	} else if strings.Contains(wish, "://") {
		return "", lsp.InvalidParams("context %q: remote contexts are not supported yet; name a directory", wish)
	}
	if !filepath.IsAbs(dir) {
		if folder == "" {
			return "", lsp.InvalidParams("context %q is relative, and no workspace folder is open", wish)
		}
		dir = filepath.Join(folder, dir)
	}
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", lsp.InvalidParams("context %s does not exist", dir)
	case err != nil:
		return "", lsp.InvalidParams("context: %v", err)
	case !st.IsDir():
		return "", lsp.InvalidParams("context %s is not a directory", dir)
	}
	return filepath.Clean(dir), nil
}

// folderOf is the workspace folder that holds the document, else the first one.
func folderOf(snapshot *workspace.Snapshot, doc *workspace.Document) string {
	if doc.Path != "" {
		if f, ok := snapshot.FolderOf(doc.Path); ok {
			return f.Path
		}
	}
	if folders := snapshot.Folders(); len(folders) > 0 {
		return folders[0].Path
	}
	return ""
}

// defaultTag is the one name of what is built all day: the folder's, made a valid
// reference.
func defaultTag(context, target string) string {
	name := cleanComponent(filepath.Base(context))
	tag := cleanTag(target)
	if _, err := reference.ParseNormalizedNamed(name + ":" + tag); err != nil {
		return "image:" + tag
	}
	return name + ":" + tag
}

// cleanComponent makes a path component of a reference (distribution/reference:
// [a-z0-9]+ joined by single separators).
func cleanComponent(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
	}
	if b.Len() == 0 {
		return "image"
	}
	return b.String()
}

// cleanTag makes a tag ([\w][\w.-]{0,127}) of a target's name.
func cleanTag(target string) string {
	tag := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, target)
	tag = strings.TrimLeft(tag, ".-")
	if tag == "" {
		return "latest"
	}
	return tag[:min(len(tag), 128)]
}

// title names what is built, for people.
func (p *plan) title() string {
	if len(p.tags) == 0 {
		return filepath.Base(string(p.doc.URI))
	}
	return short(p.tags[0])
}

// short is a reference as people write it: app:dev for docker.io/library/app:dev.
func short(tag string) string {
	named, err := reference.ParseNormalizedNamed(tag)
	if err != nil {
		return tag
	}
	return reference.FamiliarString(named)
}

// spelled is an engine as the setting spells it.
func spelled(i engine.Info) string {
	switch {
	case i.Builder != "":
		return "builder:" + i.Builder
	case i.Name == "buildkitd":
		return i.Address
	}
	return i.Name
}

// started is the result as far as it is known before the build.
func (p *plan) started(id string) *buildResult {
	return &buildResult{ID: id, URI: p.doc.URI, Status: "running", Tags: []string{}, Platforms: append([]string{}, p.platforms...), Target: p.target,
		Context: p.context, Overlaid: []workspace.URI{}, Steps: []stepResult{}, Warnings: []warningResult{}}
}

// A laid is the context with the author's buffers laid over it.
type laid struct {
	overlaid []workspace.URI // the buffers that stand in for files
	notUTF8  []string        // files that are not text: their buffers cannot stand in
}

// request lays the author's buffers over the context. onError is told when a file
// cannot be sent.
func (p *plan) request(id string, onError func(error)) (*build.Request, laid, error) {
	name, files, err := p.dockerfiles()
	if err != nil {
		return nil, laid{}, err
	}
	req := &build.Request{
		ID: id, Dockerfile: files[name], DockerfileName: name, DockerfileFS: workspace.NewDockerfileFS(name, files, string(p.doc.URI)),
		Target: p.target, Tags: p.tags, BuildArgs: p.buildArgs, Platforms: p.platforms, NoCache: p.noCache,
		Secrets: p.secrets, SSH: p.ssh, Outputs: p.outputs, Stdout: p.stdout, Options: p.options,
		Attests: p.attests, CacheFrom: p.cacheFrom, CacheTo: p.cacheTo, IIDFile: p.iidFile, MetadataFile: p.metadata,
	}
	if p.context == "" {
		req.Context = staticfs.NewFS()
		return req, laid{}, nil
	}
	contextFS, err := workspace.NewContextFS(p.context, p.overlays())
	if err != nil {
		return nil, laid{}, fmt.Errorf("reading the context: %w", err)
	}
	contextFS.OnError = func(path string, err error) { onError(&build.ContextError{Path: path, Err: err}) }
	req.Context = contextFS
	req.SharedKey = sharedKey(p.context)
	l := laid{notUTF8: contextFS.NotUTF8()}
	for _, path := range contextFS.Overlaid() {
		l.overlaid = append(l.overlaid, p.uriOf(path))
	}
	return req, l, nil
}

// overlays are the buffers that the setting lets stand in.
func (p *plan) overlays() []workspace.Overlay {
	if p.overlay == "dockerfile" {
		return p.snapshot.Overlays(func(d *workspace.Document) bool { return d == p.doc })
	}
	return p.snapshot.Overlays(nil)
}

// uriOf is the client's spelling of an overlay's path.
func (p *plan) uriOf(path string) workspace.URI {
	for _, d := range p.snapshot.Documents() {
		if d.Path == path {
			return d.URI
		}
	}
	return workspace.FileURI(path)
}

// dockerfiles are the Dockerfile and, if it has one of its own, its .dockerignore
// (BuildKit's frontend/dockerui: <name>.dockerignore beside it). A buffer goes before
// its file.
func (p *plan) dockerfiles() (name string, files map[string][]byte, err error) {
	if p.doc.Path == "" {
		return "Dockerfile", map[string][]byte{"Dockerfile": p.doc.Text.Bytes()}, nil
	}
	name = filepath.Base(p.doc.Path)
	files = map[string][]byte{name: p.doc.Text.Bytes()}
	ignore := p.doc.Path + ".dockerignore"
	if d := p.snapshot.Document(workspace.FileURI(ignore)); d != nil && p.overlay != "dockerfile" {
		files[name+".dockerignore"] = d.Text.Bytes()
		return name, files, nil
	}
	switch data, err := os.ReadFile(ignore); {
	case err == nil:
		files[name+".dockerignore"] = data
	case !errors.Is(err, fs.ErrNotExist):
		return "", nil, err
	}
	return name, files, nil
}

// sharedKey identifies a context on this machine.
func sharedKey(dir string) string {
	host, _ := os.Hostname()
	sum := sha256.Sum256([]byte(host + "\x00" + dir))
	return "buildls:" + hex.EncodeToString(sum[:16])
}
