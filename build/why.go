package build

import (
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/moby/patternmatcher"
)

// Explain says in a sentence for each step of a build why it was not cached, from what is
// remembered of the last one of the same file, target and platforms, if there was one. It
// is empty for a step that was cached or did not run. What cannot be known it says so.
func (r *Record) Explain(last *Record) []string {
	why := make([]string, len(r.steps))
	if !slices.ContainsFunc(r.steps, ran) {
		return why
	}
	c := newComparison(r, last)
	for i, s := range r.steps {
		if ran(s) {
			why[i] = c.mask.HideText(c.why(i))
		}
	}
	return why
}

func ran(s recordedStep) bool { return s.Status == Done || s.Status == Failed }

// A comparison is of two builds.
type comparison struct {
	now, last *Record     // last is nil for the first
	was       map[int]int // what each step now was then
	judged    map[[2]*node]verdict
	mask      redact.Mask
}

func newComparison(now, last *Record) *comparison {
	c := &comparison{now: now, last: last, judged: map[[2]*node]verdict{}, mask: slices.Clone(now.hidden)}
	now.graph()
	if last != nil {
		last.graph()
		c.was = align(now, last)
		c.mask = append(c.mask, last.hidden...).Sorted()
	}
	c.mask = c.withSecretArgs(now).withSecretArgs(last).mask
	return c
}

// A verdict is what can be said of a vertex's key in the cache, compared with the one that
// it had.
type verdict int

const (
	same    verdict = iota
	unknown         // what it takes may have other content, or not
	changed
)

func (c *comparison) why(i int) string {
	s := c.now.steps[i]
	n := c.now.nodes[s.digest]
	if n == nil {
		return ""
	}
	_, _, isImage := c.now.image(n)
	switch {
	case n.ignoreCache && !isImage && c.now.noCache:
		return "the build was to use no cache (noCache)"
	case n.ignoreCache && !isImage:
		return "its stage was to be built without the cache (noCacheFilter)"
	case c.last == nil:
		return "first build: buildls remembers no earlier one of this target"
	case c.last.Engine != c.now.Engine:
		return fmt.Sprintf("another engine: the last build ran on %s, this one on %s", c.last.Engine, c.now.Engine)
	}
	j, ok := c.was[i]
	switch {
	case c.last.nodes[s.digest] == nil && c.last.idle[s.text] > 0 && (!ok || c.last.steps[j].text != s.text):
		return "the last build did not need it"
	case !ok:
		return "it is new: the last build did not have it"
	}
	then := c.last.steps[j]
	b := c.last.nodes[then.digest]
	for _, reason := range []string{c.itself(s, then, n, b), c.filesChanged(n, b), c.standsOn(n, b, changed), c.takes(n, b), c.standsOn(n, b, unknown)} {
		if reason != "" {
			return reason
		}
	}
	return c.lost(n, b, then, isImage)
}

// itself is what changed about the instruction.
func (c *comparison) itself(s, then recordedStep, n, b *node) string {
	moved := c.moved(n, b)
	differs := n.own != b.own || moved != ""
	for i := range min(len(n.inputs), len(b.inputs)) {
		if in := n.inputs[i]; !differs && in.step < 0 && in.op.GetSource() == nil { // such as a heredoc
			differs = c.judge(in, b.inputs[i]) == changed && s.text != then.text
		}
	}
	switch {
	case !differs:
		return ""
	case moved != "":
		return moved
	case s.text != then.text:
		return "the text of the instruction was changed"
	}
	return c.surroundings(s.text, n, b)
}

// moved says of an image that it has another digest than it had.
func (c *comparison) moved(n, b *node) string {
	name, to, ok := c.now.image(n)
	before, from, was := c.last.image(b)
	if !ok || !was || name != before || from == to || from == "" || to == "" {
		return ""
	}
	return fmt.Sprintf("the image %s moved from %s to %s", name, from, to)
}

// filesChanged names the files of a context that an instruction takes and that are not
// what they were.
func (c *comparison) filesChanged(n, b *node) string {
	for i, in := range n.inputs {
		name, ok := in.local()
		if !ok || !n.byContent(i) || n.own != b.own {
			continue
		}
		if from, to := c.last.dirs[name], c.now.dirs[name]; from != to {
			return fmt.Sprintf("the context is another one: %s, before %s", to, from)
		}
		changes, _ := c.changes(n, i, name)
		if sure := slices.DeleteFunc(changes, func(f fileChange) bool { return f.unsure }); len(sure) > 0 {
			return nameChanges(sure)
		}
	}
	return ""
}

