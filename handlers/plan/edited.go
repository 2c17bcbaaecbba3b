package plan

import (
	"reflect"
	"slices"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// maxChanged bounds how many Dockerfiles are remembered whose profiles have changed. Beyond, all have.
const maxChanged = 10_000

// Edited reads again what was read from files that are edited, and returns whether a Dockerfile
// may be built otherwise than when Edited was called before.
func (ps *Projects) Edited(snapshot *workspace.Snapshot, files map[workspace.URI]bool, settings Defaults) (concerns func(*workspace.Document) bool) {
	dirs, known := ps.readFrom(files)
	for _, dir := range dirs {
		ps.read(snapshot, dir)
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	moved := ps.changed
	ps.changed = nil
	if !known || len(moved) > maxChanged {
		return func(*workspace.Document) bool { return true }
	}
	return func(d *workspace.Document) bool {
		return moved[d.Place().Key()] || settings.globBuild(snapshot, d.Path)["profile"] != nil
	}
}

// readFrom are the directories whose projects were read from open files. known says that of each
// file one is known.
func (ps *Projects) readFrom(files map[workspace.URI]bool) (dirs []string, known bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	found := map[workspace.URI]bool{}
	for dir, r := range ps.known {
		reads := false
		for _, d := range r.buffers {
			if files[d.URI] {
				found[d.URI], reads = true, true
			}
		}
		if reads {
			dirs = append(dirs, dir)
		}
	}
	return dirs, len(found) == len(files)
}

// noteChanged remembers the Dockerfiles that two readings of a directory say other things of.
// before is nil if there was none: nobody has looked at what depends on the directory.
func (ps *Projects) noteChanged(snapshot *workspace.Snapshot, before, now *readProject) {
	if before == nil {
		return
	}
	type name struct {
		kind project.Kind
		file string
		name string
	}
	was, is := before.project.Profiles, now.project.Profiles
	for len(was) > 0 && len(is) > 0 && was[0] == is[0] { // as read the last time: next to all
		was, is = was[1:], is[1:]
	}
	for len(was) > 0 && len(is) > 0 && was[len(was)-1] == is[len(is)-1] {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	old := map[name]*project.Profile{}
	for _, p := range was {
		old[name{p.Kind, p.File, p.Name}] = p
	}
	var moved []*project.Profile
	for _, p := range is {
		was := old[name{p.Kind, p.File, p.Name}]
		if was != nil && buildsSame(was, p) {
			delete(old, name{p.Kind, p.File, p.Name})
		} else {
			moved = append(moved, p)
		}
	}
	for _, p := range old {
		moved = append(moved, p)
	}
	var keys []string
	for _, p := range moved {
		if f := ps.find(snapshot, p.Dockerfile); f.key != "" {
			keys = append(keys, f.key)
		}
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.changed == nil {
		ps.changed = map[string]bool{}
	}
	for _, key := range keys[:min(len(keys), maxChanged+1)] {
		ps.changed[key] = true
	}
}

// buildsSame says whether two readings of a profile build the same.
func buildsSame(a, b *project.Profile) bool {
	return a == b || a.Dockerfile == b.Dockerfile && (a.Inline == nil) == (b.Inline == nil) && (a.Fault == nil) == (b.Fault == nil) &&
		slices.Equal(a.Entitlements, b.Entitlements) && slices.Equal(a.Hidden, b.Hidden) && reflect.DeepEqual(&a.Build, &b.Build)
}
