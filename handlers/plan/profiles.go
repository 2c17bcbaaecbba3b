package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// A Profile is a build with a name: a service of a compose file, a target of a bake file,
// or one of the settings.
type Profile struct {
	*project.Profile                  // not to be written to; of one of the settings it has nothing
	Name             string           // unique
	Dockerfile       string           // the path of the one that is there
	place            string           // the key of its place
	argument         func() Fields    // as that of buildls.build; not to be written to
	of               *project.Project // nil for one of the settings
}

// settingsSource is what a profile of the settings says it comes from.
const settingsSource = "settings"

// Source is the URI of the file that describes the profile.
func (p *Profile) Source(snapshot *workspace.Snapshot) workspace.URI {
	if p.File == "" {
		return settingsSource
	}
	return snapshot.URIOf(p.File)
}

// DockerfileURI is that of the file that holds the Dockerfile; empty if that is not said,
// or lies in a remote context.
func (p *Profile) DockerfileURI(snapshot *workspace.Snapshot) workspace.URI {
	path := p.Dockerfile
	if p.Inline != nil {
		path = p.Inline.Key.File
	}
	if path == "" {
		return ""
	}
	return snapshot.URIOf(path)
}

// Profiles are what a workspace says of builds. They do not change.
type Profiles struct {
	List []*Profile      // those of the settings first; their names are unique
	Of   project.Project // what else was read: groups, and why files could not be

	at       map[string][]*Profile // by the place of the Dockerfile; without those that cannot be built
	reads    []*readProject        // that they were made of
	settings map[string]Fields
	folders  []string
	made     time.Time
}

// maxLists is how many Profiles are remembered: documents in one workspace have the same, mostly.
const maxLists = 4

// Profiles are all that there are. path is a file whose directories count too; it may be empty.
// Names that are not unique get their file's before them.
func (ps *Projects) Profiles(snapshot *workspace.Snapshot, settings Defaults, path string) *Profiles {
	now := &Profiles{settings: settings.Profiles, made: time.Now()}
	for _, f := range snapshot.Folders() {
		now.folders = append(now.folders, f.Path)
	}
	for _, dir := range ps.dirs(snapshot, path) {
		r := ps.read(snapshot, dir)
		if len(r.project.Profiles)+len(r.project.Groups)+len(r.project.Images)+len(r.project.Problems) > 0 {
			now.reads = append(now.reads, r)
		}
	}
	if known := ps.made(now); known != nil {
		return known
	}
	ps.making.Lock()
	defer ps.making.Unlock()
	if known := ps.made(now); known != nil {
		return known
	}
	now.make(ps, snapshot)
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.lists = append([]*Profiles{now}, ps.lists[:min(len(ps.lists), maxLists-1)]...)
	return now
}

// made are Profiles that were made of the same; nil if there are none.
func (ps *Projects) made(now *Profiles) *Profiles {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if i := slices.IndexFunc(ps.lists, now.asMade); i >= 0 {
		return ps.lists[i]
	}
	return nil
}

// asMade says whether older Profiles were made of the same, and not long ago: links may have
// changed since.
func (l *Profiles) asMade(old *Profiles) bool {
	same := func(a, b Fields) bool {
		return maps.EqualFunc(a, b, func(a, b json.RawMessage) bool { return string(a) == string(b) })
	}
	return slices.Equal(old.reads, l.reads) && slices.Equal(old.folders, l.folders) && maps.EqualFunc(old.settings, l.settings, same) && time.Since(old.made) < fresh
}

func (l *Profiles) make(ps *Projects, snapshot *workspace.Snapshot) {
	for _, name := range slices.Sorted(maps.Keys(l.settings)) {
		l.List = append(l.List, settingsProfile(snapshot, name, l.settings[name]))
	}
	type source struct{ name, file string } // the latter by its place
	count := len(l.List)
	for _, r := range l.reads {
		count += len(r.project.Profiles)
	}
	l.List = slices.Grow(l.List, count)
	made, places := make(map[source]bool, count), map[string]string{}
	for _, r := range l.reads {
		l.Of.Groups = append(l.Of.Groups, r.project.Groups...)
		l.Of.Images = append(l.Of.Images, r.project.Images...)
		l.Of.Problems = append(l.Of.Problems, r.project.Problems...)
		for _, p := range r.project.Profiles {
			if places[p.File] == "" {
				places[p.File] = workspace.PlaceOf(p.File).Key()
			}
			from := source{p.Name, places[p.File]}
			if from.file != "" && made[from] {
				continue // included by another file
			}
			made[from] = true
			l.List = append(l.List, ps.newProfile(snapshot, p, r.project))
		}
	}
	nameApart(snapshot, l.List)
	l.at = make(map[string][]*Profile, count)
	for _, p := range l.List {
		if p.Fault == nil && p.Inline == nil && p.Dockerfile != "" {
			l.at[p.place] = append(l.at[p.place], p)
		}
	}
}

// newProfile is what a file of a project describes.
func (ps *Projects) newProfile(snapshot *workspace.Snapshot, p *project.Profile, of *project.Project) *Profile {
	found := ps.find(snapshot, p.Dockerfile)
	out := &Profile{Profile: p, Name: p.Name, Dockerfile: found.path, place: found.key, of: of}
	out.argument = sync.OnceValue(func() Fields { return fieldsOf(p.Build) })
	return out
}