// mostNamed is how many files a sentence names.
const mostNamed = 10

// nameChanges is "a and b changed, c is new, and 3 more".
func nameChanges(list []fileChange) string {
	var parts []string
	for _, what := range []string{"changed", "is new", "is gone"} {
		var names []string
		for _, f := range list[:min(len(list), mostNamed)] {
			if f.what == what {
				names = append(names, f.path)
			}
		}
		if len(names) > 1 {
			what = strings.Replace(what, "is ", "are ", 1)
		}
		if len(names) > 0 {
			parts = append(parts, strings.Join(names, ", ")+" "+what)
		}
	}
	text := strings.Join(parts, "; ")
	if more := len(list) - mostNamed; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// changes are the files of a context that an op takes from an input; ok is false if they
// cannot be told.
func (c *comparison) changes(n *node, input int, context string) (list []fileChange, ok bool) {
	now, then := c.now.sent[context], c.last.sent[context]
	if now == nil || then == nil {
		return nil, false
	}
	ok = true
	for _, p := range n.taken(input) {
		match, err := matcherOf(p)
		if err != nil || !p.Wildcards && (now.link(p.Root()) || then.link(p.Root())) {
			ok = false
			continue
		}
		list = append(list, now.changes(then, match)...)
		ok = ok && !(p.Wildcards && now.matchesLink(match))
	}
	slices.SortFunc(list, func(a, b fileChange) int { return strings.Compare(a.path, b.path) })
	return slices.Compact(list), ok
}

// matcherOf says which files of a context a path takes.
func matcherOf(p dockerfile.ContextPath) (func(name string) bool, error) {
	root := p.Root()
	below := func(name string) (rest string, ok bool) {
		if root == "." {
			return name, true
		}
		rest, ok = strings.CutPrefix(name, root)
		return strings.TrimPrefix(rest, "/"), ok && (rest == "" || rest[0] == '/')
	}
	if p.Wildcards && strings.ContainsAny(root, `*?[\`) {
		m, err := patternmatcher.New([]string{root})
		if err != nil || len(p.Include)+len(p.Exclude) > 0 {
			return nil, fmt.Errorf("not to be matched: %s", p.Path)
		}
		below = func(name string) (string, bool) {
			ok, err := m.MatchesOrParentMatches(name)
			return name, ok && err == nil
		}
	}
	include, err := patternmatcher.New(p.Include)
	if err != nil {
		return nil, err
	}
	exclude, err := patternmatcher.New(p.Exclude)
	if err != nil {
		return nil, err
	}
	return func(name string) bool {
		rest, ok := below(name)
		if ok && len(p.Include) > 0 {
			ok, _ = include.MatchesOrParentMatches(rest)
		}
		if ok && len(p.Exclude) > 0 {
			excluded, _ := exclude.MatchesOrParentMatches(rest)
			ok = !excluded
		}
		return ok
	}, nil
}

// judge compares the key of a vertex with that of the one in the place of which it is.
func (c *comparison) judge(a, b *node) verdict {
	if a == nil || b == nil || a.own != b.own || len(a.inputs) != len(b.inputs) {
		return changed
	}
	key := [2]*node{a, b}
	v, ok := c.judged[key]
	if !ok {
		v = c.source(a, b)
		for i := range a.inputs {
			v = max(v, c.input(a, b, i))
		}
		c.judged[key] = v
	}
	return v
}

// source is the verdict on a source that is called what it was.
func (c *comparison) source(a, b *node) verdict {
	_, to, _ := c.now.image(a)
	_, from, _ := c.last.image(b)
	switch {
	case a.op.GetSource() == nil || to != "" && to == from:
		return same
	case to != "" && from != "":
		return changed
	}
	return unknown // its content is not of its name
}

func (c *comparison) input(a, b *node, i int) verdict {
	in, was := a.inputs[i], b.inputs[i]
	if !a.byContent(i) {
		return c.judge(in, was)
	}
	if name, ok := in.local(); ok && in.own == was.own {
		switch list, ok := c.changes(a, i, name); {
		case slices.ContainsFunc(list, func(f fileChange) bool { return !f.unsure }):
			return changed
		case len(list) > 0 || !ok || c.now.dirs[name] != c.last.dirs[name]:
			return unknown
		}
		return same
	}
	if c.judge(in, was) == same && !(in.step >= 0 && in.op.GetSource() == nil && ran(c.now.steps[in.step])) {
		return same
	}
	return unknown
}

// standsOn names the step on whose result this one stands, if its key has that verdict.
func (c *comparison) standsOn(n, b *node, v verdict) string {
	for i, in := range n.inputs {
		if i >= len(b.inputs) || n.byContent(i) || c.judge(in, b.inputs[i]) != v {
			continue
		}
		if text := c.describe(in, b.inputs[i], "stands on", v); text != "" {
			return text
		}
	}
	return ""
}

// takes names the step from which this one takes files that may be others.
func (c *comparison) takes(n, b *node) string {
	for i, in := range n.inputs {
		if _, local := in.local(); local || i >= len(b.inputs) || !n.byContent(i) || c.input(n, b, i) == same {
			continue
		}
		if text := c.describe(in, b.inputs[i], "takes files from", changed); text != "" {
			return text
		}
	}
	return ""
}

// describe says what happened to a vertex on which another stands.
func (c *comparison) describe(in, was *node, role string, v verdict) string {
	if was == nil {
		return ""
	}
	if moved := c.moved(in, was); moved != "" {
		return moved
	}
	if name, _, ok := c.now.image(in); ok {
		if before, _, was := c.last.image(was); was && before != name {
			return fmt.Sprintf("it is built on the image %s, before on %s", name, before)
		}
	}
	if in.step < 0 { // such as a merge
		for i, next := range in.inputs {
			if i < len(was.inputs) && c.judge(next, was.inputs[i]) == v {
				return c.describe(next, was.inputs[i], role, v)
			}
		}
		return ""
	}
	s := c.now.steps[in.step]
	switch other := c.inPlaceOf(in, was); {
	case ran(s) && c.now.nodes[s.digest].op.GetSource() == nil:
		return fmt.Sprintf("the step it %s was not cached either: %s", role, s.Name)
	case v == changed && other != "":
		return fmt.Sprintf("it %s another step than it did: %s, before %s", role, s.Name, other)
	case v == changed:
		return fmt.Sprintf("the step it %s is not the one of the last build: %s", role, s.Name)
	}
	return ""
}

// inPlaceOf names the step was if in is not the same step, edited or not.
func (c *comparison) inPlaceOf(in, was *node) string {
	if was.step < 0 {
		return ""
	}
	if j, ok := c.was[in.step]; ok && j == was.step {
		return ""
	}
	return c.last.steps[was.step].Name
}

// lost is why a step ran of whose key nothing is known to have changed.
func (c *comparison) lost(n, b *node, then recordedStep, isImage bool) string {
	switch {
	case isImage && c.judge(n, b) != same:
		return "an image is looked up in every build; the engine does not say whether this is the one of the last"
	case isImage:
		return "an image is looked up in every build; this is the one of the last"
	case then.Status == Failed:
		return "it failed in the last build"
	case then.Status == Canceled && then.Started:
		return "it was canceled in the last build"
	case then.Status == Canceled:
		return "the last build did not come to it"
	case c.ranBefore(n) != "": // what it left may have another key, though it does the same
		return c.ranBefore(n)
	case c.judge(n, b) != same, c.now.linked, c.last.linked:
		return "this cannot be told: what it takes may have changed, or the engine may no longer have it in its cache"
	}
	return "nothing has changed since the last build, but the engine no longer has it in its cache"
}

// ranBefore names the step on whose result one stands, if that ran.
func (c *comparison) ranBefore(n *node) string {
	for _, in := range n.inputs {
		if in == nil || in.op.GetSource() != nil {
			continue
		}
		if in.step < 0 {
			if text := c.ranBefore(in); text != "" {
				return text
			}
		} else if s := c.now.steps[in.step]; ran(s) {
			return "the step it stands on was not cached either: " + s.Name
		}
	}
	return ""
}
