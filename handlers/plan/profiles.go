package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// A Profile is a build with a name: a service of a compose file, a target of a bake file,
// or one of the settings.
type Profile struct {
	project.Profile                  // of one of the settings: the name and the Dockerfile
	argument        Fields           // as that of buildls.build
	of              *project.Project // nil for one of the settings
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

// Profiles are all that there are, those of the settings first. path is a file whose
// directories count too; it may be empty. Names that are not unique get their file's
// before them. of is what else was read: groups, and why files could not be.
func (ps *Projects) Profiles(snapshot *workspace.Snapshot, settings Defaults, path string) (list []*Profile, of project.Project) {
	for _, name := range slices.Sorted(maps.Keys(settings.Profiles)) {
		list = append(list, settingsProfile(snapshot, name, settings.Profiles[name]))
	}
	for _, dir := range projectDirs(snapshot, path) {
		read := ps.read(snapshot, dir)
		of.Groups = append(of.Groups, read.Groups...)
		of.Problems = append(of.Problems, read.Problems...)
		for _, p := range read.Profiles {
			if slices.ContainsFunc(list, func(o *Profile) bool { return o.Name == p.Name && workspace.SamePlace(o.File, p.File) }) {
				continue // included by another file
			}
			list = append(list, newProfile(snapshot, p, read))
		}
	}
	nameApart(snapshot, list)
	return list, of
}

// newProfile is what a file of a project describes.
func newProfile(snapshot *workspace.Snapshot, p project.Profile, of *project.Project) *Profile {
	p.Dockerfile = snapshot.DockerfileAt(p.Dockerfile)
	return &Profile{Profile: p, argument: fieldsOf(p.Build), of: of}
}

func settingsProfile(snapshot *workspace.Snapshot, name string, argument map[string]json.RawMessage) *Profile {
	p := &Profile{Profile: project.Profile{Name: name}, argument: maps.Clone(argument)}
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
	delete(p.argument, "uri")
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
	count := map[string]int{}
	for _, p := range list {
		count[p.Name]++
	}
	for _, p := range list {
		if count[p.Name] > 1 && p.File != "" {
			p.Name = RelativeName(snapshot, p.File) + ":" + p.Name
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
func named(list []*Profile, of project.Project, name string) (*Profile, error) {
	for _, p := range list {
		if p.Name == name {
			return p, p.refused()
		}
	}
	for _, g := range of.Groups {
		switch {
		case g.Name != name:
		case len(g.Targets) == 1 && g.Targets[0] != name:
			return named(list, project.Project{}, g.Targets[0])
		default:
			return nil, invalid("profile %q is a group of targets; build them one by one: %s", name, strings.Join(g.Targets, ", "))
		}
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	known := "no compose file, no bake file and no setting names one"
	if len(names) > 0 {
		known = "there are " + strings.Join(names, ", ")
	}
	for _, p := range of.Problems {
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

// ProfilesFor are the profiles that build a Dockerfile; if a target is named and some of them
// build that, those. What cannot be built counts for nothing.
func ProfilesFor(list []*Profile, path, target string) (found []*Profile) {
	for _, p := range list {
		if p.Fault == nil && p.Inline == nil && workspace.SamePlace(p.Dockerfile, path) {
			found = append(found, p)
		}
	}
	exact := slices.DeleteFunc(slices.Clone(found), func(p *Profile) bool { return target == "" || !strings.EqualFold(p.target(), target) })
	if len(exact) > 0 {
		return exact
	}
	return found
}

func (p *Profile) target() (target string) {
	json.Unmarshal(p.argument["target"], &target) // absent, or checked
	return target
}

// same says whether two profiles build the same, whatever they are called.
func (p *Profile) same(o *Profile) bool {
	return slices.Equal(p.Entitlements, o.Entitlements) && p.Build.ShmSize == o.Build.ShmSize && slices.Equal(p.Build.Ulimits, o.Build.Ulimits) &&
		maps.EqualFunc(p.argument, o.argument, func(a, b json.RawMessage) bool { return string(a) == string(b) })
}

// Shown is the argument without what came from a .env file: a build arg may be a secret.
func (p *Profile) Shown() map[string]json.RawMessage {
	var args map[string]*string
	if len(p.Hidden) == 0 || json.Unmarshal(p.argument["buildArgs"], &args) != nil {
		return p.argument
	}
	for name, value := range args {
		if value != nil && slices.ContainsFunc(p.Hidden, func(h string) bool { return strings.Contains(*value, h) }) {
			args[name] = new("***")
		}
	}
	out := maps.Clone(p.argument)
	out["buildArgs"], _ = json.Marshal(args)
	return out
}

// BaseProfile is a profile's name without its file's.
func BaseProfile(name string) string {
	return name[strings.LastIndexByte(name, ':')+1:]
}
