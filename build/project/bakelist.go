package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tonistiigi/go-csvvalue"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/buildls/buildls/build/pairs"
)

// The attributes of a bake target that are lists of entries. Each entry is written as a
// string, as a flag of `docker buildx build` takes it, or as an object. (buildx has
// these in util/buildflags, which brings a policy engine of 16 MB.)
type (
	entry   map[string]string
	attests []entry
	caches  []entry
	exports []entry
	secrets []entry
	sshKeys []sshKey

	policies []entry
)

type sshKey struct {
	ID    string   `json:"id,omitempty"`
	Paths []string `json:"paths,omitempty"`
}

// listFrom reads a list of strings and objects.
func listFrom[T any](in cty.Value, path cty.Path, parse func(string) ([]T, error), object func(cty.Value) (T, error)) ([]T, error) {
	if !in.Type().IsTupleType() && !in.Type().IsListType() {
		return nil, path.NewErrorf("it must be a list")
	}
	list := []T{}
	for it := in.ElementIterator(); it.Next(); {
		_, v := it.Element()
		switch {
		case !v.IsKnown() || v.IsNull():
		case v.Type() == cty.String:
			if v.AsString() == "" {
				continue
			}
			parsed, err := parse(v.AsString())
			if err != nil {
				return nil, path.NewError(err)
			}
			list = append(list, parsed...)
		default:
			o, err := object(v)
			if err != nil {
				return nil, path.NewError(err)
			}
			list = append(list, o)
		}
	}
	return list, nil
}

// entryFrom reads an object of strings.
func entryFrom(v cty.Value) (entry, error) {
	m, err := convert.Convert(v, cty.Map(cty.String))
	if err != nil {
		return nil, err
	}
	e := entry{}
	for key, value := range m.AsValueMap() {
		if value.IsKnown() && !value.IsNull() {
			e[key] = value.AsString()
		}
	}
	return e, nil
}

// typed is entryFrom for entries that need a type.
func typed(v cty.Value) (entry, error) {
	e, err := entryFrom(v)
	if err == nil && e["type"] == "" {
		err = errors.New("it lacks its type")
	}
	return e, err
}

// parseEntry reads key=value,key=value.
func parseEntry(text string) (entry, error) {
	list, err := pairs.Parse(text)
	if err != nil {
		return nil, err
	}
	e := entry{}
	for _, p := range list {
		e[p.Key] = p.Value
	}
	return e, nil
}

func typedPairs(text string) ([]entry, error) {
	e, err := parseEntry(text)
	if err == nil && e["type"] == "" {
		err = fmt.Errorf("%q lacks its type", text)
	}
	return []entry{e}, err
}

// parseCaches reads key=value pairs, or the names of images.
func parseCaches(text string) ([]entry, error) {
	if strings.Contains(text, "=") {
		return typedPairs(text)
	}
	names, err := csvvalue.Fields(text, nil)
	var list []entry
	for _, name := range names {
		list = append(list, entry{"type": "registry", "ref": name})
	}
	return list, err
}

// parseExport reads key=value pairs, a directory, or - for a tar.
func parseExport(text string) ([]entry, error) {
	switch {
	case text == "-":
		return []entry{{"type": "tar", "dest": "-"}}, nil
	case !strings.ContainsAny(text, ",") && !strings.HasPrefix(text, "type="):
		return []entry{{"type": "local", "dest": text}}, nil
	}
	return typedPairs(text)
}

func parseSecret(text string) ([]entry, error) {
	e, err := parseEntry(text)
	if err != nil {
		return nil, err
	}
	if source, ok := e["source"]; ok {
		e["src"] = source
	}
	if e["type"] == "env" && e["env"] == "" {
		e["env"] = e["src"]
		delete(e, "src")
	}
	delete(e, "type")
	delete(e, "source")
	return []entry{e}, nil
}

func parsePolicy(text string) ([]entry, error) {
	e, err := parseEntry(text)
	return []entry{e}, err
}

func parseSSH(text string) ([]sshKey, error) {
	id, paths, ok := strings.Cut(text, "=")
	key := sshKey{ID: id}
	if ok {
		key.Paths = strings.Split(paths, ",")
	}
	return []sshKey{key}, nil
}

var sshType = cty.ObjectWithOptionalAttrs(map[string]cty.Type{"id": cty.String, "paths": cty.List(cty.String)}, []string{"id", "paths"})

