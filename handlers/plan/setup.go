package plan

import (
	"cmp"
	"maps"
	"os"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// A Setup is how a Dockerfile would be built, as far as one must know to look at it: its
// context, its ignore file, its build arguments, its target, and the buffers that stand in
// for files. Making one reads compose, bake and ignore files, but nothing that only a build
// needs: no secret, no agent, no output. It does not change.
type Setup struct {
	Snapshot   *workspace.Snapshot
	Doc        *workspace.Document // nil if the Dockerfile lies in the remote context
	build.Spec                     // of which a plan alone has more than context, target, platforms and build arguments
	overlay    string              // the setting of that name
	policy     string              // policyRefuse, if it is empty, or policyIgnore
	Profile    *Profile            // nil if there is none
	Notes      []string            // what the author should know of that
	Named      []string            // the names of other contexts that are given
}

// setupOf is how an argument would be built, with the author's settings and the workspace's
// defaults filled in. With an error it holds what is known all the same.
func setupOf(snapshot *workspace.Snapshot, arg applied, settings Defaults) (Setup, error) {
	p := Setup{Snapshot: snapshot, overlay: settings.Overlay, Profile: arg.profile, Notes: arg.notes}
	arg.Policy = cmp.Or(arg.Policy, settings.Policy)
	p.BuiltinOffline = settings.OfflineFrontend == OfflineBuiltin
	err := p.take(arg.Options)
	var wrong error
	if p.Doc, wrong = OpenDockerfile(snapshot, arg.URI); wrong != nil {
		return p, cmp.Or(err, wrong)
	}
	p.Context, wrong = contextOf(snapshot, p.Doc, arg.Context, settings.Context)
	if odd := workspace.CheckPath(p.Doc.Path); odd != nil {
		wrong = invalid("%v", odd)
	}
	return p, cmp.Or(err, wrong)
}

// Setup is how a build with an argument would be made. With an error it holds what is known
// all the same.
func (ps *Projects) Setup(snapshot *workspace.Snapshot, arg Argument, settings Defaults) (Setup, error) {
	whole, err := ps.apply(snapshot, arg, settings)
	if err != nil {
		without, _ := setupOf(snapshot, applied{Argument: arg}, settings)
		return without, err
	}
	return setupOf(snapshot, *whole, settings)
}

// NewSetup is how a directory is looked at as a context because of a document.
func NewSetup(snapshot *workspace.Snapshot, doc *workspace.Document, dir string, settings Defaults) Setup {
	return Setup{Snapshot: snapshot, Doc: doc, Spec: build.Spec{Context: directory(dir)}, overlay: settings.Overlay}
}

// Look is what one must know of a build to look at its text: target, platforms, build arguments, and the
// names of contexts.
func (o Options) Look() (s Setup, err error) {
	err = s.take(o)
	return s, err
}

// take takes from an argument what one must know to look.
func (p *Setup) take(arg Options) error {
	p.Named = slices.Sorted(maps.Keys(arg.Contexts))
	p.Target, p.BuildArgs, p.policy = arg.Target, valuesOf(arg.BuildArgs), arg.Policy
	if platform := os.Getenv("DOCKER_DEFAULT_PLATFORM"); platform != "" && len(arg.Platforms) == 0 {
		arg.Platforms = []string{platform}
	}
	var err error
	if p.Platforms, err = build.CheckPlatforms(arg.Platforms...); err != nil {
		return invalid("%v", err)
	}
	return nil
}

// Overlays are the buffers that the setting lets stand in.
func (p *Setup) Overlays() []workspace.Overlay {
	if p.overlay == "dockerfile" {
		return p.Snapshot.Overlays(func(d *workspace.Document) bool { return d == p.Doc })
	}
	return p.Snapshot.Overlays(nil)
}

// ContextOverlays are those of [Setup.Overlays] that lie in the context, as far as is known from
// when they were opened: that asks the disk nothing of each.
func (p *Setup) ContextOverlays() []workspace.Overlay {
	root := workspace.PlaceOf(p.Context.Dir)
	return p.Snapshot.Overlays(func(d *workspace.Document) bool {
		_, in := d.Place().From(root)
		return in && (p.overlay != "dockerfile" || d == p.Doc)
	})
}

// Setups are the ways in which a Dockerfile would be built, and what is wrong with each.
func (ps *Projects) Setups(snapshot *workspace.Snapshot, doc *workspace.Document, target string, settings Defaults) (list []Setup, wrong []error) {
	arg := NewArgument(doc.URI, "", target)
	base := settings.globBuild(snapshot, doc.Path)
	if base["profile"] == nil {
		if found := ps.Profiles(snapshot, settings, doc.Path).For(snapshot, doc.Path, target); differ(found) {
			for _, p := range found {
				a := applied{profile: p}
				err := a.merge(snapshot, base, arg.Given)
				how, problem := setupOf(snapshot, a, settings)
				how.Doc = doc
				list, wrong = append(list, how), append(wrong, cmp.Or(err, problem))
			}
			return list, wrong
		}
	}
	how, err := ps.Setup(snapshot, arg, settings)
	how.Doc = doc
	return []Setup{how}, []error{err}
}
