package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/pairs"
	"github.com/buildls/buildls/build/project"
)

// ParseOutput reads the flag --output: type=TYPE,dest=PATH,…, a directory alone, or -
// for a tar to the standard output.
func ParseOutput(text string) (project.Output, error) {
	o := project.Output{Attrs: map[string]string{}}
	if text == build.Stdout {
		return project.Output{Type: "tar", Dest: text}, nil
	}
	list, err := pairs.Parse(text)
	if err != nil { // no key: a directory
		return project.Output{Type: "local", Dest: text}, nil
	}
	for _, p := range list {
		switch p.Key {
		case "type":
			o.Type = p.Value
		case "dest":
			o.Dest = p.Value
		default:
			o.Attrs[p.Key] = p.Value
		}
	}
	if o.Dest == "" && (o.Type == "tar" || o.Type == "oci") {
		o.Dest = build.Stdout
	}
	return o, nil
}

// outputs checks where the image goes. Relative paths count from dir.
func (o *Options) outputs(dir string, terminal bool) ([]build.Output, error) {
	var list []build.Output
	for _, given := range o.Outputs {
		out := build.Output{Type: given.Type, Dest: given.Dest, Attrs: given.Attrs}
		switch {
		case out.Dest == build.Stdout && !terminal:
			return nil, fmt.Errorf("output %s: an editor's build has no standard output; give a path as dest", out.Type)
		case out.Dest != "" && out.Dest != build.Stdout:
			path, err := absolute(dir, out.Dest)
			if err != nil {
				return nil, fmt.Errorf("output %s: dest: %w", out.Type, err)
			}
			out.Dest = path
		}
		out, err := build.CheckOutput(out)
		if err != nil {
			return nil, err
		}
		list = append(list, out)
	}
	list, err := o.addPush(list)
	if err != nil {
		return nil, err
	}
	return o.addAnnotations(list)
}

// addAnnotations adds the annotations to all outputs that are images.
func (o *Options) addAnnotations(list []build.Output) ([]build.Output, error) {
	if len(o.Annotations) > 0 && len(list) == 0 {
		list = append(list, build.Output{Type: "image", Attrs: map[string]string{}})
	}
	for _, text := range o.Annotations {
		attrs, err := project.Annotation(text)
		if err != nil {
			return nil, err
		}
		for i := range list {
			if list[i].IsImage() {
				list[i].Attrs = maps.Clone(list[i].Attrs)
				maps.Copy(list[i].Attrs, attrs)
			}
		}
	}
	return list, nil
}

// addPush adds what the short forms push and load say.
func (o *Options) addPush(list []build.Output) ([]build.Output, error) {
	isImage := func(out build.Output) bool { return out.Type == "image" }
	if o.Push {
		if !slices.ContainsFunc(list, isImage) {
			list = append(list, build.Output{Type: "image", Attrs: map[string]string{}})
		}
		for i := range list {
			if isImage(list[i]) {
				list[i].Attrs = maps.Clone(list[i].Attrs)
				list[i].Attrs["push"] = "true"
			}
		}
	}
	if o.Load && !slices.ContainsFunc(list, func(out build.Output) bool { return out.Type == "docker" && out.Dest == "" }) {
		list = append(list, build.Output{Type: "docker", Attrs: map[string]string{}})
	}
	for _, out := range list {
		if out.Pushes() && len(o.Tags) == 0 && out.Attrs["name"] == "" {
			return nil, errors.New("push: give tags, which say where to")
		}
	}
	return list, nil
}
