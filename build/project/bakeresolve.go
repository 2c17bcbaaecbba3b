package project

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// A bakeConfig is what the bake files of a directory describe. What is wrong with one
// target is no other's fault: it is a problem, and the target has it as its Fault.
type bakeConfig struct {
	bakeModel
	files    bakeFiles
	service  func(name string) serviceAnswer // of the compose files beside them
	problems problems
	unread   []*Profile // whose targets hclparser panics on
	merged   int        // elements of targets that others inherited

	targets map[string]*bakeTarget // by their names, the first of each; nil until one is asked for
	named   map[string]*bakeGroup  // likewise
}

// maxMerged bounds what targets inherit, and what groups hold, all together: each may name
// another any number of times.
const maxMerged = 1 << 20

// profiles are the targets as builds.
func (c *bakeConfig) profiles(dir string) (list []*Profile) {
	whole := map[string]*bakeTarget{}
	for _, t := range c.Targets {
		name := c.files.nameOf(t.blocks[0])
		var resolved *bakeTarget
		err := guarded(func() (err error) { resolved, err = c.resolve(t.Name); return err })
		if err != nil {
			list = append(list, &Profile{Name: t.Name, Kind: Target, Description: t.Description, File: name.File, Start: name.Start, End: name.End, Fault: c.wrong(err)})
			continue
		}
		whole[t.Name] = resolved
		p, faults := resolved.profile(dir)
		p.File, p.Start, p.End = name.File, name.Start, name.End
		p.where = func(attr, element string) (Span, bool) {
			at, _, ok := resolved.where(attr, p.written(attr, element, resolved))
			return c.files.span(at), ok
		}
		for _, err := range faults {
			p.Fault = cmp.Or(p.Fault, c.wrong(err))
		}
		if len(resolved.Policy) > 0 {
			p.Policy = c.wrong(&attrError{target: resolved, attr: "policy", mild: true, error: errors.New("buildls cannot evaluate a policy, so it does not build this target, unless \"policy\" is \"ignore\"; `docker buildx bake` does")})
		}
		if resolved.DockerfileInline != nil {
			p.Inline = c.inline(resolved)
		}
		list = append(list, p)
	}
	c.link(list, whole)
	return append(list, c.unread...)
}

// written is an element as it was written of one that Build has: the paths of caches are
// absolute there.
func (p *Profile) written(attr, element string, t *bakeTarget) string {
	if i := slices.Index(p.Build.CacheFrom, element); attr == "cache-from" && i >= 0 {
		return t.CacheFrom[i].text()
	}
	if i := slices.Index(p.Build.CacheTo, element); attr == "cache-to" && i >= 0 {
		return t.CacheTo[i].text()
	}
	return element
}

// wrong remembers what is wrong with an attribute, once for all who inherit it.
func (c *bakeConfig) wrong(err error) *Problem {
	var at *attrError
	if !errors.As(err, &at) {
		return c.remember(&Problem{Line: -1, Message: err.Error()})
	}
	r, in, _ := at.target.where(at.attr, at.element)
	span := c.files.span(r)
	p := &Problem{File: span.File, Line: r.Start.Line - 1, Start: span.Start, End: span.End, Message: fmt.Sprintf("target %s: %v", in.Labels[0], at)}
	if at.mild {
		p.Severity = Note
	}
	return c.remember(p)
}

func (c *bakeConfig) remember(p *Problem) *Problem {
	if i := slices.IndexFunc(c.problems, func(o *Problem) bool { return *o == *p }); i >= 0 {
		return c.problems[i]
	}
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, p)
	}
	return p
}

// maxProblems bounds how many problems of one reading are told.
const maxProblems = 100

// resolve is a target with all that it inherits.
func (c *bakeConfig) resolve(name string) (*bakeTarget, error) {
	t, err := c.inherit(name, map[string]*bakeTarget{})
	if err != nil {
		return nil, err
	}
	t.Name, t.Inherits = name, nil
	if t.Context == nil {
		t.Context = ptr(".")
	}
	if t.Dockerfile == nil || *t.Dockerfile == "" {
		t.Dockerfile = ptr("Dockerfile")
	}
	return t, nil
}

