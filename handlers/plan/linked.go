package plan

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// A context that is target:NAME is the result of another build: that of the profile NAME.
// In a bake file it is a target, in a compose file (service:NAME) a service of the same
// project.

// A linker plans the builds that a build stands on, each once.
type linker struct {
	projects *Projects
	settings Defaults
	given    Fields // what holds for them too, of the argument
	plans    map[string]*Plan
	path     []string // the profiles that are being planned
}

// link plans the builds whose results are contexts of p. What runs is as if they were
// built before; they leave nothing, and they are allowed what p is.
func (ps *Projects) link(p *Plan, settings Defaults) error {
	allow := append([]string{}, p.Allow...)
	if p.Network == "host" {
		allow = append(allow, "network.host")
	}
	l := &linker{projects: ps, settings: settings, plans: map[string]*Plan{}, given: fieldsOf(struct {
		Allow   []string `json:"allow"`
		NoCache bool     `json:"noCache,omitempty"`
		Pull    bool     `json:"pull,omitempty"`
		Policy  string   `json:"policy,omitempty"`
	}{allow, p.NoCache, p.Pull, p.policy})}
	if p.Profile != nil {
		l.path = []string{p.Profile.key()}
	}
	return l.link(p)
}

func (l *linker) link(p *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(p.Contexts)) {
		c := p.Contexts[name]
		if c.Kind != build.TargetContext {
			continue
		}
		other, err := l.find(p, strings.TrimPrefix(c.Source, "target:"))
		if err != nil {
			return fmt.Errorf("contexts: %s: %w", name, err)
		}
		if p.linked == nil {
			p.linked = map[string]*Plan{}
		}
		if p.linked[name], err = l.plan(p, other); err != nil {
			return fmt.Errorf("contexts: %s: %w", name, err)
		}
	}
	return nil
}

// find is the profile that target:NAME means in a plan: what a file says is of the same
// project, what the author says any profile.
func (l *linker) find(p *Plan, name string) (*Profile, error) {
	if p.Profile == nil || p.Profile.of == nil || !slices.Contains(slices.Collect(maps.Values(p.Profile.Build.Contexts)), "target:"+name) {
		return l.projects.Profiles(p.Snapshot, l.settings, p.Doc.Path).named(name)
	}
	found := l.projects.sibling(p.Snapshot, p.Profile, name)
	if found == nil {
		return nil, invalid("%s %q builds %s, which %s does not describe", p.Profile.Kind, p.Profile.Name, name, filepath.Base(p.Profile.File))
	}
	return found, found.refused()
}

// sibling is the profile of that name that the project of another has; nil if there is none. Bake
// reads compose files too: of two it is the one of the same kind.
func (ps *Projects) sibling(snapshot *workspace.Snapshot, p *Profile, name string) (found *Profile) {
	for _, other := range p.of.Profiles {
		if other.Name == name && (found == nil || other.Kind == p.Kind) {
			found = ps.newProfile(snapshot, other, p.of)
		}
	}
	return found
}

// Builder is the profile whose build makes what a Dockerfile calls by the name of an image: a
// context of a profile that builds the Dockerfile has the name, or a tag of any profile is the
// image. It is nil if there is none. path is the Dockerfile's; it may be empty.
func (ps *Projects) Builder(snapshot *workspace.Snapshot, settings Defaults, path, image string) *Profile {
	all := ps.Profiles(snapshot, settings, path)
	for _, p := range all.For(snapshot, path, "") {
		if name, ok := strings.CutPrefix(p.Build.Contexts[image], "target:"); ok && p.of != nil {
			return ps.sibling(snapshot, p, name)
		}
	}
	for _, p := range all.List {
		if p.Dockerfile != "" && slices.ContainsFunc(p.Build.Tags, func(tag string) bool { return sameImage(tag, image) }) {
			return p
		}
	}
	return nil
}

// sameImage says whether two names are of one image, however short they are.
func sameImage(a, b string) bool {
	x, err := reference.ParseDockerRef(a)
	y, wrong := reference.ParseDockerRef(b)
	return err == nil && wrong == nil && x.String() == y.String()
}

// plan is what building a profile for another would be.
func (l *linker) plan(p *Plan, other *Profile) (*Plan, error) {
	key := other.key()
	if i := slices.Index(l.path, key); i >= 0 {
		return nil, invalid("it needs itself: %s", strings.Join(append(l.names(l.path[i:]), BaseProfile(other.Name)), " needs "))
	}
	if known := l.plans[key]; known != nil {
		return known, nil
	}
	if other.File != "" && other.DockerfileURI(p.Snapshot) == "" {
		return nil, invalid("the Dockerfile of profile %q lies in a remote context, and cannot be built along; give its image, as docker-image://NAME", other.Name)
	}
	base := l.settings.globBuild(p.Snapshot, other.Dockerfile)
	delete(base, "profile")
	a := applied{profile: other}
	if err := a.merge(p.Snapshot, base, l.given); err != nil {
		return nil, err
	}
	if a.URI == "" {
		return nil, invalid("profile %q names no Dockerfile; give it a uri", other.Name)
	}
	if a.Network == "host" && !slices.Contains(a.Allow, "network.host") {
		return nil, invalid("profile %q asks for network.host; allow it with \"allow\": [\"network.host\"]", other.Name)
	}
	a.leaveNothing()
	a.Tags, a.Engine = nil, ""
	if p.Quiet {
		a.useCache()
	}
	linked, err := newPlan(p.Snapshot, a, l.settings)
	if err != nil {
		return nil, fmt.Errorf("profile %q: %w", other.Name, err)
	}
	linked.Quiet = p.Quiet
	l.path = append(l.path, key)
	defer func() { l.path = l.path[:len(l.path)-1] }()
	l.plans[key] = linked
	return linked, l.link(linked)
}

// names are those of profiles, by their keys.
func (l *linker) names(keys []string) (names []string) {
	for _, key := range keys {
		_, name, _ := strings.Cut(key, "\x00")
		names = append(names, name)
	}
	return names
}

// key identifies a profile, whatever else is called as it is.
func (p *Profile) key() string {
	if p.File == "" {
		return "\x00" + p.Name
	}
	return p.File + "\x00" + BaseProfile(p.Name)
}

// Others are the documents of the builds that a plan stands on, but for its own.
func (p *Plan) Others() (list []*Plan) {
	for _, name := range slices.Sorted(maps.Keys(p.linked)) {
		other := p.linked[name]
		for _, o := range append(other.Others(), other) {
			if !slices.ContainsFunc(append(list, p), func(known *Plan) bool { return known.Doc.URI == o.Doc.URI }) {
				list = append(list, o)
			}
		}
	}
	return list
}
