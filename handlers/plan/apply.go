package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// What a build is made of, the former over the latter: the argument, a profile, the
// setting build, the setting context, and what holds if nobody says anything. Objects,
// such as buildArgs, are merged by key; everything else is replaced.

// An applied is an argument with all that it stands on.
type applied struct {
	Argument
	profile *Profile // nil if there is none
	notes   []string // what the author should know of the choice
}

// apply finds what an argument stands on.
func (ps *Projects) apply(snapshot *workspace.Snapshot, arg Argument, settings Defaults) (*applied, error) {
	out := &applied{}
	path := pathOf(snapshot, arg.URI)
	all := ps.Profiles(snapshot, settings, path)
	base := settings.globBuild(snapshot, path)
	profile := arg.Profile
	if profile == "" && arg.Context == "" {
		json.Unmarshal(base["profile"], &profile) // checked when it was set
	}
	delete(base, "profile")
	switch {
	case profile != "":
		p, err := all.named(profile)
		if err != nil {
			return nil, err
		}
		out.profile = p
	case arg.Context == "":
		out.choose(all.For(snapshot, path, arg.Target), arg.Target)
		if out.profile == nil {
			out.noteProblems(all.Of.Problems)
		}
	}
	if out.profile == nil && len(base) == 0 {
		out.Argument = arg
		return out, nil
	}
	// What only a terminal says is in no JSON, and so not merged.
	out.CgroupParent, out.Provenance, out.SBOM, out.Annotations, out.Stdout = arg.CgroupParent, arg.Provenance, arg.SBOM, arg.Annotations, arg.Stdout
	out.ShmSize, out.Ulimits = arg.ShmSize, arg.Ulimits
	return out, out.merge(snapshot, base, arg.Given)
}

// pathOf is the path of the Dockerfile that is meant; empty if it has none.
func pathOf(snapshot *workspace.Snapshot, uri workspace.URI) string {
	if uri == "" {
		if d := snapshot.Active(); d != nil {
			return d.Path
		}
	}
	path, _ := uri.Path()
	return path
}

// choose takes the one profile that there is, but for what it would leave elsewhere. Of several that differ it takes none, and
// says so: whichever it took, its tags would be a guess.
func (a *applied) choose(list []*Profile, target string) {
	if len(list) == 0 {
		return
	}
	if differ(list) {
		var names []string
		for _, p := range list {
			names = append(names, p.Name)
		}
		a.notes = append(a.notes, fmt.Sprintf("several profiles build this Dockerfile, and none was taken: %s; name one as profile", strings.Join(names, ", ")))
		return
	}
	chosen := *list[0]
	argument := maps.Clone(chosen.argument())
	delete(argument, "outputs") // nobody asked for a push
	delete(argument, "cacheTo")
	if target != "" && !strings.EqualFold(chosen.target(), target) {
		delete(argument, "tags") // its image is another
	}
	chosen.argument = func() Fields { return argument }
	a.profile = &chosen
}

// differ says whether profiles do not all build the same.
func differ(list []*Profile) bool {
	return slices.ContainsFunc(list, func(p *Profile) bool { return !p.same(list[0]) })
}

// noteProblems tells which files might have said how to build, had they been right.
func (a *applied) noteProblems(list []*project.Problem) {
	for _, p := range list {
		if p.Severity != project.Wrong {
			continue
		}
		a.notes = append(a.notes, fmt.Sprintf("what it says of builds does not count: %v", p))
	}
}

// merge lays the argument over the profile, and that over the setting build.
func (a *applied) merge(snapshot *workspace.Snapshot, base, given Fields) error {
	layers := []Fields{base, given}
	if p := a.profile; p != nil {
		layers = []Fields{base, p.argument(), given}
	}
	merged := Fields{}
	for _, layer := range layers {
		lay(merged, layer)
	}
	data, err := json.Marshal(merged)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &a.Argument); err != nil {
		return err
	}
	if a.profile == nil {
		return nil
	}
	return a.finish(snapshot)
}

// lay lays a layer over what there is. Null says nothing.
func lay(into, layer Fields) {
	for name, value := range layer {
		var low, high Fields
		switch {
		case string(value) == "null":
		case json.Unmarshal(into[name], &low) == nil && low != nil && json.Unmarshal(value, &high) == nil && high != nil:
			maps.Copy(low, high) // here null is a value: the environment's
			into[name], _ = json.Marshal(low)
		default:
			into[name] = value
		}
	}
}

// checkEntitlements refuses a build that a profile asks for more than the author allows.
func (a *applied) checkEntitlements() error {
	if a.profile == nil {
		return nil
	}
	p := a.profile
	for _, e := range p.Entitlements {
		if !slices.Contains(a.Allow, e) {
			return invalid("profile %q of %s asks for %s, which a file cannot grant; allow it with \"allow\": [%q]", p.Name, filepath.Base(p.File), e, e)
		}
	}
	return nil
}

// finish takes what a profile has beyond the argument's fields.
func (a *applied) finish(snapshot *workspace.Snapshot) error {
	p := a.profile
	a.ShmSize = cmp.Or(a.ShmSize, p.Build.ShmSize)
	if a.Ulimits == nil {
		a.Ulimits = p.Build.Ulimits
	}
	if a.URI == "" {
		a.URI = p.DockerfileURI(snapshot)
	}
	if a.URI == "" && p.File != "" {
		return invalid("profile %q of %s: its Dockerfile lies in a remote context; name one by uri", p.Name, filepath.Base(p.File))
	}
	return nil
}
