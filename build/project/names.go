package project

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"go.yaml.in/yaml/v3"
)

// A Name is what a compose or bake file calls something of a Dockerfile.
type Name int

// What is called by name.
const (
	StageName Name = iota // a build's target
	ArgName               // a build argument
)

// Places are where a file gives builds of services or targets, by their names, the name of a
// stage or of a build argument, as it is written: not by a variable, and not in another file. The
// file is one of those that Read reads, or one that these include or extend.
func Places(path string, data []byte, builds []string, what Name, name string) (list []Span) {
	guarded(func() error {
		switch filepath.Ext(path) {
		case ".yaml", ".yml":
			list = composePlaces(path, data, builds, what, name)
		default:
			list = bakePlaces(path, data, builds, what, name)
		}
		return nil
	})
	return list
}

// composePlaces follows aliases, merges and the services that others extend.
func composePlaces(path string, data []byte, services []string, what Name, name string) (list []Span) {
	var root yaml.Node
	if yaml.Unmarshal(data, &root) != nil || len(root.Content) == 0 {
		return nil
	}
	in := spot{file: path, data: data, rows: rowsOf(data)}
	add := func(n *yaml.Node) {
		at := in.of(n)
		if at := at.span(); string(data[at.Start:min(at.End, len(data))]) == name && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	all := nodesAt(root.Content[0], "services", 0)
	services = slices.Clone(services)
	for i := 0; i < len(services) && i < maxComposeFiles; i++ {
		for _, service := range each(all, services[i]) {
			for _, extends := range append(each(nodesAt(service, "extends", 0), "service"), nodesAt(service, "extends", 0)...) {
				if extends.Kind == yaml.ScalarNode && !slices.Contains(services, extends.Value) {
					services = append(services, extends.Value)
				}
			}
			builds := nodesAt(service, "build", 0)
			if what == StageName {
				for _, target := range each(builds, "target") {
					add(target)
				}
				continue
			}
			for _, args := range each(builds, "args") {
				for i, n := range args.Content {
					switch {
					case args.Kind == yaml.MappingNode && i%2 == 0 && n.Value == name, args.Kind == yaml.SequenceNode && n.Value == name:
						add(n)
					case args.Kind == yaml.SequenceNode && strings.HasPrefix(n.Value, name+"="):
						key := *n
						key.Value = name
						add(&key)
					}
				}
			}
		}
	}
	return list
}

// each are the values of a key in some mappings.
func each(mappings []*yaml.Node, key string) (list []*yaml.Node) {
	for _, m := range mappings {
		list = append(list, nodesAt(m, key, 0)...)
	}
	return list
}

// nodesAt are the values of a key in a mapping, and in those that it merges.
func nodesAt(n *yaml.Node, key string, depth int) (list []*yaml.Node) {
	if depth > 10 {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return nodesAt(n.Alias, key, depth+1)
	}
	if n.Kind == yaml.SequenceNode { // of mappings that are merged
		for _, e := range n.Content {
			list = append(list, nodesAt(e, key, depth+1)...)
		}
		return list
	}
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		value := n.Content[i+1]
		switch n.Content[i].Value {
		case key:
			if value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			list = append(list, value)
		case "<<":
			list = append(list, nodesAt(value, key, depth+1)...)
		}
	}
	return list
}

// bakePlaces follows the targets that others inherit from.
func bakePlaces(path string, data []byte, targets []string, what Name, name string) (list []Span) {
	parser := hclparse.NewParser()
	parse := parser.ParseHCL
	if filepath.Ext(path) == ".json" {
		parse = parser.ParseJSON
	}
	file, _ := parse(data, path)
	if file == nil {
		return nil
	}
	content, _, _ := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "target", LabelNames: []string{"name"}}}})
	add := func(r hcl.Range) {
		text := data[min(r.Start.Byte, len(data)):min(r.End.Byte, len(data))]
		if i := bytes.Index(text, []byte(name)); i >= 0 && strings.Trim(string(text), `"`) == name {
			at := Span{path, r.Start.Byte + i, r.Start.Byte + i + len(name)}
			if !slices.Contains(list, at) {
				list = append(list, at)
			}
		}
	}
	targets = slices.Clone(targets)
	for i := 0; i < len(targets); i++ {
		for _, b := range content.Blocks {
			if b.Labels[0] != targets[i] {
				continue
			}
			if a, _ := attribute(b, "inherits"); a != nil {
				elements, _ := hcl.ExprList(a.Expr)
				for _, e := range elements {
					if v, diags := e.Value(nil); !diags.HasErrors() && v.Type().FriendlyName() == "string" && !slices.Contains(targets, v.AsString()) {
						targets = append(targets, v.AsString())
					}
				}
			}
			if what == StageName {
				if a, _ := attribute(b, "target"); a != nil {
					add(a.Expr.Range())
				}
				continue
			}
			if a, _ := attribute(b, "args"); a != nil {
				pairs, _ := hcl.ExprMap(a.Expr)
				for _, p := range pairs {
					add(p.Key.Range())
				}
			}
		}
	}
	return list
}
