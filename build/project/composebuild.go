package project

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// profile is what a service builds; nil if it builds nothing.
func (r *composeReader) profile(service string, whole model, project string, env lookup) (*Profile, error) {
	s := asModel(asModel(whole["services"])[service])
	if s["build"] == nil {
		return nil, nil
	}
	at := "services." + service
	b, ok := s["build"].(model)
	if !ok {
		return nil, r.problem("", at+".build", fmt.Errorf("build must be a directory or a mapping"))
	}
	where := r.spots[at]
	p := &Profile{Name: service, Kind: Service, File: where.file, Start: where.start, End: where.end}
	c := composeBuild{reader: r, profile: p, secrets: asModel(whole["secrets"]), env: env}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		err := c.take(key, b[key])
		if err == nil {
			continue
		}
		problem := r.problem("", at+".build."+key, fmt.Errorf("service %s: %s: %w", service, key, err))
		if !errors.As(err, new(unbuildableError)) {
			return nil, problem
		}
		p.Fault = problem
	}
	image, _ := s["image"].(string)
	if image == "" {
		image = project + "-" + service
	}
	p.Build.Tags = uniqueStrings(append([]string{image}, p.Build.Tags...))
	if platform, _ := s["platform"].(string); platform != "" && len(p.Build.Platforms) == 0 {
		p.Build.Platforms = []string{platform}
	}
	c.finish()
	return p, nil
}

// An unbuildableError is what Compose takes, and refuses when it builds that service.
type unbuildableError struct{ error }

// A composeBuild is a service's build while it is read.
type composeBuild struct {
	reader     *composeReader
	profile    *Profile
	secrets    model
	env        lookup
	dockerfile string
	inline     string
}

// finish says what follows from all attributes together.
func (c *composeBuild) finish() {
	p := c.profile
	switch {
	case c.inline != "":
		p.Inline = c.reader.inline(p.Name, c.inline)
	case isRemote(p.Build.Context):
	case c.dockerfile == "":
		p.Dockerfile = inDir(p.Build.Context, "Dockerfile")
	default:
		p.Dockerfile = inDir(p.Build.Context, c.dockerfile)
	}
	if p.Build.Network == "host" {
		p.Entitlements = append(p.Entitlements, "network.host")
	}
	p.Entitlements = uniqueStrings(p.Entitlements)
	p.where = func(attr, _ string) (Span, bool) {
		at := "services." + p.Name + ".build"
		s, ok := c.reader.spots[at+"."+composeAttribute(attr)]
		if !ok && attr == "context" {
			s, ok = c.reader.spots[at] // the short form
		}
		return s.span(), ok
	}
}

// composeAttribute is what a compose file calls an attribute of a bake file.
func composeAttribute(attr string) string {
	if attr == "contexts" {
		return "additional_contexts"
	}
	return strings.ReplaceAll(attr, "-", "_")
}

// take takes one attribute of a build.
func (c *composeBuild) take(key string, v any) (err error) {
	b := &c.profile.Build
	if v == nil || strings.HasPrefix(key, "x-") {
		return nil
	}
	switch key {
	case "context":
		b.Context, err = stringOf(v)
	case "dockerfile":
		c.dockerfile, err = stringOf(v)
	case "dockerfile_inline":
		c.inline, err = stringOf(v)
	case "target":
		b.Target, err = stringOf(v)
	case "network":
		b.Network, err = stringOf(v)
	case "shm_size":
		b.ShmSize, err = stringOf(v)
	case "args":
		return c.args(v)
	case "labels":
		b.Labels, err = mappingOf(v)
	case "tags":
		b.Tags, err = stringsOf(v)
	case "platforms":
		b.Platforms, err = stringsOf(v)
	case "no_cache_filter":
		b.NoCacheFilter, err = stringsOf(v)
	case "cache_from":
		b.CacheFrom, err = c.caches(v, "src")
	case "cache_to":
		b.CacheTo, err = c.caches(v, "dest")
	case "no_cache":
		b.NoCache, err = boolOf(v)
	case "pull":
		b.Pull, err = boolOf(v)
	case "provenance", "sbom":
		return c.attest(key, v)
	default:
		return c.takeMore(key, v)
	}
	return err
}

func (c *composeBuild) takeMore(key string, v any) (err error) {
	b := &c.profile.Build
	switch key {
	case "additional_contexts":
		return c.contexts(v)
	case "secrets":
		return c.takeSecrets(v)
	case "ssh":
		return c.ssh(v)
	case "ulimits":
		return c.ulimits(v)
	case "extra_hosts":
		var hosts types.HostsList
		if err := hosts.DecodeMapstructure(v); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(hosts)) {
			b.AddHosts = append(b.AddHosts, name+"="+strings.Join(hosts[name], ","))
		}
		return nil
	case "entitlements":
		list, err := stringsOf(v)
		c.profile.Entitlements = append(c.profile.Entitlements, list...)
		return err
	case "privileged":
		yes, err := boolOf(v)
		if yes {
			c.profile.Entitlements = append(c.profile.Entitlements, "security.insecure")
		}
		return err
	case "isolation":
		s, err := stringOf(v)
		if err == nil && s != "default" && s != "" {
			err = unbuildableError{errors.New("BuildKit has none")}
		}
		return err
	}
	return fmt.Errorf("this attribute of a build is not known")
}

