package project

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// A bakeModel is what bake files hold. Its tags are those of buildx's bake.Config.
type bakeModel struct {
	Groups  []*bakeGroup  `hcl:"group,block" cty:"group"`
	Targets []*bakeTarget `hcl:"target,block" cty:"target"`
}

type bakeGroup struct {
	Name        string   `hcl:"name,label" cty:"name"`
	Description string   `hcl:"description,optional" cty:"description"`
	Targets     []string `hcl:"targets" cty:"targets"`

	block block
}

type bakeTarget struct {
	Name        string   `json:"-" hcl:"name,label" cty:"name"`
	Description string   `json:"description,omitempty" hcl:"description,optional" cty:"description"`
	Inherits    []string `json:"inherits,omitempty" hcl:"inherits,optional" cty:"inherits"`

	Annotations      []string           `json:"annotations,omitempty" hcl:"annotations,optional" cty:"annotations"`
	Attest           attests            `json:"attest,omitempty" hcl:"attest,optional" cty:"attest"`
	Context          *string            `json:"context,omitempty" hcl:"context,optional" cty:"context"`
	Contexts         map[string]string  `json:"contexts,omitempty" hcl:"contexts,optional" cty:"contexts"`
	Dockerfile       *string            `json:"dockerfile,omitempty" hcl:"dockerfile,optional" cty:"dockerfile"`
	DockerfileInline *string            `json:"dockerfile-inline,omitempty" hcl:"dockerfile-inline,optional" cty:"dockerfile-inline"`
	Args             map[string]*string `json:"args,omitempty" hcl:"args,optional" cty:"args"`
	Labels           map[string]*string `json:"labels,omitempty" hcl:"labels,optional" cty:"labels"`
	Tags             []string           `json:"tags,omitempty" hcl:"tags,optional" cty:"tags"`
	CacheFrom        caches             `json:"cache-from,omitempty" hcl:"cache-from,optional" cty:"cache-from"`
	CacheTo          caches             `json:"cache-to,omitempty" hcl:"cache-to,optional" cty:"cache-to"`
	Target           *string            `json:"target,omitempty" hcl:"target,optional" cty:"target"`
	Secrets          secrets            `json:"secret,omitempty" hcl:"secret,optional" cty:"secret"`
	SSH              sshKeys            `json:"ssh,omitempty" hcl:"ssh,optional" cty:"ssh"`
	Platforms        []string           `json:"platforms,omitempty" hcl:"platforms,optional" cty:"platforms"`
	Outputs          exports            `json:"output,omitempty" hcl:"output,optional" cty:"output"`
	Pull             *bool              `json:"pull,omitempty" hcl:"pull,optional" cty:"pull"`
	NoCache          *bool              `json:"no-cache,omitempty" hcl:"no-cache,optional" cty:"no-cache"`
	NetworkMode      *string            `json:"network,omitempty" hcl:"network,optional" cty:"network"`
	NoCacheFilter    []string           `json:"no-cache-filter,omitempty" hcl:"no-cache-filter,optional" cty:"no-cache-filter"`
	ShmSize          *string            `json:"shm-size,omitempty" hcl:"shm-size,optional" cty:"shm-size"`
	Ulimits          []string           `json:"ulimits,omitempty" hcl:"ulimits,optional" cty:"ulimits"`
	Call             *string            `json:"call,omitempty" hcl:"call,optional" cty:"call"`
	Entitlements     []string           `json:"entitlements,omitempty" hcl:"entitlements,optional" cty:"entitlements"`
	ExtraHosts       map[string]*string `json:"extra-hosts,omitempty" hcl:"extra-hosts,optional" cty:"extra-hosts"`
	Policy           policies           `json:"-" hcl:"policy,optional" cty:"policy"` // --print of older buildx has none

	blocks []block // where it is written, the former below the latter, with what it inherits
	ctx    *hcl.EvalContext
}

// SetBlockSource is told where the target is written, after its name was asked for.
// hclparser calls it.
func (t *bakeTarget) SetBlockSource(b *hcl.Block) { t.blocks = []block{{b, t.ctx}} }

