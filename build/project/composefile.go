package project

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/paths"
	"github.com/compose-spec/compose-go/v2/transform"
	"go.yaml.in/yaml/v3"

	"github.com/buildls/buildls/build/lazyregexp"
)

// serviceKeys are what of a service a build depends on.
var serviceKeys = []string{"build", "image", "extends", "platform"}

// file reads one file into its canonical form, with absolute paths that count from dir.
// reset are the places that it takes out of what lies below.
func (r *composeReader) file(path, dir string, u unit) (m model, reset []string, err error) {
	if r.files++; r.files > maxComposeFiles {
		return nil, nil, &Problem{File: path, Line: -1, Message: fmt.Sprintf("the project has more than %d files", maxComposeFiles)}
	}
	data, err := r.src.load(path)
	if data == nil && err == nil {
		err = &Problem{File: path, Line: -1, Message: fs.ErrNotExist.Error()}
	}
	if err != nil {
		return nil, nil, err
	}
	root, err := parseYAML(path, data)
	if root == nil || err != nil {
		return model{}, nil, err
	}
	r.path, r.data, r.special = path, data, r.special || !simple(root, 2)
	in := spot{file: path, data: data, rows: rowsOf(data)}
	if reset, err = r.walk(root, "", in, 0); err != nil {
		return nil, nil, err
	}
	r.rememberInlines(root, "", in, u.lookup)
	var whole any
	if err := root.Decode(&whole); err != nil {
		return nil, nil, yamlProblem(path, data, err)
	}
	m, ok := stringKeys(whole).(model)
	if !ok {
		return nil, nil, &Problem{File: path, Line: 0, Message: "it must be a mapping"}
	}
	m = relevant(m)
	options := interpolation.Options{LookupValue: interpolation.LookupValue(u.lookup), Substitute: r.substitute}
	if m, err = interpolation.Interpolate(m, options); err != nil {
		return nil, nil, r.interpolationProblem(path, err)
	}
	if m, err = r.canonical.form(m, path, dir); err != nil {
		return nil, nil, r.pathProblem(path, err)
	}
	return m, reset, nil
}

// canonical is the canonical form of a model, with absolute paths that count from dir.
func canonical(m model, dir string) (model, error) {
	m, err := transform.Canonical(m, false)
	if err != nil {
		return nil, err
	}
	return m, paths.ResolveRelativePaths(m, dir, nil)
}

// relevant is what builds depend on.
func relevant(m model) model {
	out := model{}
	for _, key := range []string{"name", "include", "secrets"} {
		if v, ok := m[key]; ok && v != nil {
			out[key] = v
		}
	}
	services, ok := m["services"].(model)
	if !ok {
		return out
	}
	kept := model{}
	for name, s := range services {
		service := model{}
		for key, v := range asModel(s) {
			if slices.Contains(serviceKeys, key) && v != nil {
				service[key] = v
			}
		}
		kept[name] = service
	}
	out["services"] = kept
	return out
}

// maxYAML bounds the nodes of a file, each alias counted as what it stands for.
const maxYAML = 100_000

// maxKeys bounds those of one mapping: the library compares each with all.
const maxKeys = 10_000

// parseYAML parses one document; nil if there is none.
func parseYAML(path string, data []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, yamlProblem(path, data, err)
	}
	at := func(n *yaml.Node, message string) error {
		return &Problem{File: path, Line: rowsOf(data).line(n.Line - 1), Message: message}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, yamlProblem(path, data, err)
		}
		return nil, at(&second, "it holds more than one document")
	}
	if _, n, err := expanded(&doc, map[*yaml.Node]int{}); err != nil {
		return nil, at(n, err.Error())
	}
	if len(doc.Content) != 1 || doc.Content[0].Tag == "!!null" {
		return nil, nil
	}
	return doc.Content[0], nil
}

