package project

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// A Span is a place in a file: from the byte Start to the byte End, 0-based, End
// exclusive.
type Span struct {
	File       string
	Start, End int
}

// A block is a target as it is written once, and what its expressions are evaluated with.
// A matrix has several targets of one block.
type block struct {
	*hcl.Block
	ctx *hcl.EvalContext
}

// An attrError is what is wrong with an attribute of a target, or with one of its elements.
type attrError struct {
	target  *bakeTarget
	attr    string
	element string // as elementTexts spells it; "" is the whole attribute
	mild    bool   // the target is as its author wants it, and no build
	error
}

// where finds an element of an attribute where it is written, and the block that holds it:
// what was written last goes before what it is laid over. An element that is not found is
// at the attribute's value; ok is false for an attribute that is not written.
func (t *bakeTarget) where(attr, element string) (found hcl.Range, in block, ok bool) {
	for _, b := range slices.Backward(t.blocks) {
		a, err := attribute(b.Block, attr)
		if a == nil || err != nil {
			continue
		}
		if r, ok := elementRange(a.Expr, b.ctx, element); ok {
			return r, b, true
		}
		if in.Block == nil {
			found, in = a.Expr.Range(), b
		}
	}
	if in.Block == nil {
		in = t.blocks[len(t.blocks)-1]
		return in.LabelRanges[0], in, false
	}
	return found, in, true
}

// elementRange finds an element of a list, by its text, or of a map, by its key.
func elementRange(e hcl.Expression, ctx *hcl.EvalContext, element string) (r hcl.Range, ok bool) {
	if element == "" {
		return r, false
	}
	if items, diags := hcl.ExprMap(e); !diags.HasErrors() {
		for _, item := range items {
			if slices.Contains(elementTexts(item.Key, ctx), element) {
				return item.Value.Range(), true
			}
		}
	}
	list, diags := hcl.ExprList(e)
	if diags.HasErrors() {
		return r, false
	}
	for i := range list {
		if slices.Contains(elementTexts(list[i], ctx), element) {
			return list[i].Range(), true
		}
	}
	for i := range list {
		if slices.Contains(elementIDs(list[i], ctx), element) {
			return list[i].Range(), true
		}
	}
	return r, false
}

// elementTexts are the ways in which package project spells an element: a string as it is,
// and an entry as a flag takes it.
func elementTexts(e hcl.Expression, ctx *hcl.EvalContext) (texts []string) {
	v, diags := e.Value(ctx)
	if diags.HasErrors() || v.IsNull() || !v.IsWhollyKnown() {
		return nil
	}
	if o, err := entryFrom(v); err == nil {
		return []string{o.text()}
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		return nil
	}
	texts = []string{s.AsString()}
	for _, parse := range []func(string) ([]entry, error){parseCaches, parseExport} {
		if list, err := parse(s.AsString()); err == nil {
			for _, e := range list {
				texts = append(texts, e.text())
			}
		}
	}
	return texts
}

// elementIDs are those of a secret or of an ssh agent.
func elementIDs(e hcl.Expression, ctx *hcl.EvalContext) (ids []string) {
	for _, text := range elementTexts(e, ctx) {
		if e, err := parseEntry(text); err == nil {
			ids = append(ids, e["id"])
		}
		id, _, _ := strings.Cut(text, "=")
		ids = append(ids, id)
	}
	return ids
}

// span is a range of one of the files. What HCL computes of strings with escapes may lie
// beyond a file's end.
func (fs bakeFiles) span(r hcl.Range) Span {
	i := slices.IndexFunc(fs, func(f bakeFile) bool { return f.path == r.Filename })
	if i < 0 {
		return Span{File: r.Filename}
	}
	size := len(fs[i].data)
	start := min(r.Start.Byte, size)
	return Span{r.Filename, start, min(max(r.End.Byte, start), size)}
}

// lineOf is the 0-based line of a byte of a file.
func lineOf(file []byte, offset int) int {
	return bytes.Count(file[:min(max(offset, 0), len(file))], []byte("\n"))
}