// inherit follows buildx's bake.Config.target: a target that inherits itself, through
// others or not, gets nothing from itself.
func (c *bakeConfig) inherit(name string, seen map[string]*bakeTarget) (*bakeTarget, error) {
	if t, ok := seen[name]; ok {
		return t, nil
	}
	seen[name] = nil
	written := c.target(name)
	whole := &bakeTarget{}
	for _, parent := range written.Inherits {
		if c.target(parent) == nil {
			err := fmt.Errorf("there is no target %s", parent)
			if c.service(parent).is {
				err = fmt.Errorf("%s is a service of a compose file, and buildls lets no target inherit from one; `docker buildx bake` does", parent)
			}
			return nil, &attrError{target: written, attr: "inherits", element: parent, error: err}
		}
		p, err := c.inherit(parent, seen)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		whole.Merge(p)
		if c.merged += whole.elements(); c.merged > maxMerged {
			return nil, &attrError{target: written, attr: "inherits", error: errors.New("targets inherit too much of each other, so this one is not read here")}
		}
	}
	whole.Merge(written)
	whole.normalize()
	seen[name] = whole
	return whole, nil
}

// target is the target of that name as it is written; nil if there is none.
func (c *bakeConfig) target(name string) *bakeTarget {
	if c.targets == nil {
		c.targets = map[string]*bakeTarget{}
		for _, t := range slices.Backward(c.Targets) {
			c.targets[t.Name] = t
		}
	}
	return c.targets[name]
}

// group is the group of that name; nil if there is none.
func (c *bakeConfig) group(name string) *bakeGroup {
	if c.named == nil {
		c.named = map[string]*bakeGroup{}
		for _, g := range slices.Backward(c.Groups) {
			c.named[g.Name] = g
		}
	}
	return c.named[name]
}

// missing says that a name is neither of a target of bake files nor of a service of compose
// files: all services are known, and none has it.
func (c *bakeConfig) missing(name string) bool {
	return c.service(name) == serviceAnswer{complete: true}
}

// link refuses contexts that are targets and cannot be built, as buildx's
// bake.Config.loadLinks does.
func (c *bakeConfig) link(list []*Profile, whole map[string]*bakeTarget) {
	sound := map[string]bool{}
	for _, p := range list {
		if p.Fault == nil && whole[p.Name] != nil {
			if err := c.loadLinks(whole[p.Name], list, whole, sound, nil); err != nil {
				p.Fault = c.wrong(err)
			}
		}
	}
}

// loadLinks follows the contexts of a target. path are the targets that lead to it, sound those
// that need not be followed again.
func (c *bakeConfig) loadLinks(t *bakeTarget, list []*Profile, whole map[string]*bakeTarget, sound map[string]bool, path []string) error {
	if sound[t.Name] {
		return nil
	}
	path = append(slices.Clone(path), t.Name)
	for key, value := range t.Contexts {
		name, ok := strings.CutPrefix(value, "target:")
		if !ok {
			continue
		}
		wrong := func(format string, args ...any) error {
			return &attrError{target: t, attr: "contexts", element: key, error: fmt.Errorf("contexts: %s: "+format, append([]any{key}, args...)...)}
		}
		other := whole[name]
		i := slices.IndexFunc(list, func(p *Profile) bool { return p.Name == name })
		switch {
		case slices.Contains(path, name):
			return wrong("it needs itself: %s", strings.Join(append(path, name), " needs "))
		case other != nil && len(t.Platforms) > 1 && len(other.Platforms) > 1 && slices.ContainsFunc(t.Platforms, func(p string) bool { return !slices.Contains(other.Platforms, p) }):
			return wrong("%s is for %s alone", name, strings.Join(other.Platforms, ", "))
		case other != nil:
			if err := c.loadLinks(other, list, whole, sound, path); err != nil {
				return err
			}
		case i < 0 && c.missing(name):
			return wrong("there is no target %s", name)
		}
		if i >= 0 && list[i].Fault != nil && list[i].Fault.Severity == Wrong {
			return wrong("%s cannot be built: %s", name, list[i].Fault.Message)
		}
	}
	sound[t.Name] = true
	return nil
}

