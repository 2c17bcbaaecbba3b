package project

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/buildls/buildls/build/lazyregexp"
)

// cwdScheme begins a path that counts from where bake is called. That is the directory
// of its files here.
const cwdScheme = "cwd://"

// profile is what a whole target builds, and why it cannot be. Relative paths count from
// dir.
func (t *bakeTarget) profile(dir string) (*Profile, []error) {
	faults := t.unbuildable()
	local := func(path string) string { return inDir(dir, strings.TrimPrefix(path, cwdScheme)) }
	p := &Profile{Name: t.Name, Kind: Target, Description: t.Description, Entitlements: t.Entitlements}
	b := &p.Build
	b.Context = *t.Context
	if path := strings.TrimPrefix(b.Context, cwdScheme); path != b.Context || !isRemote(path) {
		b.Context = local(cmp.Or(path, "."))
	}
	switch path := *t.Dockerfile; {
	case t.DockerfileInline != nil: // is the caller's to find
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
	p.outputs = t.takeLists(b, dir)
	for _, name := range slices.Sorted(maps.Keys(t.ExtraHosts)) {
		if ip := t.ExtraHosts[name]; ip != nil {
			b.AddHosts = append(b.AddHosts, name+"="+*ip)
		}
	}
	return p, append(faults, t.annotate(b)...)
}

// unbuildable is what buildls, or bake, refuses of a target.
func (t *bakeTarget) unbuildable() (faults []error) {
	if call := deref(t.Call); call != "" && call != "build" {
		err := &attrError{target: t, attr: "call", mild: true, error: fmt.Errorf("call %q is no build, so buildls does not build this target", call)}
		if !slices.Contains([]string{"check", "lint", "outline", "targets"}, firstField(call)) {
			err.mild, err.error = false, fmt.Errorf("call %q is not known; it can be build, check, outline or targets", call)
		}
		faults = append(faults, err)
	}
	if slices.ContainsFunc(t.Secrets, func(e entry) bool { return e["id"] == "" }) {
		faults = append(faults, &attrError{target: t, attr: "secret", error: errors.New("a secret lacks its id")})
	}
	if slices.ContainsFunc(t.Attest, func(e entry) bool { return e["type"] == "" }) {
		faults = append(faults, &attrError{target: t, attr: "attest", error: errors.New("an attestation lacks its type")})
	}
	for attr, value := range map[string]string{"context": *t.Context, "dockerfile": *t.Dockerfile} {
		if value == "-" {
			faults = append(faults, &attrError{target: t, attr: attr, error: errors.New("bake takes nothing from stdin")})
		}
	}
	return faults
}

// firstField is what stands before a comma, as in check,format=json.
func firstField(text string) string {
	first, _, _ := strings.Cut(text, ",")
	return first
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
		b.Contexts[name] = layoutIn(dir, value)
	}
}

// takeLists takes lists of entries, and returns the outputs as they are written.
func (t *bakeTarget) takeLists(b *Build, dir string) (outputs []string) {
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
			outputs = append(outputs, e.text())
		}
	}
	for _, e := range t.Attest {
		b.Attest = append(b.Attest, e.text())
	}
	return outputs
}

// annotate gives the annotations to what is exported, as buildx does: they are
// attributes of the outputs.
func (t *bakeTarget) annotate(b *Build) (faults []error) {
	if len(t.Annotations) == 0 {
		return nil
	}
	if len(b.Outputs) == 0 {
		b.Outputs = []Output{{Type: "image", Attrs: map[string]string{}}}
	}
	for _, a := range t.Annotations {
		attrs, err := Annotation(a)
		if err != nil {
			faults = append(faults, &attrError{target: t, attr: "annotations", element: a, error: err})
		}
		for i := range b.Outputs {
			maps.Copy(b.Outputs[i].Attrs, attrs)
		}
	}
	return faults
}

// annotationKinds are what an annotation can be of, by buildx's
// buildflags.ParseAnnotations.
var annotationKinds = []string{"index", "index-descriptor", "manifest", "manifest-descriptor"}

// annotationKind is KIND or KIND[PLATFORM].
var annotationKind = lazyregexp.New(`^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$`)

// Annotation is [KIND,…:]KEY=VALUE as attributes of an exporter.
func Annotation(text string) (map[string]string, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return nil, fmt.Errorf("annotation %q: write it as KEY=VALUE", text)
	}
	kinds, key, ok := strings.Cut(key, ":")
	if !ok {
		return map[string]string{annotationKey("", kinds): value}, nil
	}
	attrs := map[string]string{}
	for kind := range strings.SplitSeq(kinds, ",") {
		m := annotationKind.FindStringSubmatch(kind)
		if m == nil || !slices.Contains(annotationKinds, m[1]) {
			return nil, fmt.Errorf("annotation %q: %q can be %s, each with a [PLATFORM] behind it", text, kind, strings.Join(annotationKinds, ", "))
		}
		if m[2] != "" {
			if _, err := platforms.Parse(m[2]); err != nil {
				return nil, fmt.Errorf("annotation %q: %q is no platform", text, m[2])
			}
		}
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
