package dockerfile

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ContextNeeds remembers what the stages of a Dockerfile need of their context, from one text of it
// to the next: an edit costs a conversion of the stages that it touches, if they take something. The
// zero ContextNeeds is ready, also for several goroutines.
type ContextNeeds struct {
	mu        sync.Mutex
	known     []knownNeeds // the newest first
	images    Images       // of which triggered says whether one has triggers
	triggered bool
}

// knownNeeds are those of one text, by the texts of its sketches and on their lines.
type knownNeeds struct {
	given Given
	needs map[string]*ContextNeed
}

// maxGivens is how many are remembered: a text may be given several things in turn.
const maxGivens = 8

// OfAll is [File.ContextNeed] for every stage, also those that the last one does not need: the
// union of what builds of them would ask for. given.Target does not count. Uses that are one step,
// because they do the same on the same state, may have each other's names.
func (n *ContextNeeds) OfAll(ctx context.Context, f *File, given Given) (*ContextNeed, error) {
	sketches, err := f.sketches(n.triggers(given.Images))
	if err != nil {
		return nil, err
	}
	given.Target = ""
	before, now := n.get(given), map[string]*ContextNeed{}
	all := &ContextNeed{Nothing: true}
	whole := false
	for _, sketch := range sketches {
		need := before[sketch.text]
		if need == nil {
			if need, err = Parse([]byte(sketch.text)).contextNeed(ctx, given); err != nil {
				return nil, err
			}
		}
		now[sketch.text] = need
		if !need.Nothing {
			all.Nothing = false
			all.Follow = append(all.Follow, need.Follow...)
		}
		whole = whole || !need.Nothing && len(need.Follow) == 0 || sketch.asksForAll
		for _, u := range need.Uses {
			u.Lines = sketch.lines(u.Lines)
			all.Uses = append(all.Uses, u)
		}
	}
	n.put(given, now)
	if slices.Sort(all.Follow); whole {
		all.Follow = nil
	}
	all.Follow = slices.Compact(all.Follow)
	slices.SortStableFunc(all.Uses, func(a, b ContextUse) int { return cmp.Compare(a.Lines.First, b.Lines.First) })
	return all, nil
}

// triggers says whether one of the images has instructions for what stands on it.
func (n *ContextNeeds) triggers(images Images) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !maps.EqualFunc(n.images, images, bytes.Equal) {
		n.images, n.triggered = maps.Clone(images), images.HasTrigger()
	}
	return n.triggered
}

func (n *ContextNeeds) get(given Given) map[string]*ContextNeed {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range n.known {
		if k.given.equal(given) {
			return k.needs
		}
	}
	return nil
}

// put remembers what the newest text needs, and forgets what older ones needed that were given the same.
func (n *ContextNeeds) put(given Given, needs map[string]*ContextNeed) {
	given.Args, given.Images = maps.Clone(given.Args), maps.Clone(given.Images)
	n.mu.Lock()
	defer n.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(n.known), func(k knownNeeds) bool { return k.given.equal(given) })
	n.known = append([]knownNeeds{{given, needs}}, others[:min(len(others), maxGivens-1)]...)
}

// equal says whether a build is given the same.
func (g Given) equal(o Given) bool {
	return g.Target == o.Target && g.Platform == o.Platform && maps.Equal(g.Args, o.Args) && maps.EqualFunc(g.Images, o.Images, bytes.Equal)
}

