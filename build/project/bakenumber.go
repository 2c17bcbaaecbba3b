package project

import (
	"fmt"
	"math"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/buildls/buildls/build/lazyregexp"
)

// A number of few letters, 1e9999999, is written with ten million digits where it becomes a
// string, as all that a build is given does. So the digits of numbers are bounded where they
// are written, where they are computed, and where strings are taken for numbers.

// maxDigits is how many a number may have.
const maxDigits = 1000

// anyNumber are the digits of a string that is put together: of "1e" and "999999", say.
var anyNumber = math.Inf(1)

// small are functions whose results are small numbers, or no numbers.
var small = set("length", "strlen", "byteslen", "index", "indexof", "and", "or", "not", "can", "contains", "hasindex", "equal", "notequal",
	"lessthan", "lessthanorequalto", "greaterthan", "greaterthanorequalto", "semvercmp", "sethaselement", "signum", "log")

// computing are functions that compute a number of numbers.
var computing = set("absolute", "add", "ceil", "divide", "floor", "int", "max", "min", "modulo", "multiply", "negate", "range", "subtract")

// selecting are functions whose results are parts of their arguments, each as it was.
var selecting = set("basename", "bytesslice", "chomp", "chunklist", "coalesce", "coalescelist", "compact", "concat", "csvdecode", "dirname", "distinct", "element", "flatten",
	"keys", "lookup", "lower", "merge", "regex", "regexall", "reverselist", "setintersection", "setproduct", "setsubtract", "setsymmetricdifference", "setunion",
	"slice", "sort", "split", "substr", "title", "trim", "trimprefix", "trimspace", "trimsuffix", "try", "upper", "values", "zipmap")

func set(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, name := range names {
		m[name] = true
	}
	return m
}

// literal is the size of what is written.
func (c *coster) literal(e *hclsyntax.LiteralValueExpr) size {
	v := e.Val
	switch {
	case !v.IsKnown() || v.IsNull():
		return size{bytes: 20}
	case v.Type() == cty.String:
		return size{float64(len(v.AsString())), digitsIn(v.AsString())}
	case v.Type() == cty.Number:
		digits := c.number(e, digitsOf(v))
		return size{20 + digits, digits}
	}
	return size{bytes: 20}
}

var exponents = lazyregexp.New(`[0-9.][eEpP][+-]?([0-9]+)`)

// digitsIn are the digits of the longest number that a part of a string can be read as.
func digitsIn(s string) float64 {
	most := 0.0
	for _, m := range exponents.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			n = anyNumber
		}
		most = max(most, n)
	}
	digits := 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return most + float64(digits)
}

// binary is an operation on two values.
func (c *coster) binary(e *hclsyntax.BinaryOpExpr, local map[string]size) size {
	left, right := c.cost(e.LHS, local), c.cost(e.RHS, local)
	bytes := left.bytes + right.bytes + 2
	if e.Op.Type != cty.Number {
		return size{bytes, 1}
	}
	return size{bytes + 160, c.number(e, left.digits+right.digits)}
}

// number refuses, or has checked when it is computed, what may come to too long a number.
func (c *coster) number(e hclsyntax.Expression, digits float64) float64 {
	if digits <= maxDigits {
		return digits
	}
	if _, literal := e.(*hclsyntax.LiteralValueExpr); literal || inJSON(e.Range()) || !c.guard(e) {
		c.refuse(e.Range(), "a number may have too many digits here")
	}
	return maxDigits
}

// guard has an expression checked whenever it is computed.
func (c *coster) guard(e hclsyntax.Expression) bool {
	if c.guarded[e] {
		return true
	}
	c.guarded[e] = true
	switch e := e.(type) {
	case *hclsyntax.BinaryOpExpr:
		e.Op = &hclsyntax.Operation{Impl: checked(e.Op.Impl), Type: e.Op.Type}
	case *hclsyntax.UnaryOpExpr:
		e.Op = &hclsyntax.Operation{Impl: checked(e.Op.Impl), Type: e.Op.Type}
	case *hclsyntax.FunctionCallExpr:
		for i, a := range e.Args {
			if e.Name == "convert" && i > 0 {
				break // it is a type
			}
			e.Args[i] = &hclsyntax.UnaryOpExpr{Op: checking, Val: a, SrcRange: a.Range(), SymbolRange: a.Range()}
		}
	default:
		return false
	}
	return true
}

// checking is an operation that only checks its operand.
var checking = &hclsyntax.Operation{Type: cty.DynamicPseudoType, Impl: checked(function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}},
	Type:   func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
	Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], nil },
}))}

// checked is a function whose arguments and result are checked.
func checked(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params: f.Params(),
		Type:   f.ReturnTypeForValues,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, a := range args {
				if err := checkDigits(a); err != nil {
					return cty.NilVal, err
				}
			}
			v, err := f.Call(args)
			if err == nil {
				err = checkDigits(v)
			}
			return v, err
		},
	})
}

// checkDigits is an error for a value that holds too long a number, or a string that can be
// read as one.
func checkDigits(v cty.Value) error {
	return cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		digits := 0.0
		switch {
		case !v.IsKnown() || v.IsNull():
			return false, nil
		case v.Type() == cty.Number:
			digits = digitsOf(v)
		case v.Type() == cty.String:
			digits = digitsIn(v.AsString())
		}
		if digits > maxDigits {
			return false, fmt.Errorf("a number has more than %d digits", maxDigits)
		}
		return true, nil
	})
}

// digitsOf are those before or behind the point of a number.
func digitsOf(v cty.Value) float64 {
	return 1 + math.Abs(float64(v.AsBigFloat().MantExp(nil)))*math.Log10(2)
}

// conversions are the verbs of a format that make numbers of strings.
var conversions = lazyregexp.New(`%[^a-zA-Z%]*[bcdeEfgGoxX]`)

// digitsOfCall are those of a function's result.
func (c *coster) digitsOfCall(e *hclsyntax.FunctionCallExpr, args size) float64 {
	switch {
	case small[e.Name]:
		return 20
	case selecting[e.Name]:
		return args.digits
	case e.Name == "convert":
		if len(e.Args) == 2 && namesNumber(e.Args[1]) {
			c.number(e, args.digits)
		}
		return args.digits
	case e.Name == "jsondecode":
		return c.number(e, args.digits)
	case e.Name == "format" || e.Name == "formatlist":
		if makesNumbers(e) {
			c.number(e, args.digits)
		}
		return anyNumber
	case e.Name == "pow":
		return max(400, c.number(e, args.digits)) // it is computed in 64 bits
	case e.Name == "parseint":
		return c.number(e, 2*args.bytes)
	case computing[e.Name]:
		return c.number(e, args.digits*float64(len(e.Args)))
	}
	return anyNumber
}

// makesNumbers says whether a format has verbs of numbers.
func makesNumbers(e *hclsyntax.FunctionCallExpr) bool {
	if len(e.Args) == 0 {
		return false
	}
	format, diags := e.Args[0].Value(nil)
	literal := !diags.HasErrors() && format.IsKnown() && !format.IsNull() && format.Type() == cty.String
	return !literal || conversions.MatchString(format.AsString())
}

// namesNumber says whether a type is number, or is made of it.
func namesNumber(e hclsyntax.Expression) bool {
	for _, v := range e.Variables() {
		if v.RootName() == "number" {
			return true
		}
	}
	return false
}
