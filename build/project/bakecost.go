package project

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// HCL has no limits: forty variables that each say the one before twice take all memory.
// So what a bake file would compute is added up before, roughly and rather too high, in
// bytes, and a file that comes to too much is not computed.

// maxCost bounds what a bake file may compute.
const maxCost = 32 << 20

// multiplying are the functions whose results are as long as their arguments multiplied.
var multiplying = map[string]bool{"replace": true, "regex_replace": true, "join": true, "formatlist": true, "setproduct": true}

// literalOnly are functions that make something long of a number: their first argument
// must be there to be seen. bcrypt takes its time by a number.
var literalOnly = map[string]bool{"indent": true, "format": true, "formatlist": true, "bcrypt": true}

// A size is how much a value is at most.
type size struct {
	bytes  float64
	digits float64 // of the longest number that it is, holds, or can be read as
}

// A coster adds up what expressions compute.
type coster struct {
	names    map[string][]hclsyntax.Expression // of a variable, or "target.NAME"
	matrixes map[string]hclsyntax.Expression   // of "target.NAME"
	numbers  []hclsyntax.Expression            // become numbers, as a variable's type says
	funcs    map[string]hclsyntax.Expression   // the results of functions
	known    map[string]size
	within   map[string]bool // functions that are being added up
	guarded  map[hclsyntax.Expression]bool
	blocks   int
	steps    int // of the adding itself
	err      *Problem
}

// maxBlocks bounds how many there are: hclparser copies all for each.
const maxBlocks = 2000

// maxSteps bounds the adding: calls of calls of calls take time without making anything
// long.
const maxSteps = 200_000

func checkBakeCost(files bakeFiles) error {
	c := &coster{names: map[string][]hclsyntax.Expression{}, matrixes: map[string]hclsyntax.Expression{},
		funcs: map[string]hclsyntax.Expression{}, known: map[string]size{}, within: map[string]bool{}, guarded: map[hclsyntax.Expression]bool{}}
	for _, f := range files {
		if body, ok := f.Body.(*hclsyntax.Body); ok {
			c.addBody(body)
		} else if err := c.addJSON(f); err != nil {
			return err
		}
	}
	total := 0.0
	for _, name := range slices.Sorted(maps.Keys(c.names)) {
		total += c.name(name).bytes
	}
	for _, e := range c.numbers {
		c.number(e, c.cost(e, nil).digits)
	}
	if c.err != nil {
		return c.err
	}
	if c.blocks > maxBlocks {
		return &Problem{File: files[0].path, Line: -1, Message: fmt.Sprintf("it has more than %d blocks", maxBlocks)}
	}
	if total > maxCost {
		return &Problem{File: files[0].path, Line: -1, Message: fmt.Sprintf("it computes more than %d MB", maxCost>>20)}
	}
	return nil
}

func (c *coster) addBody(body *hclsyntax.Body) {
	for name, a := range body.Attributes {
		c.names[name] = append(c.names[name], a.Expr)
	}
	for _, b := range body.Blocks {
		c.blocks++
		if len(b.Labels) != 1 {
			continue
		}
		key := b.Labels[0]
		if b.Type != "variable" {
			key = b.Type + "." + key
		}
		if result, ok := b.Body.Attributes["result"]; ok && b.Type == "function" {
			c.funcs[b.Labels[0]] = result.Expr
			continue
		}
		if m, ok := b.Body.Attributes["matrix"]; ok {
			c.matrixes[key] = m.Expr
		}
		for _, a := range b.Body.Attributes {
			c.names[key] = append(c.names[key], a.Expr)
		}
		for _, inner := range b.Body.Blocks {
			for _, a := range inner.Body.Attributes {
				c.names[key] = append(c.names[key], a.Expr)
			}
		}
		if as, value := b.Body.Attributes["type"], b.Body.Attributes["default"]; as != nil && value != nil && namesNumber(as.Expr) {
			c.numbers = append(c.numbers, value.Expr)
		}
	}
}

// name is the cost of all that is said under a name. Cycles are for hclparser to refuse.
func (c *coster) name(name string) size {
	if s, ok := c.known[name]; ok {
		return s
	}
	c.known[name] = size{bytes: 1}
	total := size{}
	for _, e := range c.names[name] {
		total = total.and(c.cost(e, nil))
	}
	if m, ok := c.matrixes[name]; ok {
		total.bytes *= min(c.cost(m, nil).bytes, maxMatrix)
	}
	c.known[name] = total
	return total
}

// sum adds up parts. local are the names of a function's parameters, or a for's.
func (c *coster) sum(local map[string]size, parts ...hclsyntax.Expression) size {
	total := size{}
	for _, p := range parts {
		if p != nil {
			total = total.and(c.cost(p, local)).plus(1)
		}
	}
	return total
}

// and is the size of two values in one.
func (s size) and(o size) size { return size{s.bytes + o.bytes, max(s.digits, o.digits)} }

func (s size) plus(bytes float64) size { return size{s.bytes + bytes, s.digits} }

func (c *coster) cost(e hclsyntax.Expression, local map[string]size) size {
	if c.steps++; c.steps > maxSteps {
		return size{bytes: maxCost + 1}
	}
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return c.literal(e)
	case *hclsyntax.ScopeTraversalExpr:
		return c.traversal(e.Traversal, local)
	case *hclsyntax.TemplateExpr:
		s := c.sum(local, e.Parts...)
		if len(e.Parts) > 1 {
			s.digits = anyNumber
		}
		return s
	case *hclsyntax.TupleConsExpr:
		return c.sum(local, e.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		total := size{bytes: 1}
		for _, item := range e.Items {
			total = total.and(c.sum(local, item.KeyExpr, item.ValueExpr))
		}
		return total
	case *hclsyntax.FunctionCallExpr:
		return c.call(e, local)
	case *hclsyntax.ForExpr:
		return c.loop(e, local)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(e, local)
	case *hclsyntax.UnaryOpExpr:
		s := c.sum(local, e.Val)
		if e.Op.Type == cty.Number {
			s.digits = c.number(e, s.digits)
		}
		return s
	}
	return c.composed(e, local)
}

