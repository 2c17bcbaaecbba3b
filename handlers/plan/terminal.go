package plan

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/workspace"
)

// A Terminal is what a build is asked for with in a terminal.
type Terminal struct {
	Options        // whose Context is a directory, a URL, or "-"
	File    string // the Dockerfile, or "-"; "" is the one named Dockerfile in the context
	Stdin   io.Reader
	Profile string // of a compose or bake file in or below the working directory; "" takes none
	Engine  string

	OfflineFrontend string // as the setting of that name
}

// Plan is that of an editor's build of the same file.
func (t *Terminal) Plan() (*Plan, error) {
	if _, err := engine.Parse(t.Engine); err != nil {
		return nil, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if t.Profile != "" {
		return t.planProfile(wd)
	}
	p := &Plan{Setup: Setup{Snapshot: workspace.New().Snapshot()}, stdout: t.Stdout, Preferences: t.preferences()}
	p.BuiltinOffline = t.OfflineFrontend == OfflineBuiltin
	for _, step := range []func() error{
		func() error { return p.take(t.Options) },
		func() error { return p.fill(t.Options, wd) },
		func() error {
			unplaced := t.place(p, wd)
			return cmp.Or(p.begin(), unplaced)
		},
		func() error { return p.find(t.Options, wd) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for name, c := range p.Contexts {
		if c.Kind == build.TargetContext {
			return nil, invalid("contexts: %s: %s names a target of a bake file, and this build is of none", name, c)
		}
	}
	return p, nil
}

func (t *Terminal) preferences() []engine.Preference {
	return []engine.Preference{{Source: "--engine", Address: t.Engine}}
}

// planProfile is the plan of the build that an editor makes of the profile, if the working directory is
// its workspace folder. What the flags say goes over what the profile says.
func (t *Terminal) planProfile(wd string) (*Plan, error) {
	if t.Context == stdin || t.File == stdin {
		return nil, invalid("a profile says what is built, so stdin can be neither the context nor the Dockerfile; leave out - or --profile")
	}
	snapshot, err := withFolder(wd)
	if err != nil {
		return nil, err
	}
	arg := Argument{Options: t.Options, Profile: t.Profile, Engine: t.Engine, Given: fieldsOf(t.Options)}
	if t.File != "" {
		path, err := filepath.Abs(t.File)
		if err != nil {
			return nil, err
		}
		arg.URI = snapshot.URIOf(path)
		arg.Given["uri"], _ = json.Marshal(arg.URI)
	}
	p, err := new(Projects).Plan(snapshot, arg, Defaults{OfflineFrontend: t.OfflineFrontend})
	if err != nil {
		return nil, err
	}
	p.Preferences = t.preferences()
	if !p.Tagged {
		p.Tags = nil // a terminal's build has no name that nobody gave
	}
	return p, nil
}

// withFolder is what an editor sees that has just opened a folder.
func withFolder(dir string) (*workspace.Snapshot, error) {
	w := workspace.New()
	snapshot, _, err := w.Apply(workspace.SetFolders{Added: []workspace.Folder{{URI: w.Snapshot().URIOf(dir)}}})
	return snapshot, err
}

// ProfileNames are the profiles that a build in the working directory can name.
func ProfileNames() (names []string) {
	wd, err := os.Getwd()
	if err != nil {
		return nil
	}
	snapshot, err := withFolder(wd)
	if err != nil {
		return nil
	}
	for _, p := range new(Projects).Profiles(snapshot, Defaults{}, "").List {
		names = append(names, p.Name)
	}
	return names
}

// stdin as a context or a Dockerfile is what the terminal's standard input holds.
const stdin = "-"

// place finds the context and the Dockerfile, by the rules of docker/buildx
// (build/opt.go, loadInputs).
func (t *Terminal) place(p *Plan, wd string) (err error) {
	if strings.HasPrefix(t.File, "http://") || strings.HasPrefix(t.File, "https://") {
		return invalid("-f cannot be a URL; give the URL as the context: it may be that of a Dockerfile")
	}
	if t.Context == stdin {
		return t.placeStdin(p)
	}
	if p.Context, err = namedIn(t.Context, wd); err != nil {
		return err
	}
	switch {
	case t.File == stdin:
		text, err := io.ReadAll(t.Stdin)
		if err != nil {
			return fmt.Errorf("reading stdin: %w", err)
		}
		p.Doc = fromStdin(text)
		return nil
	case p.Context.Remote() && !filepath.IsAbs(t.File):
		p.filename = remoteName(t.File)
		return nil
	}
	p.Doc, err = t.document(p.Snapshot, p.Context.Dir)
	return err
}

// placeStdin takes stdin for an archive with all that is needed, or a Dockerfile that
// needs nothing.
func (t *Terminal) placeStdin(p *Plan) error {
	if t.File == stdin {
		return invalid("stdin cannot be both the context and the Dockerfile")
	}
	from, text, err := build.ReadContext(t.Stdin)
	switch {
	case err != nil:
		return invalid("%v", err)
	case from.Remote():
		p.Context, p.filename = from, remoteName(t.File)
	case t.File != "":
		return invalid("two Dockerfiles: -f names %s, and stdin holds one, not a tar", t.File)
	default:
		p.Doc = fromStdin(text)
	}
	return nil
}

// remoteName is the path of a Dockerfile in a remote context.
func remoteName(file string) string {
	if file == "" {
		return "Dockerfile"
	}
	return filepath.ToSlash(file)
}

func fromStdin(text []byte) *workspace.Document {
	return &workspace.Document{URI: "stdin:Dockerfile", Text: workspace.NewText(string(text))}
}

// document is the Dockerfile, as if an editor had it open.
func (t *Terminal) document(snapshot *workspace.Snapshot, dir string) (*workspace.Document, error) {
	file := t.File
	if file == "" {
		file = filepath.Join(dir, "Dockerfile")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	path = snapshot.DockerfileAt(path)
	if st, err := os.Stat(path); err == nil && !st.IsDir() && build.IsStream(path) {
		return nil, invalid("%s is a pipe or a device, and no file; give the Dockerfile on stdin, with -f -", path)
	}
	text, err := workspace.ReadWithin(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && t.File != "":
		return nil, invalid("no Dockerfile at %s, which -f names", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid("no Dockerfile at %s; name one with -f", path)
	}
	if err != nil {
		return nil, err
	}
	return &workspace.Document{URI: workspace.FileURI(path), Path: path, Text: workspace.NewText(string(text))}, nil
}