func settingsProfile(snapshot *workspace.Snapshot, name string, argument map[string]json.RawMessage) *Profile {
	given := maps.Clone(argument)
	p := &Profile{Profile: &project.Profile{}, Name: name, argument: func() Fields { return given }}
	var uri string
	if json.Unmarshal(argument["uri"], &uri) != nil || uri == "" {
		return p
	}
	if path, ok := workspace.URI(uri).Path(); ok {
		p.Dockerfile = path
	} else if folders := snapshot.Folders(); filepath.IsAbs(uri) {
		p.Dockerfile = filepath.Clean(uri)
	} else if len(folders) > 0 && !strings.Contains(uri, "://") {
		p.Dockerfile = filepath.Join(folders[0].Path, uri)
	}
	p.Dockerfile = snapshot.DockerfileAt(p.Dockerfile)
	p.place = placeAt(snapshot, p.Dockerfile).Key()
	delete(given, "uri")
	return p
}

// fieldsOf are a struct's fields in JSON.
func fieldsOf(v any) (fields map[string]json.RawMessage) {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &fields)
	}
	if err != nil {
		panic(err) // our own struct: cannot happen
	}
	return fields
}

// nameApart makes the names unique: compose.yaml:api, docker-bake.hcl:api.
func nameApart(snapshot *workspace.Snapshot, list []*Profile) {
	count, files := make(map[string]int, len(list)), map[string]string{}
	for _, p := range list {
		count[p.Name]++
	}
	for _, p := range list {
		if count[p.Name] > 1 && p.File != "" {
			if files[p.File] == "" {
				files[p.File] = RelativeName(snapshot, p.File)
			}
			p.Name = files[p.File] + ":" + p.Name
		}
	}
}

// RelativeName is a path as seen from its workspace folder, with slashes.
func RelativeName(snapshot *workspace.Snapshot, path string) string {
	if _, rel, ok := snapshot.FolderAt(path); ok {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// named is the profile of that name. A group of one target is that target.
func (l *Profiles) named(name string) (*Profile, error) { return l.find(name, l.Of.Groups) }

func (l *Profiles) find(name string, groups []project.Group) (*Profile, error) {
	for _, p := range l.List {
		if p.Name == name {
			return p, p.refused()
		}
	}
	for _, g := range groups {
		switch {
		case g.Name != name:
		case len(g.Targets) == 1 && g.Targets[0] != name:
			return l.find(g.Targets[0], nil)
		default:
			return nil, invalid("profile %q is a group of targets; build them one by one: %s", name, strings.Join(g.Targets, ", "))
		}
	}
	var names []string
	for _, p := range l.List {
		names = append(names, p.Name)
	}
	known := "no compose file, no bake file and no setting names one"
	if len(names) > 0 {
		known = "there are " + strings.Join(names, ", ")
	}
	for _, p := range l.Of.Problems {
		known += fmt.Sprintf("; %v", p)
	}
	return nil, invalid("there is no profile %q; %s", name, known)
}

// refused is why a profile cannot be built; nil if it can.
func (p *Profile) refused() error {
	if p.Fault == nil {
		return nil
	}
	return invalid("profile %q: %v", p.Name, p.Fault)
}

// For are the profiles that build a Dockerfile; if a target is named and some of them build that,
// those. What cannot be built counts for nothing.
func (l *Profiles) For(snapshot *workspace.Snapshot, path, target string) []*Profile {
	if path == "" || len(l.at) == 0 {
		return nil
	}
	found := l.at[placeAt(snapshot, path).Key()]
	exact := slices.DeleteFunc(slices.Clone(found), func(p *Profile) bool { return target == "" || !strings.EqualFold(p.target(), target) })
	if len(exact) > 0 {
		return exact
	}
	return found
}

// placeAt is the place of a path, which that of an open document is known of.
func placeAt(snapshot *workspace.Snapshot, path string) workspace.Place {
	if d := snapshot.DocumentAt(path); d != nil {
		return d.Place()
	}
	return workspace.PlaceOf(path)
}

func (p *Profile) target() (target string) {
	json.Unmarshal(p.argument()["target"], &target) // absent, or checked
	return target
}

// same says whether two profiles build the same, whatever they are called.
func (p *Profile) same(o *Profile) bool {
	return slices.Equal(p.Entitlements, o.Entitlements) && p.Build.ShmSize == o.Build.ShmSize && slices.Equal(p.Build.Ulimits, o.Build.Ulimits) &&
		maps.EqualFunc(p.argument(), o.argument(), func(a, b json.RawMessage) bool { return string(a) == string(b) })
}

// Shown is the argument without what came from a .env file: a build arg may be a secret.
func (p *Profile) Shown() map[string]json.RawMessage {
	var args map[string]*string
	if len(p.Hidden) == 0 || json.Unmarshal(p.argument()["buildArgs"], &args) != nil {
		return p.argument()
	}
	for name, value := range args {
		if value != nil && slices.ContainsFunc(p.Hidden, func(h string) bool { return strings.Contains(*value, h) }) {
			args[name] = new("***")
		}
	}
	out := maps.Clone(p.argument())
	out["buildArgs"], _ = json.Marshal(args)
	return out
}

// BaseProfile is a profile's name without its file's.
func BaseProfile(name string) string {
	return name[strings.LastIndexByte(name, ':')+1:]
}
