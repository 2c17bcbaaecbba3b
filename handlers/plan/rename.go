package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/project"
	"github.com/buildls/buildls/workspace"
)

// Rename is where compose and bake files of the workspace name a stage or a build argument of a
// Dockerfile. Its error is a sentence, if one of them would not build the same with the new name
// in these places, or if a setting has the name.
func (ps *Projects) Rename(snapshot *workspace.Snapshot, settings Defaults, path string, what project.Name, old, name string) ([]project.Span, error) {
	for _, p := range ps.Profiles(snapshot, settings, path).For(snapshot, path, "") {
		if p.File == "" && settingHasName(p, what, old) {
			return nil, fmt.Errorf("the profile %q of the settings names %s: change it there first", p.Name, old)
		}
		if what != project.StageName {
			continue
		}
		for context := range p.Build.Contexts {
			if strings.EqualFold(context, old) || strings.EqualFold(context, name) {
				return nil, fmt.Errorf("the profile %q has a context %s, which takes the place of a stage of that name", p.Name, context)
			}
		}
		if slices.ContainsFunc(p.Build.NoCacheFilter, func(stage string) bool { return strings.EqualFold(stage, old) }) {
			return nil, fmt.Errorf("the no-cache-filter of the profile %q names %s: change it there first", p.Name, old)
		}
	}
	names := ps.naming(snapshot, settings, path, what, old)
	var list []project.Span
	for _, dir := range slices.Sorted(maps.Keys(names)) {
		found, err := ps.renameIn(snapshot, dir, path, names[dir], what, old, name)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// Places are where compose and bake files of the workspace name a stage or a build argument of a
// Dockerfile, by the name itself.
func (ps *Projects) Places(snapshot *workspace.Snapshot, settings Defaults, path string, what project.Name, name string) (list []project.Span) {
	for dir, builds := range ps.naming(snapshot, settings, path, what, name) {
		for file := range ps.read(snapshot, dir).files {
			if data, err := readFile(snapshot, file); err == nil {
				list = append(list, project.Places(file, data, builds, what, name)...)
			}
		}
	}
	slices.SortFunc(list, func(a, b project.Span) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Start-b.Start)
	})
	return list
}

// naming are the names of the profiles that build a Dockerfile and have the name of a stage or
// argument, by their directory.
func (ps *Projects) naming(snapshot *workspace.Snapshot, settings Defaults, path string, what project.Name, name string) map[string][]string {
	names := map[string][]string{}
	for _, p := range ps.Profiles(snapshot, settings, path).For(snapshot, path, "") {
		if dir := filepath.Dir(p.File); p.File != "" && hasName(p.Build, what, name) {
			names[dir] = append(names[dir], BaseProfile(p.Name))
		}
	}
	return names
}

func hasName(b project.Build, what project.Name, name string) bool {
	if what == project.StageName {
		return strings.EqualFold(b.Target, name)
	}
	_, ok := b.BuildArgs[name]
	return ok
}

func settingHasName(p *Profile, what project.Name, name string) bool {
	if what == project.StageName {
		return strings.EqualFold(p.target(), name)
	}
	return strings.Contains(string(p.argument()["buildArgs"]), `"`+name+`"`)
}

// renameIn are the places in the files of a directory.
func (ps *Projects) renameIn(snapshot *workspace.Snapshot, dir, path string, builds []string, what project.Name, old, name string) ([]project.Span, error) {
	read := ps.read(snapshot, dir)
	var list []project.Span
	edited := map[string][]byte{}
	for _, file := range slices.Sorted(maps.Keys(read.files)) {
		data, err := readFile(snapshot, file)
		if err != nil {
			continue
		}
		places := project.Places(file, data, builds, what, old)
		if len(places) == 0 {
			continue
		}
		list = append(list, places...)
		slices.SortFunc(places, func(a, b project.Span) int { return b.Start - a.Start })
		text := slices.Clone(data)
		for _, p := range places {
			text = slices.Replace(text, p.Start, p.End, []byte(name)...)
		}
		edited[file] = text
	}
	now := project.Read(dir, project.Source{
		Read: func(file string) ([]byte, error) {
			if text, ok := edited[file]; ok {
				return text, nil
			}
			return readFile(snapshot, file)
		},
		Env: os.LookupEnv,
	})
	for _, before := range read.project.Profiles {
		after := slices.IndexFunc(now.Profiles, func(p *project.Profile) bool { return p.Name == before.Name && p.Kind == before.Kind })
		want := before.Build
		if slices.Contains(builds, before.Name) && workspace.SamePlace(snapshot.DockerfileAt(before.Dockerfile), path) {
			want = renamed(want, what, old, name)
		}
		if after < 0 || !maps.EqualFunc(fieldsOf(now.Profiles[after].Build), fieldsOf(want), func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			return nil, fmt.Errorf("%s: %s %s would not be built the same with the name %s: it comes from a variable, another file, or is used for another Dockerfile too; change it there first",
				RelativeName(snapshot, before.File), before.Kind, before.Name, name)
		}
	}
	return list, nil
}

// renamed is a build with another name for a stage or an argument.
func renamed(b project.Build, what project.Name, old, name string) project.Build {
	if what == project.StageName {
		if strings.EqualFold(b.Target, old) {
			b.Target = name
		}
		return b
	}
	if value, ok := b.BuildArgs[old]; ok {
		b.BuildArgs = maps.Clone(b.BuildArgs)
		delete(b.BuildArgs, old)
		b.BuildArgs[name] = value
	}
	return b
}
