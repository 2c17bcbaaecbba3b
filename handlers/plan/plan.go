// Package plan makes of an argument, the author's settings and the profiles of compose and
// bake files what is to be built, and of that the request. An editor's build and a terminal's
// are made alike.
//
// It knows the workspace and what builds. It knows no editor, and nothing that runs.
package plan

import (
	"cmp"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/workspace"
)

// A Plan is what is to be built: an argument, checked, with the author's settings and
// the workspace's defaults filled in. It does not change.
type Plan struct {
	Setup
	filename    string           // of a Dockerfile that lies in the remote context; Doc is nil then
	linked      map[string]*Plan // what the contexts that are targets are the results of
	Tagged      bool             // by the author, not by default
	stdout      io.Writer        // nil in an editor
	Quiet       bool             // nobody has asked for the build by command
	Preferences []engine.Preference
}

// A MissingTargetError says that a Dockerfile has no stage of that name.
type MissingTargetError struct {
	error
	Doc    *workspace.Document
	Target string
}

func (e *MissingTargetError) Unwrap() error { return e.error }

// Plan checks an argument, and all that it stands on. Its errors are the author's, with a
// sentence to act on.
func (ps *Projects) Plan(snapshot *workspace.Snapshot, arg Argument, settings Defaults) (*Plan, error) {
	return ps.plan(snapshot, arg, settings, false)
}

// PlanQuiet is Plan for a build that nobody has asked for by command. It leaves nothing but what is
// in the engine's cache, and does nothing again that is there.
func (ps *Projects) PlanQuiet(snapshot *workspace.Snapshot, arg Argument, settings Defaults) (*Plan, error) {
	return ps.plan(snapshot, arg, settings, true)
}

func (ps *Projects) plan(snapshot *workspace.Snapshot, arg Argument, settings Defaults, quiet bool) (*Plan, error) {
	ps.Expire() // a build is of what lies on the disk now
	whole, err := ps.apply(snapshot, arg, settings)
	if err != nil {
		return nil, err
	}
	if quiet {
		whole.leaveNothing()
		whole.useCache()
	}
	p, err := newPlan(snapshot, *whole, settings)
	if err != nil {
		return nil, err
	}
	p.Quiet, p.Discard = quiet, quiet
	if err := ps.link(p, settings); err != nil {
		return nil, err
	}
	return p, nil
}

// newPlan checks an argument alone.
func newPlan(snapshot *workspace.Snapshot, arg applied, settings Defaults) (*Plan, error) {
	if _, err := engine.Parse(arg.Engine); err != nil {
		return nil, invalid("%v", err)
	}
	if err := arg.checkEntitlements(); err != nil {
		return nil, err
	}
	how, unplaced := setupOf(snapshot, arg, settings)
	if how.Doc == nil {
		return nil, unplaced
	}
	p := &Plan{Setup: how, Tagged: len(arg.Tags) > 0, stdout: arg.Stdout, Preferences: settings.Preferences(arg.Engine)}
	dir := folderOf(snapshot, p.Doc)
	if err := p.fill(arg.Options, dir); err != nil {
		return nil, cmp.Or(unplaced, err)
	}
	if err := p.begin(); err != nil {
		return nil, err
	}
	if unplaced != nil {
		return nil, unplaced
	}
	if err := p.find(arg.Options, dir); err != nil {
		return nil, err
	}
	var err error
	if !p.Tagged {
		p.Tags, err = tagsOf([]string{defaultTag(p.Context.Name(), p.Target)})
	}
	return p, err
}

// fill checks and takes what an argument says of the build for itself, beyond the setup.
// Relative paths count from dir.
func (p *Plan) fill(arg Options, dir string) error {
	p.NoCache = arg.NoCache
	var err error
	if p.Tags, err = tagsOf(arg.Tags); err != nil {
		return err
	}
	if p.Options, err = arg.runOptions(); err != nil {
		return invalid("%v", err)
	}
	if p.Outputs, err = arg.outputs(dir, p.stdout != nil); err != nil {
		return invalid("%v", err)
	}
	if p.Attests, err = arg.attests(); err != nil {
		return invalid("%v", err)
	}
	if p.CacheFrom, p.CacheTo, err = arg.caches(dir); err != nil {
		return invalid("%v", err)
	}
	if p.IIDFile, p.MetadataFile, err = arg.files(dir); err != nil {
		return invalid("%v", err)
	}
	if p.IIDFile != "" && len(p.Outputs) > 0 && !slices.ContainsFunc(p.Outputs, build.Output.IsImage) {
		return invalid("iidFile: an output of type %s has no image, so no id; add one of type oci, docker or image, or leave iidFile out", p.Outputs[0].Type)
	}
	return nil
}