// composed are expressions that are no longer than their parts.
func (c *coster) composed(e hclsyntax.Expression, local map[string]size) size {
	switch e := e.(type) {
	case *hclsyntax.TemplateWrapExpr:
		return c.cost(e.Wrapped, local)
	case *hclsyntax.TemplateJoinExpr:
		return size{c.cost(e.Tuple, local).bytes, anyNumber}
	case *hclsyntax.ObjectConsKeyExpr:
		return c.sum(local, e.Wrapped).plus(64)
	case *hclsyntax.ParenthesesExpr:
		return c.cost(e.Expression, local)
	case *hclsyntax.ConditionalExpr:
		return c.sum(local, e.Condition, e.TrueResult, e.FalseResult)
	case *hclsyntax.IndexExpr:
		return c.sum(local, e.Collection, e.Key)
	case *hclsyntax.RelativeTraversalExpr:
		return c.cost(e.Source, local)
	case *hclsyntax.SplatExpr:
		source, each := c.cost(e.Source, local), c.sum(local, e.Each)
		return size{source.bytes * (1 + each.bytes), max(source.digits, each.digits)}
	}
	return size{bytes: 64}
}

func (c *coster) traversal(t hcl.Traversal, local map[string]size) size {
	root := t.RootName()
	if s, ok := local[root]; ok {
		return s
	}
	if (root == "target" || root == "group") && len(t) > 1 {
		if step, ok := t[1].(hcl.TraverseAttr); ok {
			return c.name(root + "." + step.Name)
		}
		total := size{}
		for name := range c.names { // by an index that is not known
			if len(name) > len(root) && name[:len(root)+1] == root+"." {
				total = total.and(c.name(name))
			}
		}
		return total
	}
	return c.name(root).plus(64)
}

func (c *coster) call(e *hclsyntax.FunctionCallExpr, local map[string]size) size {
	if literalOnly[e.Name] {
		c.checkLiteral(e)
	}
	args := c.sum(local, e.Args...)
	if result, ok := c.funcs[e.Name]; ok {
		if c.within[e.Name] {
			return args // within itself, which hclparser refuses
		}
		c.within[e.Name] = true
		defer delete(c.within, e.Name)
		params := map[string]size{}
		for _, v := range result.Variables() {
			if c.names[v.RootName()] == nil {
				params[v.RootName()] = args
			}
		}
		s := args.and(c.cost(result, params))
		s.bytes = min(s.bytes, maxCost+1)
		return s
	}
	s := size{2*args.bytes + 200, c.digitsOfCall(e, args)}
	switch {
	case multiplying[e.Name]:
		s.bytes = 1
		for _, a := range e.Args {
			s.bytes *= 1 + c.cost(a, local).bytes
		}
	case e.Name == "range":
		s.bytes = 1024 * (4 + min(args.digits, maxDigits))
	}
	return s
}

// loop is a for. All its elements together are as long as the collection: so it costs
// what it does with small ones, for each, and once what it does with one that is all.
func (c *coster) loop(e *hclsyntax.ForExpr, local map[string]size) size {
	all := c.cost(e.CollExpr, local)
	body := func(element float64) size {
		inner := maps.Clone(local)
		if inner == nil {
			inner = map[string]size{}
		}
		inner[e.KeyVar], inner[e.ValVar] = size{64, all.digits}, size{element, all.digits}
		return c.sum(inner, e.KeyExpr, e.ValExpr, e.CondExpr)
	}
	small, large := body(1), body(all.bytes)
	return size{all.bytes + max(1, all.bytes/2)*small.bytes + large.bytes, max(small.digits, large.digits)}
}

// checkLiteral refuses widths that cannot be seen, and those that are absurd.
func (c *coster) checkLiteral(e *hclsyntax.FunctionCallExpr) {
	const widest = 1000
	refuse := func(why string) { c.refuse(e.NameRange, e.Name+" "+why) }
	if e.Name == "bcrypt" {
		refuse("takes too long")
		return
	}
	if len(e.Args) == 0 {
		return
	}
	value, diags := e.Args[0].Value(nil)
	if diags.HasErrors() || !value.IsKnown() || value.IsNull() {
		refuse("has a first argument that is not literal")
		return
	}
	if value.Type() == cty.Number {
		if n, _ := value.AsBigFloat().Float64(); n > widest {
			refuse("goes too far")
		}
		return
	}
	digits := 0
	if value.Type() != cty.String {
		return
	}
	for _, r := range value.AsString() {
		if r < '0' || r > '9' {
			digits = 0
		} else if digits++; digits > 3 {
			refuse("goes too far")
		}
	}
}

// refuse remembers what is not computed, and where it stands.
func (c *coster) refuse(r hcl.Range, what string) {
	c.err = &Problem{File: r.Filename, Line: r.Start.Line - 1, Start: r.Start.Byte, End: r.End.Byte, Message: what + ", and is not computed here"}
	if inJSON(r) {
		c.err.Line, c.err.Start, c.err.End = -1, 0, 0
	}
}

// inJSON says whether a range is that of a string in a JSON file, whose place is not known.
func inJSON(r hcl.Range) bool { return filepath.Ext(r.Filename) == ".json" }
