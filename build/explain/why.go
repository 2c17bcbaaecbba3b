package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/redact"
	"github.com/buildls/buildls/build/sent"
	"github.com/moby/patternmatcher"
)

// Explain returns for each step a sentence that says why it was not cached. The sentence is empty for
// a step that was cached or did not run. last is the record of the last build of the same file,
// target and platforms; nil if there was none. Secrets are masked.
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

func ran(s recordedStep) bool { return s.Status == build.Done || s.Status == build.Failed }

// A comparison compares two builds.
type comparison struct {
	now, last *Record     // last is nil for the first
	prevStep  map[int]int // for each step, the one of the last build that was in its place
	judged    map[[2]*node]verdict
	mask      redact.Mask
}

func newComparison(now, last *Record) *comparison {
	c := &comparison{now: now, last: last, judged: map[[2]*node]verdict{}, mask: slices.Clone(now.hidden)}
	now.graph()
	if last != nil {
		last.graph()
		c.prevStep = align(now, last)
		c.mask = append(c.mask, last.hidden...).Sorted()
	}
	return c
}

// A verdict says whether the cache key of a vertex is the one that it had in the last build.
type verdict int

const (
	same    verdict = iota
	unknown         // what it takes may have other content, or not
	changed
)

func (c *comparison) why(i int) string {
	cur := c.now.steps[i]
	curNode := c.now.nodes[cur.digest]
	if curNode == nil {
		return ""
	}
	_, _, isImage := curNode.image()
	switch {
	case curNode.ignoreCache && !isImage && c.now.noCache:
		return "the build was to use no cache (noCache)"
	case curNode.ignoreCache && !isImage:
		return "its stage was to be built without the cache (noCacheFilter)"
	case c.last == nil:
		return "first build: buildls remembers no earlier one of this target"
	case c.last.Engine != c.now.Engine:
		return fmt.Sprintf("another engine: the last build ran on %s, this one on %s", c.last.Engine, c.now.Engine)
	}
	j, ok := c.prevStep[i]
	switch {
	case c.last.nodes[cur.digest] == nil && c.last.idle[cur.key] > 0 && (!ok || c.last.steps[j].key != cur.key):
		return "the last build did not need it"
	case !ok:
		return "it is new: the last build did not have it"
	}
	prev := c.last.steps[j]
	prevNode := c.last.nodes[prev.digest]
	for _, reason := range []string{c.itself(cur, prev, curNode, prevNode), c.changedFiles(curNode, prevNode), c.standsOn(curNode, prevNode, changed), c.takes(curNode, prevNode), c.standsOn(curNode, prevNode, unknown)} {
		if reason != "" {
			return reason
		}
	}
	return c.lost(curNode, prevNode, prev, isImage)
}

// itself says what changed about the instruction; empty if nothing did.
func (c *comparison) itself(cur, prev recordedStep, curNode, prevNode *node) string {
	moved := c.moved(curNode, prevNode)
	differs := curNode.own != prevNode.own || moved != ""
	for i := range min(len(curNode.inputs), len(prevNode.inputs)) {
		if in := curNode.inputs[i]; !differs && in.step < 0 && in.op.GetSource() == nil { // such as a heredoc
			differs = c.judge(in, prevNode.inputs[i]) == changed && cur.key != prev.key
		}
	}
	switch {
	case !differs:
		return ""
	case moved != "":
		return moved
	case cur.key != prev.key:
		return "the text of the instruction was changed"
	}
	return c.surroundings(cur.text, curNode, prevNode)
}

// moved says that an image has another digest than in the last build; empty if not.
func (c *comparison) moved(cur, prev *node) string {
	name, to, ok := cur.image()
	before, from, was := prev.image()
	if !ok || !was || name != before || from == to || from == "" || to == "" {
		return ""
	}
	return fmt.Sprintf("the image %s moved from %s to %s", name, from, to)
}

// changedFiles names the files that an instruction takes from a context and that have changed.
func (c *comparison) changedFiles(cur, prev *node) string {
	for i, in := range cur.inputs {
		name, ok := in.local()
		if !ok || !cur.byContent(i) || cur.own != prev.own {
			continue
		}
		if from, to := c.last.dirs[name], c.now.dirs[name]; from != to {
			return fmt.Sprintf("the context is another one: %s, before %s", to, from)
		}
		list, _ := c.differences(cur, i, name)
		if sure := slices.DeleteFunc(list, func(f sent.Difference) bool { return f.Unsure }); len(sure) > 0 {
			return nameDifferences(sure)
		}
	}
	return ""
}

// mostNamed is how many files or reasons a sentence names at most.
const mostNamed = 10