// begin removes what an earlier build wrote to the files that this one writes at its end: if it
// fails, whatever of, no script is to take the id of another image for its own.
func (p *Plan) begin() error {
	if err := p.checkWritten(); err != nil {
		return invalid("%v", err)
	}
	for field, path := range map[string]string{"iidFile": p.IIDFile, "metadataFile": p.MetadataFile} {
		if err := build.RemoveOld(path); err != nil {
			return invalid("%s: what an earlier build left there cannot be removed: %v", field, err)
		}
	}
	return nil
}

// find checks and takes what an argument names that lies elsewhere: in the Dockerfile, on the
// disk, at an agent. Relative paths count from dir.
func (p *Plan) find(arg Options, dir string) error {
	if err := p.checkNoCacheFilter(); err != nil {
		return err
	}
	if err := p.CheckTarget(); err != nil {
		return err
	}
	if err := p.checkPolicy(); err != nil {
		return err
	}
	var err error
	if p.Contexts, err = arg.contexts(dir); err != nil {
		return invalid("%v", err)
	}
	if p.Secrets, err = arg.secrets(dir); err != nil {
		return invalid("%v", err)
	}
	if p.SSH, err = arg.ssh(dir, p.Context.OverSSH()); err != nil {
		return invalid("%v", err)
	}
	return nil
}

// tagsOf are the full names of tags, each once.
func tagsOf(tags []string) (full []string, err error) {
	for _, tag := range tags {
		name, err := build.CheckTag(tag)
		if err != nil {
			return nil, invalid("%v", err)
		}
		if !slices.Contains(full, name) {
			full = append(full, name)
		}
	}
	return full, nil
}

// checkNoCacheFilter refuses stages that the Dockerfile does not have. One that does not
// parse is left to the engine, which says why.
func (p *Plan) checkNoCacheFilter() error {
	if p.Doc == nil {
		return nil
	}
	stages, err := p.File().Stages()
	if err != nil {
		return nil
	}
	for _, name := range p.NoCacheFilter {
		if !slices.ContainsFunc(stages, func(s dockerfile.Stage) bool { return s.Name != "" && strings.EqualFold(s.Name, name) }) {
			return invalid("noCacheFilter: no stage of %s is named %q; %s", filepath.Base(string(p.Doc.URI)), name, namesOf(stages))
		}
	}
	return nil
}

// CheckTarget refuses a target that the Dockerfile does not have, likewise.
func (p *Setup) CheckTarget() error {
	if p.Doc == nil || p.Target == "" {
		return nil
	}
	stages, err := p.File().Stages()
	if err != nil || dockerfile.Target(stages, p.Target) >= 0 {
		return nil
	}
	return &MissingTargetError{invalid("unknown target %q in %s; %s", p.Target, filepath.Base(string(p.Doc.URI)), namesOf(stages)), p.Doc, p.Target}
}

// namesOf says what stages a Dockerfile names.
func namesOf(stages []dockerfile.Stage) string {
	var names []string
	for _, s := range stages {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return "it names none"
	}
	return "it has " + strings.Join(names, ", ")
}

// folderOf is the workspace folder that holds the document, else the first one.
func folderOf(snapshot *workspace.Snapshot, doc *workspace.Document) string {
	if f, _, ok := snapshot.FolderOf(doc); ok {
		return f.Path
	}
	if folders := snapshot.Folders(); len(folders) > 0 {
		return folders[0].Path
	}
	return ""
}

// Key tells builds of a file and target from others. Several inline Dockerfiles may stand
// in one file, and what is no file is known by its context.
func (p *Plan) Key() string {
	key := string(p.Doc.Key()) + "\x00" + strings.ToLower(p.Target)
	if p.Inline() != nil {
		key += "\x00" + p.Profile.Name
	}
	if p.Doc.Path == "" {
		key += "\x00" + p.Context.String()
	}
	return key
}
