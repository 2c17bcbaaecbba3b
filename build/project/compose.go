package project

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/override"
	"go.yaml.in/yaml/v3"
)

// Compose files are read with the parts of compose-go: its interpolation, its rules of
// what merges how, its canonical form. Its loader is not used. That reads extended and
// included files from the disk, past the buffers, and its schema's validator is compiled
// when the process starts, which doubles the time of that. What no build depends on, such
// as ports and volumes, is not looked at.

// The names that `docker compose` looks for (compose-go's cli.DefaultFileNames).
var (
	composeNames     = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}
	composeOverrides = []string{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"}
)

// maxComposeFiles bounds how many files one compose project may be made of, includes and
// extends counted each time.
const maxComposeFiles = 200

// A composeReader reads one compose project.
type composeReader struct {
	src       Source
	canonical *canonicalForms
	files     int    // read so far
	path      string // the last of them, and its text
	data      []byte
	special   bool // what one of them says of a service may concern another, see simple
	spots     map[string]spot
	order     []string          // services, as they are first named
	env       map[string]string // what .env said and was asked for

	substituted int // what it took, see substitute
	extended    int // services

	inlines []inlineNode      // of all files, as they are read
	images  map[string]string // of services that build nothing, by their names
}

// A spot is where something of the model is written: "services.api.build.args".
type spot struct {
	file string
	data []byte
	rows *rows
	line int // 0-based, as in Problem

	start, end int // in bytes
}

func (s spot) span() Span { return Span{s.file, s.start, s.end} }

// of is the place of a key in the same file.
func (s spot) of(key *yaml.Node) spot {
	s.line = s.rows.line(key.Line - 1)
	s.start = s.rows.offset(key.Line-1, key.Column-1)
	if key.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		s.start++
	}
	s.end = s.start + len(key.Value)
	return s
}

// A model is what a compose file holds, as far as builds depend on it.
type model = map[string]any

func newComposeReader(src Source, canonical *canonicalForms) *composeReader {
	return &composeReader{src: src, canonical: canonical, spots: map[string]spot{}, env: map[string]string{}, images: map[string]string{}}
}

// readCompose reads the compose files of a directory, and returns what the next reading may use of
// it; nil if that is nothing.
func (p *Project) readCompose(dir string, src Source, canonical *canonicalForms) (*composeBlocks, error) {
	asked := &record{}
	src = asked.of(src)
	path, data, err := src.first(dir, composeNames...)
	if data == nil || err != nil {
		return nil, err
	}
	paths := []string{path}
	second, data, err := src.first(dir, composeOverrides...)
	if err != nil {
		return nil, err
	}
	if data != nil {
		paths = append(paths, second)
	}
	r := newComposeReader(src, canonical)
	list, err := r.profiles(dir, paths)
	if err != nil {
		return nil, r.hideIn(err, path)
	}
	for i := range list {
		if fault := list[i].Fault; fault != nil {
			list[i].Fault = r.hideIn(fault, path)
			p.Problems = append(p.Problems, list[i].Fault)
		}
	}
	p.Profiles = append(p.Profiles, list...)
	for _, service := range r.order {
		if image := r.images[service]; image != "" {
			p.Images = append(p.Images, image)
		}
	}
	return blocksOf(r, asked, dir, list), nil
}

func (r *composeReader) profiles(dir string, paths []string) ([]*Profile, error) {
	lookup, err := r.dotEnv(r.src.Env, filepath.Join(dir, ".env"))
	if err != nil {
		return nil, err
	}
	whole, err := r.unit(paths, unit{dir: dir, lookup: lookup})
	if err != nil {
		return nil, err
	}
	name := projectName(dir, whole, lookup)
	var list []*Profile
	for _, service := range r.order {
		profile, err := r.profile(service, whole, name, lookup)
		if err != nil {
			return nil, err
		}
		if profile != nil {
			list = append(list, profile)
		} else if image, _ := asModel(asModel(whole["services"])[service])["image"].(string); image != "" {
			r.images[service] = image
		}
	}
	for _, p := range list {
		p.Hidden = r.hidden()
	}
	return list, nil
}

// A unit is files that are merged, with the directory from which their paths count.
type unit struct {
	dir    string
	lookup lookup
	within []string // the files that include this one
}

// unit reads the files of a unit, each over the ones before.
func (r *composeReader) unit(paths []string, u unit) (model, error) {
	whole := model{}
	for _, path := range paths {
		if slices.Contains(u.within, path) {
			return nil, r.problem(u.within[len(u.within)-1], "include", fmt.Errorf("%s includes itself", filepath.Base(path)))
		}
		m, reset, err := r.file(path, u.dir, u)
		if err != nil {
			return nil, err
		}
		if err := r.include(m, path, u); err != nil {
			return nil, err
		}
		drop(whole, reset, "")
		services, _ := m["services"].(model)
		for _, name := range slices.Sorted(maps.Keys(services)) {
			if services[name], err = r.extend(name, services, path, u, nil); err != nil {
				return nil, err
			}
		}
		if whole, err = override.Merge(whole, m); err != nil {
			return nil, r.problem(path, "services", err)
		}
	}
	whole, err := override.EnforceUnicity(whole)
	if err != nil {
		return nil, r.problem(paths[0], "services", err)
	}
	services, _ := whole["services"].(model)
	for _, s := range services {
		if service, ok := s.(model); ok {
			setContext(service, u.dir)
		}
	}
	return whole, nil
}

// setContext is the default of a build's context.
func setContext(service model, dir string) {
	if b, ok := service["build"].(model); ok && (b["context"] == nil || b["context"] == "") {
		b["context"] = dir
	}
}

