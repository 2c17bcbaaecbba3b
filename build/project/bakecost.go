package project

import (
	"encoding/json"
	"fmt"
	"maps"
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

// A coster adds up what expressions compute.
type coster struct {
	names map[string][]hclsyntax.Expression // of a variable, or "target.NAME"
	funcs map[string]hclsyntax.Expression   // the results of functions
	known map[string]float64
	steps int // of the adding itself
	err   error
}

// maxSteps bounds the adding: calls of calls of calls take time without making anything
// long.
const maxSteps = 200_000

func checkBakeCost(files bakeFiles) error {
	c := &coster{names: map[string][]hclsyntax.Expression{}, funcs: map[string]hclsyntax.Expression{}, known: map[string]float64{}}
	for _, f := range files {
		if body, ok := f.Body.(*hclsyntax.Body); ok {
			c.addBody(body)
		} else {
			c.addJSON(f.data)
		}
	}
	total := 0.0
	for _, name := range slices.Sorted(maps.Keys(c.names)) {
		total += c.name(name)
	}
	if c.err == nil && total > maxCost {
		c.err = fmt.Errorf("it computes more than %d MB", maxCost>>20)
	}
	if c.err != nil {
		return &Problem{File: files[0].path, Line: -1, Message: c.err.Error()}
	}
	return nil
}

func (c *coster) addBody(body *hclsyntax.Body) {
	for name, a := range body.Attributes {
		c.names[name] = append(c.names[name], a.Expr)
	}
	for _, b := range body.Blocks {
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
		matrix := 1.0
		if m, ok := b.Body.Attributes["matrix"]; ok {
			matrix = min(c.cost(m.Expr, nil), maxMatrix)
		}
		for _, a := range b.Body.Attributes {
			c.names[key] = append(c.names[key], a.Expr)
		}
		for _, inner := range b.Body.Blocks {
			for _, a := range inner.Body.Attributes {
				c.names[key] = append(c.names[key], a.Expr)
			}
		}
		c.known["matrix "+key] = matrix
	}
}

// addJSON reads JSON's strings, which are templates. All of them count for each name, as
// there is no telling which is whose once files are merged.
func (c *coster) addJSON(data []byte) {
	var top map[string]map[string]any
	if json.Unmarshal(data, &top) != nil {
		var loose map[string]any
		if json.Unmarshal(data, &loose) != nil {
			return // HCL's parser has its own idea of JSON, and says so
		}
		for name, v := range loose {
			c.addValue(name, v)
		}
		return
	}
	for kind, named := range top {
		for name, v := range named {
			if kind == "function" {
				c.addFunction(name, v)
				continue
			}
			if kind != "variable" {
				name = kind + "." + name
			}
			c.addValue(name, v)
		}
	}
}

func (c *coster) addFunction(name string, v any) {
	for _, e := range templates(v) {
		c.funcs[name] = e
	}
}

func (c *coster) addValue(name string, v any) {
	c.names[name] = append(c.names[name], templates(v)...)
}

// templates are the strings of a JSON value.
func templates(v any) (list []hclsyntax.Expression) {
	switch v := v.(type) {
	case string:
		if e, diags := hclsyntax.ParseTemplate([]byte(v), "", hcl.InitialPos); !diags.HasErrors() {
			list = append(list, e)
		}
	case []any:
		for _, e := range v {
			list = append(list, templates(e)...)
		}
	case map[string]any:
		for k, e := range v {
			list = append(list, append(templates(k), templates(e)...)...)
		}
	}
	return list
}

// name is the cost of all that is said under a name. Cycles are for hclparser to refuse.
func (c *coster) name(name string) float64 {
	if cost, ok := c.known[name]; ok {
		return cost
	}
	c.known[name] = 1
	total := 0.0
	for _, e := range c.names[name] {
		total += c.cost(e, nil)
	}
	if m, ok := c.known["matrix "+name]; ok {
		total *= m
	}
	c.known[name] = total
	return total
}

// sum adds up parts. local are the names of a function's parameters, or a for's.
func (c *coster) sum(local map[string]float64, parts ...hclsyntax.Expression) float64 {
	total := 0.0
	for _, p := range parts {
		if p != nil {
			total += 1 + c.cost(p, local)
		}
	}
	return total
}

func (c *coster) cost(e hclsyntax.Expression, local map[string]float64) float64 {
	if c.steps++; c.steps > maxSteps {
		return maxCost + 1
	}
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		if e.Val.Type() == cty.String && e.Val.IsKnown() && !e.Val.IsNull() {
			return float64(len(e.Val.AsString()))
		}
		return 20
	case *hclsyntax.ScopeTraversalExpr:
		return c.traversal(e.Traversal, local)
	case *hclsyntax.TemplateExpr:
		return c.sum(local, e.Parts...)
	case *hclsyntax.TupleConsExpr:
		return c.sum(local, e.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		total := 1.0
		for _, item := range e.Items {
			total += c.sum(local, item.KeyExpr, item.ValueExpr)
		}
		return total
	case *hclsyntax.FunctionCallExpr:
		return c.call(e, local)
	case *hclsyntax.ForExpr:
		return c.loop(e, local)
	}
	return c.composed(e, local)
}

// composed are expressions that are no longer than their parts.
func (c *coster) composed(e hclsyntax.Expression, local map[string]float64) float64 {
	switch e := e.(type) {
	case *hclsyntax.TemplateWrapExpr:
		return c.cost(e.Wrapped, local)
	case *hclsyntax.TemplateJoinExpr:
		return c.cost(e.Tuple, local)
	case *hclsyntax.ObjectConsKeyExpr:
		return 64 + c.sum(local, e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return c.cost(e.Expression, local)
	case *hclsyntax.ConditionalExpr:
		return c.sum(local, e.Condition, e.TrueResult, e.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		return c.sum(local, e.LHS, e.RHS)
	case *hclsyntax.UnaryOpExpr:
		return c.sum(local, e.Val)
	case *hclsyntax.IndexExpr:
		return c.sum(local, e.Collection, e.Key)
	case *hclsyntax.RelativeTraversalExpr:
		return c.cost(e.Source, local)
	case *hclsyntax.SplatExpr:
		source := c.cost(e.Source, local)
		return source * (1 + c.sum(local, e.Each))
	}
	return 64
}

func (c *coster) traversal(t hcl.Traversal, local map[string]float64) float64 {
	root := t.RootName()
	if cost, ok := local[root]; ok {
		return cost
	}
	if (root == "target" || root == "group") && len(t) > 1 {
		if step, ok := t[1].(hcl.TraverseAttr); ok {
			return c.name(root + "." + step.Name)
		}
		total := 0.0
		for name := range c.names { // by an index that is not known
			if len(name) > len(root) && name[:len(root)+1] == root+"." {
				total += c.name(name)
			}
		}
		return total
	}
	return 64 + c.name(root)
}

func (c *coster) call(e *hclsyntax.FunctionCallExpr, local map[string]float64) float64 {
	if literalOnly[e.Name] {
		c.checkLiteral(e)
	}
	args := c.sum(local, e.Args...)
	if result, ok := c.funcs[e.Name]; ok {
		key := "function " + e.Name
		if _, ok := c.known[key]; ok {
			return args // within itself, which hclparser refuses
		}
		c.known[key] = 0
		defer delete(c.known, key)
		params := map[string]float64{}
		for _, v := range result.Variables() {
			if c.names[v.RootName()] == nil {
				params[v.RootName()] = args
			}
		}
		return min(args+c.cost(result, params), maxCost+1)
	}
	switch {
	case multiplying[e.Name]:
		product := 1.0
		for _, a := range e.Args {
			product *= 1 + c.cost(a, local)
		}
		return product
	case e.Name == "range":
		return 1024 * 4
	}
	return 2*args + 200
}

// loop is a for. All its elements together are as long as the collection: so it costs
// what it does with small ones, for each, and once what it does with one that is all.
func (c *coster) loop(e *hclsyntax.ForExpr, local map[string]float64) float64 {
	all := c.cost(e.CollExpr, local)
	body := func(element float64) float64 {
		inner := maps.Clone(local)
		if inner == nil {
			inner = map[string]float64{}
		}
		inner[e.KeyVar], inner[e.ValVar] = 64, element
		return c.sum(inner, e.KeyExpr, e.ValExpr, e.CondExpr)
	}
	return all + max(1, all/2)*body(1) + body(all)
}

// checkLiteral refuses widths that cannot be seen, and those that are absurd.
func (c *coster) checkLiteral(e *hclsyntax.FunctionCallExpr) {
	const widest = 1000
	refuse := func(why string) {
		c.err = fmt.Errorf("line %d: %s %s, and is not computed here", e.NameRange.Start.Line, e.Name, why)
	}
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
