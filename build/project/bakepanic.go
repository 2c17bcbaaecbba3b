package project

import (
	"fmt"

	"github.com/docker/buildx/bake/hclparser"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A panic of hclparser's ends the reading of all. So that it costs the target alone that it is
// about, this one is found, and the others are read without it.

// parseHCL is hclparser's. Tests have it panic.
var parseHCL = func(files []*hcl.File, opt hclparser.Opt, into *bakeModel) (*hclparser.ParseMeta, hcl.Diagnostics) {
	return hclparser.Parse(hclparser.MergeFiles(files), opt, into)
}

// parse has hclparser read the files.
func (c *bakeConfig) parse(opt hclparser.Opt) (meta *hclparser.ParseMeta, diags hcl.Diagnostics) {
	read := func(keep func(*hclsyntax.Block) bool) error {
		return guarded(func() error {
			c.bakeModel = bakeModel{}
			meta, diags = parseHCL(c.files.only(keep), opt, &c.bakeModel)
			return nil
		})
	}
	all := func(*hclsyntax.Block) bool { return true }
	panicked := read(all)
	if panicked == nil {
		return meta, diags
	}
	bad := map[*hclsyntax.Block]bool{}
	for _, b := range c.files.targets() {
		if err := read(func(o *hclsyntax.Block) bool { return o == b || o.Type != "target" }); err != nil {
			bad[b] = true
			name := c.files.nameOf(block{Block: b.AsHCLBlock()})
			fault := c.remember(&Problem{File: name.File, Line: b.LabelRanges[0].Start.Line - 1, Start: name.Start, End: name.End, Message: fmt.Sprintf("target %s: %v", b.Labels[0], err)})
			c.unread = append(c.unread, &Profile{Name: b.Labels[0], Kind: Target, File: name.File, Start: name.Start, End: name.End, Fault: fault})
		}
	}
	if err := read(func(o *hclsyntax.Block) bool { return !bad[o] }); err != nil {
		panic(panicked) // it is about no target; take makes a problem of it
	}
	return meta, diags
}

// targets are the blocks of targets; of JSON files, none.
func (fs bakeFiles) targets() (list []*hclsyntax.Block) {
	for _, f := range fs {
		if body, ok := f.Body.(*hclsyntax.Body); ok {
			for _, b := range body.Blocks {
				if b.Type == "target" && len(b.Labels) == 1 {
					list = append(list, b)
				}
			}
		}
	}
	return list
}

// only are the files with some of their blocks.
func (fs bakeFiles) only(keep func(*hclsyntax.Block) bool) (list []*hcl.File) {
	for _, f := range fs {
		file := f.File
		if body, ok := f.Body.(*hclsyntax.Body); ok {
			part := *body
			part.Blocks = nil
			for _, b := range body.Blocks {
				if keep(b) {
					part.Blocks = append(part.Blocks, b)
				}
			}
			file = &hcl.File{Body: &part, Bytes: f.Bytes}
		}
		list = append(list, file)
	}
	return list
}
