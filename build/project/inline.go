package project

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/template"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"go.yaml.in/yaml/v3"
)

// Inline is a Dockerfile that is written in a compose or bake file.
type Inline struct {
	Text string
	// Key is the attribute that it is the value of, or the nearest place that is known.
	Key Span

	source sourceMap // to the file of Key; nil if it is not known
}

// Source is where the bytes of Text from start to end are written, in the file of Key,
// counted as they are written there: $$ is two. ok is false if that is not known, or if
// several lines come from one place, as from a variable.
func (in *Inline) Source(start, end int) (at Span, ok bool) {
	at.File = in.Key.File
	if in.source.vague(in.Text, start) || end > start && in.source.vague(in.Text, end-1) {
		return in.Key, false
	}
	at.Start, at.End, ok = in.source.span(start, end)
	return at, ok
}

// mapped is an inline Dockerfile with its map, if the map is one of its whole text.
func mapped(text string, key Span, source sourceMap) *Inline {
	in := &Inline{Text: text, Key: key}
	if source.len() == len(text) {
		in.source = source
	}
	return in
}

// An inlineNode is an attribute dockerfile_inline, wherever it is written.
type inlineNode struct {
	place string // services.api.build.dockerfile_inline
	key   spot
	value *yaml.Node
	// evaluated is its text, and where that comes from; empty if it is beyond what is read here.
	evaluated func() (sourceMap, string)
}

// rememberInlines keeps the inline Dockerfiles of a file. They may stand behind anchors,
// and be merged or extended into a service, so each is kept.
func (r *composeReader) rememberInlines(n *yaml.Node, at string, in spot, lookup lookup) {
	for i, child := range n.Content {
		place := at
		if n.Kind == yaml.MappingNode && i%2 == 1 {
			place = strings.TrimPrefix(at+"."+n.Content[i-1].Value, ".")
		}
		value := child
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		if strings.HasSuffix(place, ".dockerfile_inline") && value.Kind == yaml.ScalarNode {
			r.inlines = append(r.inlines, inlineNode{place, in.of(n.Content[i-1]), value, sync.OnceValues(func() (sourceMap, string) {
				if _, err := r.substitute(value.Value, template.Mapping(lookup)); errors.Is(err, errSubstituted) {
					return nil, ""
				}
				return interpolationMap(value.Value, lookup)
			})})
		}
		r.rememberInlines(child, place, in, lookup)
	}
}

// inline finds where the inline Dockerfile of a service is written: by its place, else by
// its text, and the last that says so.
func (r *composeReader) inline(service, text string) *Inline {
	where := r.spots["services."+service]
	found := &Inline{Text: text, Key: where.span()}
	for _, own := range []bool{false, true} {
		for _, n := range r.inlines {
			if own && n.place != "services."+service+".build.dockerfile_inline" {
				continue
			}
			source, evaluated := n.evaluated()
			if evaluated == text {
				found = mapped(text, n.key.span(), source.through(scalarMap(n.key, n.value)))
			}
		}
	}
	return found
}

// interpolationMap interpolates a value as compose-go does, variable by variable.
func interpolationMap(value string, lookup lookup) (sm sourceMap, text string) {
	var out strings.Builder
	for at := 0; at < len(value); {
		rest := value[at:]
		m := template.DefaultPattern.FindStringIndex(rest)
		if m == nil {
			m = []int{len(rest), len(rest)}
		}
		out.WriteString(rest[:m[0]])
		sm.add(m[0], at, m[0])
		if variable := rest[m[0]:]; variable != "" {
			variable = variable[:min(m[1]-m[0], closingBrace(variable))]
			value, _ := template.SubstituteWithOptions(variable, template.Mapping(lookup), template.WithoutLogging)
			out.WriteString(value)
			sm.add(len(value), at+m[0], len(variable))
			at += len(variable)
		}
		at += m[0]
	}
	return sm, out.String()
}