// args takes build args. One without a value has the environment's, or is left out.
func (c *composeBuild) args(v any) error {
	args := map[string]*string{}
	add := func(name string, value *string) {
		if value == nil {
			if found, ok := c.env(name); ok {
				value = &found
			}
		}
		if value != nil {
			args[name] = value
		}
	}
	switch v := v.(type) {
	case model:
		for name, value := range v {
			if value == nil {
				add(name, nil)
			} else {
				add(name, ptr(fmt.Sprint(value)))
			}
		}
	case []any:
		for _, e := range v {
			name, value, ok := strings.Cut(fmt.Sprint(e), "=")
			if ok {
				add(name, &value)
			} else {
				add(name, nil)
			}
		}
	default:
		return fmt.Errorf("it must be a mapping or a list")
	}
	c.profile.Build.BuildArgs = args
	return nil
}

func (c *composeBuild) caches(v any, path string) ([]string, error) {
	list, err := stringsOf(v)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, text := range list {
		entries, err := parseCaches(text)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			localCache(filepath.Dir(c.profile.File), e, path)
			out = append(out, e.text())
		}
	}
	return out, nil
}

func (c *composeBuild) attest(kind string, v any) error {
	value, err := stringOf(v)
	if err != nil || value == "" {
		return err
	}
	text := "type=" + kind + "," + value
	if yes, err := strconv.ParseBool(value); err == nil {
		text = "type=" + kind
		if !yes {
			text += ",disabled=true"
		}
	}
	c.profile.Build.Attest = append(c.profile.Build.Attest, text)
	return nil
}

// contexts takes the named contexts; another service's image is target:NAME, as in bake. The
// compose library makes paths absolute, but not those of image layouts.
func (c *composeBuild) contexts(v any) error {
	m, err := mappingOf(v)
	for name, value := range m {
		if service, ok := strings.CutPrefix(value, types.ServicePrefix); ok {
			m[name] = "target:" + service
		}
		m[name] = layoutIn(filepath.Dir(c.profile.File), m[name])
	}
	c.profile.Build.Contexts = m
	return err
}

func (c *composeBuild) takeSecrets(v any) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("it must be a list")
	}
	for _, e := range list {
		id, _ := asModel(e)["source"].(string)
		def := asModel(c.secrets[id])
		if def == nil {
			return fmt.Errorf("there is no secret %q at the top of the file", id)
		}
		if external, _ := boolOf(def["external"]); external {
			return unbuildableError{fmt.Errorf("secret %s is external, and no build can have it", id)}
		}
		out := Secret{ID: id}
		out.Src, _ = def["file"].(string)
		out.Env, _ = def["environment"].(string)
		if out.Src == "" && out.Env == "" {
			return fmt.Errorf("secret %s has neither file nor environment", id)
		}
		c.profile.Build.Secrets = append(c.profile.Build.Secrets, out)
	}
	return nil
}

func (c *composeBuild) ssh(v any) error {
	m, ok := v.(model)
	if !ok {
		return fmt.Errorf("it must be a mapping or a list")
	}
	for _, id := range slices.Sorted(maps.Keys(m)) {
		key := SSH{ID: id}
		if path, _ := m[id].(string); path != "" {
			key.Paths = []string{path}
		}
		c.profile.Build.SSH = append(c.profile.Build.SSH, key)
	}
	return nil
}

func (c *composeBuild) ulimits(v any) error {
	m, ok := v.(model)
	if !ok {
		return fmt.Errorf("it must be a mapping")
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		limit := fmt.Sprint(m[name])
		if both, ok := m[name].(model); ok {
			limit = fmt.Sprintf("%v:%v", both["soft"], both["hard"])
		}
		c.profile.Build.Ulimits = append(c.profile.Build.Ulimits, name+"="+limit)
	}
	return nil
}

func stringOf(v any) (string, error) {
	switch v.(type) {
	case model, []any:
		return "", fmt.Errorf("it must be a string")
	}
	return fmt.Sprint(v), nil
}

func boolOf(v any) (bool, error) {
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		if b, err := strconv.ParseBool(strings.ToLower(v)); err == nil {
			return b, nil
		}
	}
	return false, fmt.Errorf("it must be true or false")
}

func stringsOf(v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, err := stringOf(e)
			if err != nil {
				return nil, fmt.Errorf("it must be a list of strings")
			}
			list = append(list, s)
		}
		return list, nil
	}
	return nil, fmt.Errorf("it must be a list of strings")
}

// mappingOf reads a mapping, or a list of NAME=VALUE.
func mappingOf(v any) (map[string]string, error) {
	out := map[string]string{}
	switch v := v.(type) {
	case model:
		for k, e := range v {
			s, err := stringOf(e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
			if e == nil {
				s = ""
			}
			out[k] = s
		}
	case []any:
		for _, e := range v {
			name, value, _ := strings.Cut(fmt.Sprint(e), "=")
			out[name] = value
		}
	default:
		return nil, fmt.Errorf("it must be a mapping or a list")
	}
	return out, nil
}