// SetBlockSource is told where the group is written, likewise.
func (g *bakeGroup) SetBlockSource(b *hcl.Block) { g.block.Block = b }

// Merge lays another target over this one, attribute by attribute, as buildx's
// bake.Target.Merge does. hclparser calls it for a target that is written twice.
func (t *bakeTarget) Merge(o *bakeTarget) {
	over(&t.Context, o.Context)
	over(&t.Dockerfile, o.Dockerfile)
	over(&t.DockerfileInline, o.DockerfileInline)
	over(&t.Target, o.Target)
	over(&t.Call, o.Call)
	over(&t.Pull, o.Pull)
	over(&t.NoCache, o.NoCache)
	over(&t.NetworkMode, o.NetworkMode)
	over(&t.ShmSize, o.ShmSize)
	if o.Description != "" {
		t.Description = o.Description
	}
	t.Args = overMap(t.Args, o.Args)
	t.Labels = overMap(t.Labels, o.Labels)
	t.ExtraHosts = overMap(t.ExtraHosts, o.ExtraHosts)
	if len(o.Contexts) > 0 {
		t.Contexts = maps.Clone(t.Contexts)
		if t.Contexts == nil {
			t.Contexts = map[string]string{}
		}
		maps.Copy(t.Contexts, o.Contexts)
	}
	// These replace,
	replace(&t.Tags, o.Tags)
	replace(&t.Platforms, o.Platforms)
	replace(&t.CacheTo, o.CacheTo)
	replace(&t.Outputs, o.Outputs)
	// and these add up.
	t.Annotations = slices.Concat(t.Annotations, o.Annotations)
	t.Attest = slices.Concat(t.Attest, o.Attest)
	t.Secrets = slices.Concat(t.Secrets, o.Secrets)
	t.SSH = slices.Concat(t.SSH, o.SSH)
	t.CacheFrom = slices.Concat(t.CacheFrom, o.CacheFrom)
	t.NoCacheFilter = slices.Concat(t.NoCacheFilter, o.NoCacheFilter)
	t.Ulimits = slices.Concat(t.Ulimits, o.Ulimits)
	t.Entitlements = slices.Concat(t.Entitlements, o.Entitlements)
	t.Inherits = slices.Concat(t.Inherits, o.Inherits)
	t.Policy = slices.Concat(t.Policy, o.Policy)
	t.blocks = slices.Concat(t.blocks, o.blocks)
}

// elements is how much the lists and maps of a target hold, and one.
func (t *bakeTarget) elements() int {
	return 1 + len(t.Args) + len(t.Labels) + len(t.ExtraHosts) + len(t.Contexts) + len(t.Annotations) + len(t.Attest) + len(t.Secrets) + len(t.SSH) +
		len(t.CacheFrom) + len(t.NoCacheFilter) + len(t.Ulimits) + len(t.Entitlements) + len(t.Inherits) + len(t.Policy) + len(t.blocks)
}

// over takes a value that was said; null is as if it was not.
func over[T any](into **T, value *T) {
	if value != nil {
		*into = value
	}
}

func replace[S ~[]T, T any](into *S, value S) {
	if value != nil {
		*into = value
	}
}

func overMap(into, values map[string]*string) map[string]*string {
	out := maps.Clone(into)
	for k, v := range values {
		if v == nil {
			continue
		}
		if out == nil {
			out = map[string]*string{}
		}
		out[k] = v
	}
	return out
}

// normalize removes what is said twice, and adds what follows of itself.
func (t *bakeTarget) normalize() {
	for _, list := range []*[]string{&t.Annotations, &t.Tags, &t.Platforms, &t.NoCacheFilter, &t.Ulimits} {
		*list = uniqueStrings(*list)
	}
	t.Attest = unique(t.Attest, func(e entry) string { return e["type"] })
	t.Secrets = unique(t.Secrets, func(e entry) string { return e["id"] })
	t.SSH = unique(t.SSH, func(k sshKey) string { return k.ID })
	t.CacheFrom = unique(t.CacheFrom, entry.text)
	t.CacheTo = unique(t.CacheTo, entry.text)
	t.Outputs = unique(t.Outputs, entry.text)
	if t.NetworkMode != nil && *t.NetworkMode == "host" {
		t.Entitlements = append(slices.Clone(t.Entitlements), "network.host")
	}
	t.Entitlements = uniqueStrings(t.Entitlements)
	t.Contexts = maps.Clone(t.Contexts)
	maps.DeleteFunc(t.Contexts, func(_, v string) bool { return v == "" })
}

