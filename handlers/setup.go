package handlers

import (
	"cmp"
	"os"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/workspace"
)

// A setup is how a Dockerfile would be built, as far as one must know to look at it: its
// context, its ignore file, its build arguments, its target, and the buffers that stand in
// for files. Making one reads compose, bake and ignore files, but nothing that only a build
// needs: no secret, no agent, no output. It does not change.
type setup struct {
	snapshot   *workspace.Snapshot
	doc        *workspace.Document // nil if the Dockerfile lies in the remote context
	build.Spec                     // of which a plan alone has more than context, target, platforms and build arguments
	overlay    string              // the setting of that name
	policy     string              // policyRefuse, if it is empty, or policyIgnore
	profile    *profile            // nil if there is none
	notes      []string            // what the author should know of that
}

// newSetup is how an argument would be built, with the author's settings and the workspace's
// defaults filled in. With an error it holds what is known all the same.
func newSetup(snapshot *workspace.Snapshot, arg applied, settings defaults) (setup, error) {
	p := setup{snapshot: snapshot, overlay: settings.Overlay, profile: arg.profile, notes: arg.notes}
	var err error
	if p.doc, err = openDockerfile(snapshot, arg.URI); err != nil {
		return p, err
	}
	arg.Policy = cmp.Or(arg.Policy, settings.Policy)
	err = p.take(arg.Options)
	from, wrong := contextOf(snapshot, p.doc, arg.Context, settings.Context)
	p.Context = from
	if odd := workspace.CheckPath(p.doc.Path); odd != nil {
		wrong = invalid("%v", odd)
	}
	return p, cmp.Or(err, wrong)
}

// setup is how a build with an argument would be made. With an error it holds what is known
// all the same.
func (ps *projects) setup(snapshot *workspace.Snapshot, arg argument, settings defaults) (setup, error) {
	whole, err := ps.apply(snapshot, arg, settings)
	if err != nil {
		without, _ := newSetup(snapshot, applied{argument: arg}, settings)
		return without, err
	}
	return newSetup(snapshot, *whole, settings)
}

// newSetupOf is how a directory is looked at as a context because of a document.
func newSetupOf(snapshot *workspace.Snapshot, doc *workspace.Document, dir string, settings defaults) setup {
	return setup{snapshot: snapshot, doc: doc, Spec: build.Spec{Context: directory(dir)}, overlay: settings.Overlay}
}

// take takes from an argument what one must know to look.
func (p *setup) take(arg Options) error {
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

// overlays are the buffers that the setting lets stand in.
func (p *setup) overlays() []workspace.Overlay {
	if p.overlay == "dockerfile" {
		return p.snapshot.Overlays(func(d *workspace.Document) bool { return d == p.doc })
	}
	return p.snapshot.Overlays(nil)
}

// setups are the ways in which a Dockerfile would be built, and what is wrong with each.
func (ps *projects) setups(snapshot *workspace.Snapshot, doc *workspace.Document, target string, settings defaults) (list []setup, wrong []error) {
	arg := argumentOf(doc.URI, "", target)
	base := settings.globBuild(snapshot, doc.Path)
	if base["profile"] == nil {
		all, _ := ps.profiles(snapshot, settings, doc.Path)
		if found := using(all, doc.Path, target); differ(found) {
			for _, p := range found {
				a := applied{profile: p}
				err := a.merge(snapshot, base, arg.given)
				how, problem := newSetup(snapshot, a, settings)
				how.doc = doc
				list, wrong = append(list, how), append(wrong, cmp.Or(err, problem))
			}
			return list, wrong
		}
	}
	how, err := ps.setup(snapshot, arg, settings)
	how.doc = doc
	return []setup{how}, []error{err}
}