func sshFrom(v cty.Value) (key sshKey, err error) {
	o, err := convert.Convert(v, sshType)
	if err != nil {
		return key, err
	}
	if id := o.GetAttr("id"); !id.IsNull() && id.IsKnown() {
		key.ID = id.AsString()
	}
	if paths := o.GetAttr("paths"); !paths.IsNull() && paths.IsKnown() {
		for _, p := range paths.AsValueSlice() {
			if !p.IsNull() && p.IsKnown() {
				key.Paths = append(key.Paths, p.AsString())
			}
		}
	}
	return key, nil
}

// FromCtyValue and ToCtyValue are what package hclparser asks of types of its own.

func (l *attests) FromCtyValue(in cty.Value, p cty.Path) (err error) {
	*l, err = listFrom(in, p, typedPairs, entryFrom)
	return err
}

func (l *caches) FromCtyValue(in cty.Value, p cty.Path) (err error) {
	*l, err = listFrom(in, p, parseCaches, typed)
	return err
}

func (l *exports) FromCtyValue(in cty.Value, p cty.Path) (err error) {
	*l, err = listFrom(in, p, parseExport, typed)
	return err
}

func (l *secrets) FromCtyValue(in cty.Value, p cty.Path) (err error) {
	*l, err = listFrom(in, p, parseSecret, entryFrom)
	return err
}

func (l *policies) FromCtyValue(in cty.Value, p cty.Path) (err error) {
	*l, err = listFrom(in, p, parsePolicy, entryFrom)
	return err
}

func (l *sshKeys) FromCtyValue(in cty.Value, p cty.Path) (err error) {
	*l, err = listFrom(in, p, parseSSH, sshFrom)
	return err
}

func (l attests) ToCtyValue() cty.Value  { return entriesValue(l) }
func (l caches) ToCtyValue() cty.Value   { return entriesValue(l) }
func (l exports) ToCtyValue() cty.Value  { return entriesValue(l) }
func (l secrets) ToCtyValue() cty.Value  { return entriesValue(l) }
func (l policies) ToCtyValue() cty.Value { return entriesValue(l) }

func (l sshKeys) ToCtyValue() cty.Value {
	list := make([]cty.Value, len(l))
	for i, key := range l {
		paths := cty.ListValEmpty(cty.String)
		if len(key.Paths) > 0 {
			values := make([]cty.Value, len(key.Paths))
			for j, p := range key.Paths {
				values[j] = cty.StringVal(p)
			}
			paths = cty.ListVal(values)
		}
		list[i] = cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(key.ID), "paths": paths})
	}
	if len(list) == 0 {
		return cty.ListValEmpty(cty.Object(map[string]cty.Type{"id": cty.String, "paths": cty.List(cty.String)}))
	}
	return cty.ListVal(list)
}

func entriesValue(l []entry) cty.Value {
	list := make([]cty.Value, len(l))
	for i, e := range l {
		values := map[string]cty.Value{}
		for k, v := range e {
			values[k] = cty.StringVal(v)
		}
		if list[i] = cty.MapValEmpty(cty.String); len(values) > 0 {
			list[i] = cty.MapVal(values)
		}
	}
	if len(list) == 0 {
		return cty.ListValEmpty(cty.Map(cty.String))
	}
	return cty.ListVal(list)
}

// MarshalJSON spells an attestation as bake --print does.
func (l attests) MarshalJSON() ([]byte, error) {
	list := make([]map[string]any, len(l))
	for i, e := range l {
		list[i] = map[string]any{}
		for k, v := range e {
			list[i][k] = v
		}
		if v, ok := e["disabled"]; ok {
			list[i]["disabled"] = v == "true"
		}
	}
	return json.Marshal(list)
}

// unique keeps of equal entries one, the last, where the first was.
func unique[T any, K comparable](list []T, key func(T) K) []T {
	var out []T
	at := map[K]int{}
	for _, e := range list {
		if i, ok := at[key(e)]; ok {
			out[i] = e
			continue
		}
		at[key(e)] = len(out)
		out = append(out, e)
	}
	return out
}

// text is an entry as a flag takes it, the type first.
func (e entry) text() string {
	var fields []string
	for _, key := range slices.Sorted(maps.Keys(e)) {
		field := key + "=" + e[key]
		if key == "type" {
			fields = append([]string{field}, fields...)
		} else {
			fields = append(fields, field)
		}
	}
	return pairs.Join(fields)
}
