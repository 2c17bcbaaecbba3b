package project

import (
	"fmt"
	"slices"

	"github.com/docker/buildx/bake/hclparser/gohcl"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What hclparser accepts in silence is refused here: an attribute that nobody heeds is a
// mistake, or means something to a newer buildx.

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

// checkBakeNames refuses blocks and attributes that are not known, by name.
func checkBakeNames(files bakeFiles) error {
	top := &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}, {Type: "function", LabelNames: []string{"name"}},
		{Type: "group", LabelNames: []string{"name"}}, {Type: "target", LabelNames: []string{"name"}}}}
	known := map[string]*hcl.BodySchema{}
	known["target"], _ = gohcl.ImpliedBodySchema(bakeTarget{})
	known["group"], _ = gohcl.ImpliedBodySchema(bakeGroup{})
	known["target"].Attributes = append(known["target"].Attributes, hcl.AttributeSchema{Name: "matrix"}, hcl.AttributeSchema{Name: "name"})
	for _, f := range files {
		content, _, diags := f.Body.PartialContent(top)
		if diags.HasErrors() {
			return hclProblem(diags)
		}
		if err := checkBlocks(f.Body, top); err != nil {
			return err
		}
		for _, b := range content.Blocks {
			if known[b.Type] == nil {
				continue
			}
			if err := checkBlock(b, known[b.Type]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkBlocks refuses blocks that are not known. JSON has none but objects.
func checkBlocks(body hcl.Body, known *hcl.BodySchema) error {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		return nil
	}
	for _, b := range native.Blocks {
		if !slices.ContainsFunc(known.Blocks, func(h hcl.BlockHeaderSchema) bool { return h.Type == b.Type }) {
			return &Problem{File: b.TypeRange.Filename, Line: b.TypeRange.Start.Line - 1, Message: fmt.Sprintf("the block %q is not known", b.Type)}
		}
	}
	return nil
}

func checkBlock(b *hcl.Block, known *hcl.BodySchema) error {
	_, rest, diags := b.Body.PartialContent(known)
	if diags.HasErrors() {
		return hclProblem(diags)
	}
	if err := checkBlocks(b.Body, known); err != nil {
		return err
	}
	attrs, _ := rest.JustAttributes()
	var unknown []*hcl.Attribute
	for _, a := range attrs {
		unknown = append(unknown, a)
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.SortFunc(unknown, func(a, b *hcl.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	r := unknown[0].NameRange
	return &Problem{File: r.Filename, Line: r.Start.Line - 1,
		Message: fmt.Sprintf("%s %s: the attribute %q is not known", b.Type, b.Labels[0], unknown[0].Name)}
}