// expanded counts the nodes, each alias as what it stands for. At is where that cannot be done.
func expanded(n *yaml.Node, seen map[*yaml.Node]int) (size int, at *yaml.Node, err error) {
	if size, ok := seen[n]; ok {
		if size == 0 {
			return 0, n, errors.New("an anchor holds itself")
		}
		return size, nil, nil
	}
	if n.Kind == yaml.MappingNode && len(n.Content) > 2*maxKeys {
		return 0, n, fmt.Errorf("it has a mapping of more than %d keys", maxKeys)
	}
	seen[n] = 0 // while it is being counted
	size = 1
	children := n.Content
	if n.Kind == yaml.AliasNode {
		children = []*yaml.Node{n.Alias}
	}
	for _, c := range children {
		s, at, err := expanded(c, seen)
		if err != nil {
			return 0, at, err
		}
		if size += s; size > maxYAML {
			return 0, n, fmt.Errorf("it comes to more than %d values", maxYAML)
		}
	}
	seen[n] = size
	return size, nil, nil
}

// walk remembers where what is written, and takes the tags !reset and !override out of
// the tree: it returns the places that they stand at.
func (r *composeReader) walk(n *yaml.Node, at string, in spot, depth int) (reset []string, err error) {
	if n.Kind == yaml.AliasNode {
		return nil, nil // written elsewhere
	}
	if n.Kind != yaml.MappingNode {
		return nil, nil
	}
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		place := strings.TrimPrefix(at+"."+key.Value, ".")
		r.remember(place, key, in)
		switch value.Tag {
		case "!reset":
			reset = append(reset, place)
			continue
		case "!override":
			reset = append(reset, place)
			value.Tag = ""
			if value.Kind == yaml.ScalarNode {
				value.Tag = "!!str"
			}
		}
		if depth < 6 {
			inner, err := r.walk(value, place, in, depth+1)
			if err != nil {
				return nil, err
			}
			reset = append(reset, inner...)
		}
		kept = append(kept, key, value)
	}
	n.Content = kept
	return reset, nil
}

// remember keeps where a key is written: where it was first, for services.
func (r *composeReader) remember(place string, key *yaml.Node, in spot) {
	parts := strings.SplitN(place, ".", 3)
	if _, ok := r.spots[place]; ok && len(parts) == 2 {
		return
	}
	r.spots[place] = in.of(key)
	if len(parts) == 2 && parts[0] == "services" {
		r.order = append(r.order, parts[1])
	}
}

// drop takes places out of a model.
func drop(m model, places []string, at string) {
	for key, v := range m {
		place := strings.TrimPrefix(at+"."+key, ".")
		if slices.Contains(places, place) {
			delete(m, key)
		} else if inner, ok := v.(model); ok {
			drop(inner, places, place)
		}
	}
}

// stringKeys makes every key a string.
func stringKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := model{}
		for k, e := range v {
			out[fmt.Sprint(k)] = stringKeys(e)
		}
		return out
	case model:
		for k, e := range v {
			v[k] = stringKeys(e)
		}
	case []any:
		for i, e := range v {
			v[i] = stringKeys(e)
		}
	}
	return v
}

var (
	yamlLine  = lazyregexp.New(`(?:yaml: )?(?:unmarshal errors:\s+)?line (\d+): ?`)
	modelPath = lazyregexp.New(`(?:services|secrets|include)(?:\.[\w.\[\]-]+)?`)
)

func yamlProblem(path string, data []byte, err error) error {
	p := &Problem{File: path, Line: -1, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatchIndex(err.Error()); m != nil {
		line, _ := strconv.Atoi(err.Error()[m[2]:m[3]])
		p.Line, p.Message = rowsOf(data).line(line-1), strings.TrimSpace(err.Error()[m[1]:])
	}
	return p
}

// pathProblem finds the line by the place that compose-go names.
func (r *composeReader) pathProblem(path string, err error) error {
	return r.problem(path, modelPath.FindString(err.Error()), err)
}

// interpolationProblem does not repeat what was put in: it may be a value of .env.
func (r *composeReader) interpolationProblem(path string, err error) error {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return r.problem(path, modelPath.FindString(err.Error()), errors.New(strings.TrimSuffix(first, ".")))
}

// projectName is the name that images without one begin with, as `docker compose` has it.
func projectName(dir string, whole model, lookup lookup) string {
	name, _ := lookup("COMPOSE_PROJECT_NAME")
	if name == "" {
		name, _ = whole["name"].(string)
	}
	if name == "" {
		name = filepath.Base(dir)
	}
	name = notInProjectName.ReplaceAllString(strings.ToLower(name), "")
	return strings.TrimLeft(name, "_-")
}

var notInProjectName = lazyregexp.New(`[^a-z0-9_-]`)