func uniqueStrings(list []string) []string {
	list = unique(list, func(s string) string { return s })
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// maxMatrix bounds how many targets a matrix may make.
const maxMatrix = 1000

// GetEvalContexts makes of a target with a matrix one for each combination of its
// values. hclparser asks for it.
func (t *bakeTarget) GetEvalContexts(base *hcl.EvalContext, block *hcl.Block, loadDeps func(hcl.Expression) hcl.Diagnostics) ([]*hcl.EvalContext, error) {
	attr, err := attribute(block, "matrix")
	if attr == nil || err != nil {
		return []*hcl.EvalContext{base}, err
	}
	value, err := evaluate(attr, base, loadDeps)
	if err != nil {
		return nil, err
	}
	if !value.Type().IsMapType() && !value.Type().IsObjectType() || value.IsNull() {
		return nil, errors.New("matrix must be a map")
	}
	contexts := []*hcl.EvalContext{base}
	for key, values := range value.AsValueMap() {
		if values.IsNull() || !values.CanIterateElements() {
			return nil, errors.New("matrix values must be a list")
		}
		list := values.AsValueSlice()
		if len(list)*len(contexts) > maxMatrix {
			return nil, fmt.Errorf("the matrix makes more than %d targets", maxMatrix)
		}
		var next []*hcl.EvalContext
		for _, v := range list {
			for _, c := range contexts {
				child := base.NewChild()
				child.Variables = map[string]cty.Value{}
				if c != base {
					maps.Copy(child.Variables, c.Variables)
				}
				child.Variables[key] = v
				next = append(next, child)
			}
		}
		contexts = next
	}
	return contexts, nil
}

// GetName is the target's name, which a matrix may compute. hclparser asks for it.
func (t *bakeTarget) GetName(ctx *hcl.EvalContext, block *hcl.Block, loadDeps func(hcl.Expression) hcl.Diagnostics) (string, error) {
	t.ctx = ctx
	name, err := attribute(block, "name")
	if name == nil || err != nil {
		return block.Labels[0], err
	}
	if matrix, err := attribute(block, "matrix"); matrix == nil || err != nil {
		return "", errors.New("name requires matrix")
	}
	value, err := evaluate(name, ctx, loadDeps)
	if err != nil {
		return "", err
	}
	value, err = convert.Convert(value, cty.String)
	if err != nil || value.IsNull() || !value.IsKnown() {
		return "", errors.New("name must be a string")
	}
	return value.AsString(), nil
}

// GetName of a group is its label: a group has no matrix.
func (g *bakeGroup) GetName(ctx *hcl.EvalContext, block *hcl.Block, _ func(hcl.Expression) hcl.Diagnostics) (string, error) {
	g.block.ctx = ctx
	for _, name := range []string{"name", "matrix"} {
		if attr, _ := attribute(block, name); attr != nil {
			return "", fmt.Errorf("%s is not supported for groups", name)
		}
	}
	return block.Labels[0], nil
}

func attribute(block *hcl.Block, name string) (*hcl.Attribute, error) {
	content, _, diags := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	if diags.HasErrors() {
		return nil, diags
	}
	return content.Attributes[name], nil
}

func evaluate(attr *hcl.Attribute, ctx *hcl.EvalContext, loadDeps func(hcl.Expression) hcl.Diagnostics) (cty.Value, error) {
	if diags := loadDeps(attr.Expr); diags.HasErrors() {
		return cty.NilVal, diags
	}
	value, diags := attr.Expr.Value(ctx)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return value, nil
}