// closingBrace is where ${…} ends.
func closingBrace(text string) int {
	if !strings.HasPrefix(text, "${") {
		return len(text)
	}
	depth := 0
	for i, c := range text {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// inline finds where the inline Dockerfile of a target is written.
func (c *bakeConfig) inline(t *bakeTarget) *Inline {
	text := *t.DockerfileInline
	r, in, ok := t.where("dockerfile-inline", "")
	if !ok {
		return &Inline{Text: text, Key: c.files.span(r)}
	}
	a, _ := attribute(in.Block, "dockerfile-inline")
	data := c.files.data(r.Filename)
	return mapped(text, c.files.span(a.NameRange), expressionMap(a.Expr, in.ctx, data))
}

// expressionMap maps the value of an expression, which is a string, to where it is written.
func expressionMap(e hcl.Expression, ctx *hcl.EvalContext, data []byte) (sm sourceMap) {
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return expressionMap(e.Expression, ctx, data)
	case *hclsyntax.ConditionalExpr:
		if yes, diags := e.Condition.Value(ctx); !diags.HasErrors() && yes.Type() == cty.Bool && yes.IsKnown() && !yes.IsNull() {
			if yes.True() {
				return expressionMap(e.TrueResult, ctx, data)
			}
			return expressionMap(e.FalseResult, ctx, data)
		}
	case *hclsyntax.TemplateExpr:
		quoted := e.SrcRange.Start.Byte < len(data) && data[e.SrcRange.Start.Byte] == '"'
		for _, part := range e.Parts {
			literal, ok := part.(*hclsyntax.LiteralValueExpr)
			if !ok || literal.Val.Type() != cty.String {
				text := stringOfExpression(part, ctx)
				start, end := interpolationRange(part.Range(), data)
				sm.add(len(text), start, end-start)
			} else if !sm.literal(literal, data, quoted) {
				return nil
			}
		}
		return sm
	case hclsyntax.Expression:
	default:
		return jsonMap(e, ctx, data)
	}
	r := e.Range()
	sm.add(len(stringOfExpression(e, ctx)), r.Start.Byte, r.End.Byte-r.Start.Byte)
	return sm
}

// interpolationRange is that of the ${…} around an expression.
func interpolationRange(r hcl.Range, data []byte) (start, end int) {
	const blank = " \t\r\n"
	before := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(string(data[:r.Start.Byte]), blank), "~"), blank)
	after := strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(string(data[r.End.Byte:]), blank), "~"), blank)
	if strings.HasSuffix(before, "${") && strings.HasPrefix(after, "}") {
		return len(before) - 2, len(data) - len(after) + 1
	}
	return r.Start.Byte, r.End.Byte
}

func stringOfExpression(e hcl.Expression, ctx *hcl.EvalContext) string {
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return ""
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil || s.IsNull() || !s.IsKnown() {
		return ""
	}
	return s.AsString()
}

// literal maps a part of a template that is text. The lines of <<- are written with more
// indentation than they have.
func (sm *sourceMap) literal(e *hclsyntax.LiteralValueExpr, data []byte, quoted bool) bool {
	value, src := e.Val.AsString(), string(data[e.SrcRange.Start.Byte:e.SrcRange.End.Byte])
	for v, s := 0, 0; v < len(value); {
		if s >= len(src) {
			return false
		}
		if s > 0 && src[s-1] == '\n' && !quoted {
			s += max(0, indentation(src[s:])-indentation(value[v:]))
		}
		text, length := src[s:s+1], 1
		switch {
		case quoted && src[s] == '\\':
			text, length = unescaped(src[s:])
		case strings.HasPrefix(src[s:], "$${") || strings.HasPrefix(src[s:], "%%{"):
			text, length = src[s+1:s+3], 3
		}
		if !strings.HasPrefix(value[v:], text) {
			return false
		}
		sm.add(len(text), e.SrcRange.Start.Byte+s, length)
		v, s = v+len(text), s+length
	}
	return true
}

func indentation(text string) int { return len(text) - len(strings.TrimLeft(text, " \t")) }

// jsonMap is of a string of a JSON file, which is a template.
func jsonMap(e hcl.Expression, ctx *hcl.EvalContext, data []byte) sourceMap {
	r := e.Range()
	var value string
	if json.Unmarshal(data[r.Start.Byte:r.End.Byte], &value) != nil {
		return nil
	}
	parsed, diags := hclsyntax.ParseTemplate([]byte(value), "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil
	}
	return expressionMap(parsed, ctx, []byte(value)).through(flowMap(string(data), r.Start.Byte+1, value, '"'))
}
