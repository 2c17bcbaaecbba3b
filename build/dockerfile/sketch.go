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
			whole = whole || len(need.Follow) == 0
			all.Follow = append(all.Follow, need.Follow...)
		}
		for _, u := range need.Uses {
			u.Lines = Lines{sketch.rows[u.Lines.First], sketch.rows[u.Lines.Last]}
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
		n.images, n.triggered = maps.Clone(images), images.trigger()
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

// A sketch is a Dockerfile that takes the same from the context as one stage of another, its last, or as
// all of its stages, and is converted sooner: it has only the instructions with a part in that.
type sketch struct {
	text string
	rows []int // of the other Dockerfile, on which those of this one stand
}

// sketches are of the stages that take something. If an image has triggers, one is of the whole.
func (f *File) sketches(triggers bool) ([]sketch, error) {
	list := f.Instructions()
	globals, stages := stagesOf(list)
	if len(stages) > maxStages {
		return nil, fmt.Errorf("it has more than %d stages", maxStages)
	}
	if triggers || slices.ContainsFunc(list, func(st *Instruction) bool { return !st.Onbuild.Empty() }) {
		return f.sketchOfAll(globals, stages), nil
	}
	var all []sketch
	lines := 0
	for i, s := range stages {
		if !s.takes {
			continue
		}
		one := f.sketch(slices.Concat(globals, below(stages, i), s.kept))
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
func (f *File) sketchOfAll(globals []*Instruction, stages []keptStage) []sketch {
	if len(stages) == 0 {
		return nil
	}
	keep := slices.Clip(globals)
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

// sketch has some of the file's instructions.
func (f *File) sketch(keep []*Instruction) (s sketch) {
	var b strings.Builder
	if f.Escape == '`' {
		b.WriteString("# escape=`\n")
		s.rows = append(s.rows, 0)
	}
	for _, st := range keep {
		b.Write(f.Slice(st.First, st.End()))
		for row := st.First; row <= st.End(); row++ {
			s.rows = append(s.rows, row)
		}
	}
	s.text = b.String()
	return s
}

// A keptStage is what a sketch has of a stage.
type keptStage struct {
	base, name string         // in lower case
	kept       []*Instruction // its FROM, what takes something, and what changes paths or variables
	takes      bool
}

// stagesOf are the stages, and the ARGs before the first.
func stagesOf(list []*Instruction) (globals []*Instruction, stages []keptStage) {
	for _, st := range list {
		name := st.Name()
		if name == "FROM" {
			var words [3]string // FROM base AS name
			for i, arg := range st.Args[:min(3, len(st.Args))] {
				words[i] = strings.ToLower(st.Unquoted(arg))
			}
			stages = append(stages, keptStage{base: words[0], name: words[2], kept: []*Instruction{st}})
			continue
		}
		takes := st.takes()
		switch keep := takes || sets(name); {
		case !keep:
		case len(stages) == 0:
			globals = append(globals, st)
		default:
			s := &stages[len(stages)-1]
			s.kept, s.takes = append(s.kept, st), s.takes || takes
		}
	}
	return globals, stages
}

// sets says whether an instruction of a name changes what the paths of others are.
func sets(name string) bool { return name == "ARG" || name == "ENV" || name == "WORKDIR" }

// below are the instructions of the stages that a stage stands on, or may, without what takes something.
func below(stages []keptStage, i int) (keep []*Instruction) {
	bases := []string{stages[i].base}
	named := func(name string) bool {
		return slices.ContainsFunc(bases, func(base string) bool {
			prefix, _, variable := strings.Cut(base, "$")
			return base == name || variable && strings.HasPrefix(name, prefix)
		})
	}
	var parts [][]*Instruction // backwards
	for _, s := range slices.Backward(stages[:i]) {
		if s.name != "" && named(s.name) {
			bases = append(bases, s.base)
			parts = append(parts, s.kept)
		}
	}
	for _, part := range slices.Backward(parts) {
		keep = append(keep, part[0])
		for _, st := range part[1:] {
			if sets(st.Name()) {
				keep = append(keep, st)
			}
		}
	}
	return keep
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

// trigger says whether one of the images has instructions for what stands on it.
func (i Images) trigger() bool {
	for _, config := range i {
		var image struct{ Config struct{ OnBuild []string } }
		if json.Unmarshal(config, &image) != nil || len(image.Config.OnBuild) > 0 {
			return true
		}
	}
	return false
}
