package project

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// A member is one of a JSON object. HCL takes a name that is said twice for two.
type member struct {
	name  string
	value any
}

// decodeJSON decodes a value: objects are []member.
func decodeJSON(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := decodeJSON(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		list := []member{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeJSON(d)
			if err != nil {
				return nil, err
			}
			list = append(list, member{fmt.Sprint(name), v})
		}
		_, err = d.Token()
		return list, err
	}
	return t, nil
}

// addJSON reads JSON's strings, which are templates, and its numbers.
func (c *coster) addJSON(f bakeFile) error {
	d := json.NewDecoder(bytes.NewReader(f.data))
	d.UseNumber()
	top, err := decodeJSON(d)
	if err != nil { // HCL's parser has its own idea of JSON: what it makes of this is not known
		return &Problem{File: f.path, Line: -1, Message: fmt.Sprintf("it cannot be read as JSON: %v", err)}
	}
	for _, kind := range members(top) {
		switch kind.name {
		case "variable", "function", "target", "group":
			for _, block := range members(kind.value) {
				c.addBlock(f.path, kind.name, block)
			}
		default:
			c.names[kind.name] = append(c.names[kind.name], templates(f.path, kind.value)...)
		}
	}
	return nil
}

// members are those of an object, or of the objects in a list: to HCL they are alike.
func members(v any) (list []member) {
	switch v := v.(type) {
	case []member:
		return v
	case []any:
		for _, e := range v {
			list = append(list, members(e)...)
		}
	}
	return list
}

func (c *coster) addBlock(path, kind string, block member) {
	c.blocks++
	all := templates(path, block.value)
	if kind == "function" {
		for _, m := range members(block.value) {
			if m.name == "result" {
				for _, e := range templates(path, m.value) {
					c.funcs[block.name] = e
				}
			}
		}
		return
	}
	name := block.name
	if kind != "variable" {
		name = kind + "." + name
	}
	c.names[name] = append(c.names[name], all...)
	for _, m := range members(block.value) {
		switch as, _ := m.value.(string); {
		case m.name == "matrix":
			c.matrixes[name] = &hclsyntax.TupleConsExpr{Exprs: templates(path, m.value)}
		case m.name == "type" && strings.Contains(as, "number"):
			c.numbers = append(c.numbers, all...)
		}
	}
}

// templates are the strings of a JSON value, and its numbers.
func templates(path string, v any) (list []hclsyntax.Expression) {
	switch v := v.(type) {
	case string:
		if e, diags := hclsyntax.ParseTemplate([]byte(v), path, hcl.InitialPos); !diags.HasErrors() {
			list = append(list, e)
		}
	case json.Number:
		if n, err := cty.ParseNumberVal(v.String()); err == nil {
			list = append(list, &hclsyntax.LiteralValueExpr{Val: n, SrcRange: hcl.Range{Filename: path}})
		}
	case []any:
		for _, e := range v {
			list = append(list, templates(path, e)...)
		}
	case []member:
		for _, m := range v {
			list = append(list, append(templates(path, m.name), templates(path, m.value)...)...)
		}
	}
	return list
}