// include reads what a file includes into its model.
func (r *composeReader) include(m model, path string, u unit) error {
	list, _ := m["include"].([]any)
	delete(m, "include")
	for _, entry := range list {
		inc, err := parseInclude(entry)
		if err != nil {
			return r.problem(path, "include", err)
		}
		inner := unit{dir: inDir(u.dir, inc.directory), lookup: u.lookup, within: append(slices.Clone(u.within), path)}
		for i := range inc.paths {
			if isRemote(inc.paths[i]) {
				return r.problem(path, "include", fmt.Errorf("%s is not on this machine", inc.paths[i]))
			}
			inc.paths[i] = inDir(u.dir, inc.paths[i])
		}
		if inc.directory == "" {
			inner.dir = filepath.Dir(inc.paths[0])
		}
		if inc.envFiles == nil {
			inc.envFiles = []string{filepath.Join(inner.dir, ".env")}
		}
		for _, file := range inc.envFiles {
			if inner.lookup, err = r.dotEnv(inner.lookup, inDir(u.dir, file)); err != nil {
				return err
			}
		}
		included, err := r.unit(inc.paths, inner)
		if err != nil {
			return err
		}
		if err := adopt(m, included); err != nil {
			return r.problem(path, "include", err)
		}
	}
	return nil
}

// adopt takes the services and secrets of an included model. What the including file says
// goes over it.
func adopt(m, included model) error {
	for _, key := range []string{"services", "secrets"} {
		theirs, _ := included[key].(model)
		ours, _ := m[key].(model)
		if theirs == nil {
			continue
		}
		merged, err := override.Merge(model{key: theirs}, model{key: orEmpty(ours)})
		if err != nil {
			return err
		}
		m[key] = merged[key]
	}
	return nil
}

func orEmpty(m model) model {
	if m == nil {
		return model{}
	}
	return m
}

type include struct {
	paths, envFiles []string
	directory       string
}

func parseInclude(entry any) (inc include, err error) {
	switch e := entry.(type) {
	case string:
		inc.paths = []string{e}
	case model:
		if inc.paths, err = stringsOf(e["path"]); err != nil {
			return inc, fmt.Errorf("path: %w", err)
		}
		if e["env_file"] != nil {
			if inc.envFiles, err = stringsOf(e["env_file"]); err != nil {
				return inc, fmt.Errorf("env_file: %w", err)
			}
		}
		inc.directory, _ = e["project_directory"].(string)
	}
	if len(inc.paths) == 0 {
		err = fmt.Errorf("an include lacks its path")
	}
	return inc, err
}

// extend is a service with what it extends below it. within are the services that extend
// this one.
func (r *composeReader) extend(name string, services model, path string, u unit, within []string) (any, error) {
	service, ok := services[name].(model)
	if !ok || service["extends"] == nil {
		return services[name], nil
	}
	here := path + "\x00" + name
	at := "services." + name + ".extends"
	if slices.Contains(within, here) || len(within) > maxComposeFiles {
		return nil, r.problem(path, at, fmt.Errorf("service %s extends itself", name))
	}
	if r.extended++; r.extended > maxExtended {
		return nil, r.problem(path, at, errors.New("services extend each other too often, so they are not read here"))
	}
	within = append(slices.Clone(within), here)
	base, file, err := parseExtends(service["extends"])
	if err != nil {
		return nil, r.problem(path, at, err)
	}
	from, fromPath := services, path
	if file != "" {
		fromPath = inDir(u.dir, file)
		m, _, err := r.file(fromPath, filepath.Dir(fromPath), u)
		if err != nil {
			return nil, err
		}
		from = orEmpty(asModel(m["services"]))
		u.dir = filepath.Dir(fromPath)
	}
	if _, ok := from[base]; !ok {
		return nil, r.problem(path, at, fmt.Errorf("there is no service %s in %s", base, filepath.Base(fromPath)))
	}
	parent, err := r.extend(base, from, fromPath, u, within)
	if err != nil {
		return nil, err
	}
	merged, err := override.ExtendService(clone(orEmpty(asModel(parent))).(model), service)
	if err != nil {
		return nil, r.problem(path, at, err)
	}
	delete(merged, "extends")
	return merged, nil
}

func parseExtends(value any) (service, file string, err error) {
	switch v := value.(type) {
	case string:
		return v, "", nil
	case model:
		service, _ = v["service"].(string)
		file, _ = v["file"].(string)
	}
	if service == "" {
		err = fmt.Errorf("extends lacks its service")
	}
	if isRemote(file) {
		err = fmt.Errorf("%s is not on this machine", file)
	}
	return service, file, err
}

func asModel(v any) model {
	m, _ := v.(model)
	return m
}

func clone(v any) any {
	switch v := v.(type) {
	case model:
		out := make(model, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}

// problem says that something is wrong at a place of the model, or the nearest that is
// known.
func (r *composeReader) problem(path, at string, err error) *Problem {
	if p, ok := err.(*Problem); ok {
		return p
	}
	message := strings.TrimSpace(strings.ReplaceAll(err.Error(), "\n", " "))
	for key := at; key != ""; key, _, _ = cutLast(key) {
		if s, ok := r.spots[key]; ok && (path == "" || s.file == path) {
			return &Problem{File: s.file, Line: s.line, Start: s.start, End: s.end, Message: message}
		}
	}
	return &Problem{File: path, Line: -1, Message: message}
}

func cutLast(key string) (before, after string, ok bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return "", key, false
	}
	return key[:i], key[i+1:], true
}