// sketches are of the stages that take something. If an image has triggers, one is of the whole.
func (f *File) sketches(triggers bool) ([]sketch, error) {
	list := f.Instructions()
	stages := stagesOf(list)
	if len(stages) > maxStages {
		return nil, fmt.Errorf("it has more than %d stages", maxStages)
	}
	if len(stages) == 0 {
		return nil, nil
	}
	var globals []*Instruction
	for _, st := range beforeStages(list) {
		if st.takes() || sets(st) {
			globals = append(globals, st)
		}
	}
	if triggers || slices.ContainsFunc(list, isTrigger) {
		return f.sketchOfAll(globals, stages), nil
	}
	var all []sketch
	lines := 0
	for i, s := range stages {
		if !s.takes {
			continue
		}
		keep := slices.Clone(globals)
		for _, under := range standsOn(stages, i, s.taken, func(under stageText) []string { return under.names[:1] }) {
			keep = append(keep, under.kept[0])
			for _, st := range under.kept[1:] {
				if sets(st) {
					keep = append(keep, st)
				}
			}
		}
		one := f.sketch(append(keep, s.kept...))
		one.asksForAll = slices.ContainsFunc(s.kept, (*Instruction).asksForAll)
		all = append(all, one)
		if lines += len(one.rows); lines > maxCopies*len(list)+1000 {
			return f.sketchOfAll(globals, stages), nil // each stands on many others
		}
	}
	return all, nil
}

// maxCopies is how often, on average, an instruction stands in sketches.
const maxCopies = 4

// sketchOfAll has a last stage that needs all others.
func (f *File) sketchOfAll(globals []*Instruction, stages []stageText) []sketch {
	keep := slices.Clone(globals)
	for _, s := range stages {
		keep = append(keep, s.kept...)
	}
	one := f.sketch(keep)
	if !keep[len(keep)-1].Open() { // else nothing can follow
		one.text += "\nFROM scratch\n"
		for i := range stages {
			one.text += fmt.Sprintf("COPY --from=%d / /\n", i)
		}
	}
	return []sketch{one}
}

// takes says whether the instruction may take something from the context.
func (st *Instruction) takes() bool {
	switch name := st.Name(); {
	case !st.Onbuild.Empty():
		return true
	case name == "RUN":
		return st.mounts()
	case name == "COPY" && slices.ContainsFunc(st.FlagsNamed("--from"), func(p Part) bool { return st.Unquoted(p) != "--from=" }):
		return false
	case name == "COPY" || name == "ADD":
		return len(st.Args) < 2 || slices.ContainsFunc(st.Args[:len(st.Args)-1], func(p Part) bool {
			source := st.Unquoted(p)
			return !strings.HasPrefix(source, "https://") && !(len(st.Heredocs) > 0 && strings.HasPrefix(source, "<<"))
		})
	}
	return false
}

// mounts says whether a RUN may mount something of the context.
func (st *Instruction) mounts() bool {
	type mount struct{ kind, from string }
	mounts := map[Part]mount{}
	for _, f := range st.Fields() {
		m := mounts[f.Flag]
		switch st.Slice(f.Key) {
		case "type":
			m.kind = st.Slice(f.Value)
		case "from":
			m.from = st.Slice(f.Value)
		}
		mounts[f.Flag] = m
	}
	return slices.ContainsFunc(st.FlagsNamed("--mount"), func(p Part) bool {
		m := mounts[p]
		elsewhere := m.from != "" || m.kind == "cache" || m.kind == "secret" || m.kind == "ssh"
		return !elsewhere || strings.ContainsAny(st.Slice(p), "\"'`\\$")
	})
}

// asksForAll says whether an instruction has a build ask for the whole context, if it asks for any of it,
// although it takes nothing: for BuildKit, a tmpfs has the source "/" there (dockerfile2llb's
// dispatchRunMounts).
func (st *Instruction) asksForAll() bool {
	return st.Name() == "RUN" && slices.ContainsFunc(st.Fields(), func(f Field) bool {
		return st.KeyOf(f) == "type" && st.TypeOf(f) == "tmpfs"
	})
}

// HasTrigger says whether one of the images has instructions for what stands on it, or may.
func (i Images) HasTrigger() bool {
	for _, config := range i {
		var image struct{ Config struct{ OnBuild []string } }
		if json.Unmarshal(config, &image) != nil || len(image.Config.OnBuild) > 0 {
			return true
		}
	}
	return false
}