// groups are the groups, with the targets that they come to.
func (c *bakeConfig) groups() []Group {
	var list []Group
	for _, g := range c.Groups {
		list = append(list, Group{Name: g.Name, File: c.files.nameOf(g.block).File, Targets: uniqueStrings(c.targetsOf(g.Name, map[string]bool{}))})
	}
	slices.SortStableFunc(list, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	if c.merged > maxMerged {
		c.remember(&Problem{File: c.files[0].path, Line: -1, Message: "groups hold too many targets, so not all of them are read here"})
	}
	for _, g := range c.Groups {
		c.checkMembers(g)
	}
	return list
}

// checkMembers marks members of a group that are neither targets nor groups.
func (c *bakeConfig) checkMembers(g *bakeGroup) {
	for _, name := range g.Targets {
		if len(c.problems) >= maxProblems {
			return
		}
		if c.target(name) != nil || c.group(name) != nil || !c.missing(name) {
			continue
		}
		attr, err := attribute(g.block.Block, "targets")
		if attr == nil || err != nil {
			continue
		}
		r, ok := elementRange(attr.Expr, g.block.ctx, name)
		if !ok {
			r = attr.Expr.Range()
		}
		span := c.files.span(r)
		c.remember(&Problem{File: span.File, Line: r.Start.Line - 1, Start: span.Start, End: span.End, Message: fmt.Sprintf("group %s: there is no target %s", g.Name, name)})
	}
}

// blockOf is the block that a matrix's targets come from.
func (c *bakeConfig) blockOf(names []string) (b block) {
	for _, t := range c.Targets {
		if slices.Contains(names, t.Name) {
			return t.blocks[0]
		}
	}
	return b
}

func (c *bakeConfig) targetsOf(name string, seen map[string]bool) []string {
	g := c.group(name)
	if g == nil {
		return []string{name}
	}
	if seen[name] {
		return nil
	}
	seen[name] = true
	var list []string
	for _, t := range g.Targets {
		if c.merged++; c.merged > maxMerged {
			break
		}
		list = append(list, c.targetsOf(t, seen)...)
	}
	return list
}

// nameOf finds the name of a block. A matrix's targets stand where the matrix does.
func (fs bakeFiles) nameOf(b block) Span {
	if b.Block == nil {
		return Span{}
	}
	name := fs.span(b.LabelRanges[0])
	if name.End-name.Start >= 2 && fs.data(name.File)[name.Start] == '"' {
		name.Start, name.End = name.Start+1, name.End-1
	}
	return name
}

// data is the content of one of the files.
func (fs bakeFiles) data(path string) []byte {
	for _, f := range fs {
		if f.path == path {
			return f.data
		}
	}
	return nil
}

// problemsOf are the errors that HCL tells: of a line the first, from which others follow.
func (fs bakeFiles) problemsOf(diags hcl.Diagnostics) (list problems) {
	for _, d := range diags {
		said := d.Subject != nil && slices.ContainsFunc(list, func(p *Problem) bool { return p.File == d.Subject.Filename && p.Line == d.Subject.Start.Line-1 })
		if d.Severity != hcl.DiagError || said || len(list) == maxProblems {
			continue
		}
		p := &Problem{Line: -1, Message: strings.TrimSuffix(d.Summary, ".")}
		if d.Detail != "" {
			p.Message += ": " + strings.TrimSuffix(d.Detail, ".")
		}
		if r := d.Subject; r != nil {
			at := fs.span(*r)
			p.File, p.Line, p.Start, p.End = at.File, r.Start.Line-1, at.Start, at.End
		}
		list = append(list, p)
	}
	return list
}