// nameDifferences is "a and b changed, c is new, and 3 more".
func nameDifferences(list []sent.Difference) string {
	var parts []string
	for _, what := range []string{"changed", "is new", "is gone"} {
		var names []string
		for _, f := range list[:min(len(list), mostNamed)] {
			if f.What == what {
				names = append(names, f.Path)
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

// differences are the changed files among those that a vertex takes from a context, which is one of
// its inputs. ok is false if the list may lack some.
func (c *comparison) differences(n *node, input int, context string) (list []sent.Difference, ok bool) {
	cur, prev := c.now.sent[context], c.last.sent[context]
	if cur == nil || prev == nil {
		return nil, false
	}
	ok = true
	for _, p := range dockerfile.PathsFrom(n.op, func(i int64) bool { return i == int64(input) }) {
		match, err := matcherOf(p)
		if err != nil || !p.Wildcards && (cur.UnderSymlink(p.Root()) || prev.UnderSymlink(p.Root())) {
			ok = false
			continue
		}
		list = append(list, cur.Compare(prev, match)...)
		ok = ok && !(p.Wildcards && cur.MatchSymlink(match))
	}
	slices.SortFunc(list, func(a, b sent.Difference) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(list), ok
}

// matcherOf returns a function that says whether a path of an instruction takes a file.
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

// judge compares the cache key of a vertex with that of the one that was in its place.
func (c *comparison) judge(cur, prev *node) verdict {
	if cur == nil || prev == nil || cur.own != prev.own || len(cur.inputs) != len(prev.inputs) {
		return changed
	}
	key := [2]*node{cur, prev}
	v, ok := c.judged[key]
	if !ok {
		v = c.source(cur, prev)
		for i := range cur.inputs {
			v = max(v, c.input(cur, prev, i))
		}
		c.judged[key] = v
	}
	return v
}

// source is the verdict on a source whose name is the same as before.
func (c *comparison) source(cur, prev *node) verdict {
	_, to, _ := cur.image()
	_, from, _ := prev.image()
	switch {
	case cur.op.GetSource() == nil || to != "" && to == from:
		return same
	case to != "" && from != "":
		return changed
	}
	return unknown // its name does not tell its content
}

func (c *comparison) input(cur, prev *node, i int) verdict {
	curIn, prevIn := cur.inputs[i], prev.inputs[i]
	if !cur.byContent(i) {
		return c.judge(curIn, prevIn)
	}
	if name, ok := curIn.local(); ok && curIn.own == prevIn.own {
		switch list, ok := c.differences(cur, i, name); {
		case slices.ContainsFunc(list, func(f sent.Difference) bool { return !f.Unsure }):
			return changed
		case len(list) > 0 || !ok || c.now.dirs[name] != c.last.dirs[name]:
			return unknown
		}
		return same
	}
	if c.judge(curIn, prevIn) == same && !(curIn.step >= 0 && curIn.op.GetSource() == nil && ran(c.now.steps[curIn.step])) {
		return same
	}
	return unknown
}

// standsOn names the step on whose result a vertex stands, if the verdict on that step is v.
func (c *comparison) standsOn(cur, prev *node, v verdict) string {
	for i, in := range cur.inputs {
		if i >= len(prev.inputs) || cur.byContent(i) || c.judge(in, prev.inputs[i]) != v {
			continue
		}
		if text := c.describe(in, prev.inputs[i], "stands on", v); text != "" {
			return text
		}
	}
	return ""
}

// takes names the step from which a vertex takes files, if these may have changed.
func (c *comparison) takes(cur, prev *node) string {
	for i, in := range cur.inputs {
		if _, local := in.local(); local || i >= len(prev.inputs) || !cur.byContent(i) || c.input(cur, prev, i) == same {
			continue
		}
		if text := c.describe(in, prev.inputs[i], "takes files from", changed); text != "" {
			return text
		}
	}
	return ""
}

// describe says what happened to cur, on which another vertex stands; prev was in its place. role is
// what the other one does: "stands on" or "takes files from".
func (c *comparison) describe(cur, prev *node, role string, v verdict) string {
	if prev == nil {
		return ""
	}
	if moved := c.moved(cur, prev); moved != "" {
		return moved
	}
	if name, _, ok := cur.image(); ok {
		if before, _, isImage := prev.image(); isImage && before != name {
			return fmt.Sprintf("it is built on the image %s, before on %s", name, before)
		}
	}
	if cur.step < 0 { // such as a merge
		for i, next := range cur.inputs {
			if i < len(prev.inputs) && c.judge(next, prev.inputs[i]) == v {
				return c.describe(next, prev.inputs[i], role, v)
			}
		}
		return ""
	}
	s := c.now.steps[cur.step]
	switch other := c.inPlaceOf(cur, prev); {
	case ran(s) && c.now.nodes[s.digest].op.GetSource() == nil:
		return fmt.Sprintf("the step it %s was not cached either: %s", role, s.Name)
	case v == changed && other != "":
		return fmt.Sprintf("it %s another step than it did: %s, before %s", role, s.Name, other)
	case v == changed:
		return fmt.Sprintf("the step it %s is not the one of the last build: %s", role, s.Name)
	}
	return ""
}

// inPlaceOf names the step of prev, if cur is not the same step, edited or not.
func (c *comparison) inPlaceOf(cur, prev *node) string {
	if prev.step < 0 {
		return ""
	}
	if j, ok := c.prevStep[cur.step]; ok && j == prev.step {
		return ""
	}
	return c.last.steps[prev.step].Name
}

// lost says why a step ran although nothing is known to have changed its cache key.
func (c *comparison) lost(curNode, prevNode *node, prev recordedStep, isImage bool) string {
	switch {
	case isImage && c.judge(curNode, prevNode) != same:
		return "an image is looked up in every build; the engine does not say whether this is the one of the last"
	case isImage:
		return "an image is looked up in every build; this is the one of the last"
	case prev.Status == build.Failed:
		return "it failed in the last build"
	case prev.Status == build.Canceled && prev.Started:
		return "it was canceled in the last build"
	case prev.Status == build.Canceled:
		return "the last build did not come to it"
	case c.ranBefore(curNode) != "": // what it left may have another key, though it does the same
		return c.ranBefore(curNode)
	case c.judge(curNode, prevNode) != same, c.now.linked, c.last.linked:
		return "this cannot be told: what it takes may have changed, or the engine may no longer have it in its cache"
	}
	return "nothing has changed since the last build, but the engine no longer has it in its cache"
}

// ranBefore names the step on whose result a vertex stands, if that step ran.
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
