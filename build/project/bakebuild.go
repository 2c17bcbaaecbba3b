package project

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// cwdScheme begins a path that counts from where bake is called. That is the directory
// of its files here.
const cwdScheme = "cwd://"

// profile is what a whole target builds. Relative paths count from dir.
func (t *bakeTarget) profile(dir string, config *bakeConfig) (*Profile, error) {
	if t.Call != nil && *t.Call != "" && *t.Call != "build" {
		return nil, fmt.Errorf("call %q is no build", *t.Call)
	}
	local := func(path string) string { return inDir(dir, strings.TrimPrefix(path, cwdScheme)) }
	p := &Profile{Name: t.Name, Kind: Target, Description: t.Description, Entitlements: t.Entitlements}
	b := &p.Build
	b.Context = *t.Context
	if b.Context == "-" || *t.Dockerfile == "-" {
		return nil, errors.New("bake takes nothing from stdin")
	}
	if path := strings.TrimPrefix(b.Context, cwdScheme); path != b.Context || !isRemote(path) {
		b.Context = local(path)
	}
	switch path := *t.Dockerfile; {
	case t.DockerfileInline != nil:
		p.Inline = &Inline{Text: *t.DockerfileInline, Line: -1}
	case strings.HasPrefix(path, cwdScheme):
		p.Dockerfile = local(path)
	case !isRemote(b.Context):
		p.Dockerfile = inDir(b.Context, path)
	}
	b.BuildArgs, b.Labels = t.Args, valuesOf(t.Labels)
	b.Tags, b.Platforms = t.Tags, t.Platforms
	b.Target, b.Network, b.ShmSize = deref(t.Target), deref(t.NetworkMode), deref(t.ShmSize)
	b.NoCache, b.Pull = deref(t.NoCache), deref(t.Pull)
	b.NoCacheFilter, b.Ulimits = t.NoCacheFilter, t.Ulimits
	t.takeContexts(b, dir)
	t.takeLists(b, dir)
	for _, name := range slices.Sorted(maps.Keys(t.ExtraHosts)) {
		if ip := t.ExtraHosts[name]; ip != nil {
			b.AddHosts = append(b.AddHosts, name+"="+*ip)
		}
	}
	return p, t.annotate(b)
}

// takeContexts takes the named contexts. Those that are targets stay target:NAME.
func (t *bakeTarget) takeContexts(b *Build, dir string) {
	for name, value := range t.Contexts {
		if b.Contexts == nil {
			b.Contexts = map[string]string{}
		}
		path := strings.TrimPrefix(value, cwdScheme)
		if path != value || !isRemote(value) && !strings.HasPrefix(value, "target:") && !strings.HasPrefix(value, "docker-image:") {
			value = inDir(dir, path)
		}
		if layout, ok := strings.CutPrefix(value, "oci-layout://"); ok {
			value = "oci-layout://" + inDir(dir, layout)
		}
		b.Contexts[name] = value
	}
}

func (t *bakeTarget) takeLists(b *Build, dir string) {
	for _, e := range t.Secrets {
		b.Secrets = append(b.Secrets, Secret{ID: e["id"], Src: inDir(dir, e["src"]), Env: e["env"]})
	}
	for _, key := range t.SSH {
		out := SSH{ID: key.ID}
		for _, path := range key.Paths {
			out.Paths = append(out.Paths, inDir(dir, path))
		}
		b.SSH = append(b.SSH, out)
	}
	for _, e := range t.CacheFrom {
		e = maps.Clone(e)
		localCache(dir, e, "src")
		b.CacheFrom = append(b.CacheFrom, e.text())
	}
	for _, e := range t.CacheTo {
		e = maps.Clone(e)
		localCache(dir, e, "dest")
		b.CacheTo = append(b.CacheTo, e.text())
	}
	for _, e := range t.Outputs {
		out := Output{Type: e["type"], Dest: e["dest"], Attrs: map[string]string{}}
		if out.Dest != "-" {
			out.Dest = inDir(dir, out.Dest)
		}
		for k, v := range e {
			if k != "type" && k != "dest" {
				out.Attrs[k] = v
			}
		}
		if out.Type != "cacheonly" {
			b.Outputs = append(b.Outputs, out)
		}
	}
	for _, e := range t.Attest {
		b.Attest = append(b.Attest, e.text())
	}
}

// annotate gives the annotations to what is exported, as buildx does: they are
// attributes of the outputs.
func (t *bakeTarget) annotate(b *Build) error {
	if len(t.Annotations) == 0 {
		return nil
	}
	if len(b.Outputs) == 0 {
		b.Outputs = []Output{{Type: "image", Attrs: map[string]string{}}}
	}
	for _, a := range t.Annotations {
		attrs, err := Annotation(a)
		if err != nil {
			return err
		}
		for i := range b.Outputs {
			maps.Copy(b.Outputs[i].Attrs, attrs)
		}
	}
	return nil
}

// Annotation is [KIND,…:]KEY=VALUE as attributes of an exporter.
func Annotation(text string) (map[string]string, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return nil, fmt.Errorf("annotation %q: write it as KEY=VALUE", text)
	}
	kinds, key, ok := strings.Cut(key, ":")
	if !ok {
		kinds, key = "", kinds
	}
	attrs := map[string]string{}
	for kind := range strings.SplitSeq(kinds, ",") {
		attrs[annotationKey(kind, key)] = value
	}
	return attrs, nil
}

// annotationKey spells an annotation as BuildKit's exporter/containerimage/exptypes reads
// it: annotation-index.KEY, annotation[linux/arm64].KEY.
func annotationKey(kind, key string) string {
	name, platform, _ := strings.Cut(kind, "[")
	if platform != "" {
		platform = "[" + platform
	}
	if name != "" {
		name = "-" + name
	}
	return "annotation" + name + platform + "." + key
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// valuesOf leaves out what is null.
func valuesOf(m map[string]*string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if v != nil {
			out[k] = *v
		}
	}
	return out
}
