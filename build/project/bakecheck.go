package project

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/docker/buildx/bake/hclparser/gohcl"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxBake bounds a bake file, in bytes, and maxBakeDepth its nesting. Its parser descends
// into itself, and a stack that is full cannot be recovered from.
const (
	maxBake      = 256 << 10
	maxBakeDepth = 200
)

func checkBakeDepth(path string, data []byte) error {
	if len(data) > maxBake {
		return &Problem{File: path, Line: -1, Message: fmt.Sprintf("it is longer than %d bytes", maxBake)}
	}
	depth, unary := 0, 0
	for i, c := range data {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
		if c == '!' || c == '-' {
			unary++
		} else if c != ' ' {
			unary = 0
		}
		if depth > maxBakeDepth || unary > 10*maxBakeDepth {
			return &Problem{File: path, Line: lineOf(data, i), Message: fmt.Sprintf("it is nested more than %d deep", maxBakeDepth)}
		}
	}
	return nil
}

// unknownNames are blocks and attributes that are not known. buildx passes over them; a
// newer one may know them.
func unknownNames(files bakeFiles) (list problems) {
	top := &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}, {Type: "function", LabelNames: []string{"name"}},
		{Type: "group", LabelNames: []string{"name"}}, {Type: "target", LabelNames: []string{"name"}}}}
	known := map[string]*hcl.BodySchema{}
	known["target"], _ = gohcl.ImpliedBodySchema(bakeTarget{})
	known["group"], _ = gohcl.ImpliedBodySchema(bakeGroup{})
	known["target"].Attributes = append(known["target"].Attributes, hcl.AttributeSchema{Name: "matrix"}, hcl.AttributeSchema{Name: "name"})
	add := func(r hcl.Range, format string, args ...any) {
		at := files.span(r)
		if len(list) < maxProblems {
			list = append(list, &Problem{File: r.Filename, Line: r.Start.Line - 1, Start: at.Start, End: at.End, Severity: Ignored, Message: fmt.Sprintf(format+", and is ignored", args...)})
		}
	}
	for _, f := range files {
		unknownBlocks(f.Body, top, add)
		content, _, _ := f.Body.PartialContent(top) // parsed before: without errors
		for _, b := range content.Blocks {
			if known[b.Type] == nil {
				continue
			}
			unknownBlocks(b.Body, known[b.Type], add)
			_, rest, _ := b.Body.PartialContent(known[b.Type])
			attrs, _ := rest.JustAttributes() // of a block that is not known: said
			for _, a := range attrs {
				add(a.NameRange, "%s %s: the attribute %q is not known", b.Type, b.Labels[0], a.Name)
			}
		}
	}
	slices.SortFunc(list, func(a, b *Problem) int { return cmp.Or(cmp.Compare(a.File, b.File), a.Start-b.Start) })
	return list
}

// unknownBlocks are those of a body. JSON has none but objects.
func unknownBlocks(body hcl.Body, known *hcl.BodySchema, add func(r hcl.Range, format string, args ...any)) {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, b := range native.Blocks {
		if !slices.ContainsFunc(known.Blocks, func(h hcl.BlockHeaderSchema) bool { return h.Type == b.Type }) {
			add(b.TypeRange, "the block %q is not known", b.Type)
		}
	}
}
