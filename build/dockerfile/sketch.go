package dockerfile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ContextNeeds remembers what the stages of a Dockerfile need of their context, from one text of it
// to the next: an edit of an instruction that has no part in that costs no conversion. The zero
// ContextNeeds is ready, also for several goroutines.
type ContextNeeds struct {
	mu        sync.Mutex
	known     []knownNeed // the newest first
	images    Images      // of which triggered says whether one has triggers
	triggered bool
}

type knownNeed struct {
	sketch string
	given  Given
	need   *ContextNeed // on the lines of the sketch
}

// maxNeeds is how many are remembered: a text may be given several things in turn.
const maxNeeds = 8

// OfAll is [File.ContextNeed] for every stage, also those that the last one does not need: the
// union of what builds of them would ask for. given.Target does not count. Uses that are one step,
// because they do the same on the same state, may have each other's names.
func (n *ContextNeeds) OfAll(ctx context.Context, f *File, given Given) (*ContextNeed, error) {
	text, rows, err := f.sketch(n.triggers(given.Images))
	if err != nil || rows == nil {
		return &ContextNeed{Nothing: true}, err
	}
	given.Target = ""
	need := n.get(text, given)
	if need == nil {
		if need, err = Parse([]byte(text)).contextNeed(ctx, given); err != nil {
			return nil, err
		}
		n.put(text, given, need)
	}
	moved := *need
	moved.Uses = slices.Clone(need.Uses)
	for i, u := range moved.Uses {
		moved.Uses[i].Lines = Lines{rows[u.Lines.First], rows[u.Lines.Last]}
	}
	return &moved, nil
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

func (n *ContextNeeds) get(sketch string, given Given) *ContextNeed {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range n.known {
		if k.sketch == sketch && k.given.equal(given) {
			return k.need
		}
	}
	return nil
}

func (n *ContextNeeds) put(sketch string, given Given, need *ContextNeed) {
	given.Args, given.Images = maps.Clone(given.Args), maps.Clone(given.Images)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known = append([]knownNeed{{sketch, given, need}}, n.known[:min(len(n.known), maxNeeds-1)]...)
}

// equal says whether a build is given the same.
func (g Given) equal(o Given) bool {
	return g.Target == o.Target && g.Platform == o.Platform && maps.Equal(g.Args, o.Args) && maps.EqualFunc(g.Images, o.Images, bytes.Equal)
}

// sketch is a Dockerfile that takes the same from the context as all stages of this one, and is
// converted sooner: it has only the stages and instructions with a part in that, and a last stage
// that needs the others. Rows are the lines on which those of the sketch stand here; nil if nothing
// is taken. If an image has triggers, all stages have a part.
func (f *File) sketch(triggers bool) (text string, rows []int, err error) {
	list := f.Instructions()
	if n := count(list, "FROM"); n > maxStages {
		return "", nil, fmt.Errorf("it has more than %d stages", maxStages)
	}
	keep := kept(list, triggers || slices.ContainsFunc(list, func(st *Instruction) bool { return !st.Onbuild.Empty() }))
	stages := count(keep, "FROM")
	if stages == 0 {
		return "", nil, nil
	}
	var b strings.Builder
	if f.Escape == '`' {
		b.WriteString("# escape=`\n")
		rows = append(rows, 0)
	}
	for _, st := range keep {
		b.Write(f.Slice(st.First, st.End()))
		for row := st.First; row <= st.End(); row++ {
			rows = append(rows, row)
		}
	}
	if keep[len(keep)-1].Open() {
		return b.String(), rows, nil // nothing can follow
	}
	b.WriteString("\nFROM scratch\n")
	for i := range stages {
		fmt.Fprintf(&b, "COPY --from=%d / /\n", i)
	}
	return b.String(), rows, nil
}

func count(list []*Instruction, name string) (n int) {
	for _, st := range list {
		if st.Name() == name {
			n++
		}
	}
	return n
}

// kept are the instructions that a sketch has, of all stages or of those that take something and
// those that these stand on.
func kept(list []*Instruction, all bool) (keep []*Instruction) {
	var bases []string // of stages that are kept
	named := func(name string) bool {
		return slices.ContainsFunc(bases, func(base string) bool {
			prefix, _, variable := strings.Cut(base, "$")
			return base == name || variable && strings.HasPrefix(name, prefix)
		})
	}
	var stage []*Instruction // backwards, as all here
	taking := false
	for _, st := range slices.Backward(list) {
		switch name := st.Name(); {
		case st.takes():
			taking = true
			stage = append(stage, st)
		case name == "ARG" || name == "ENV" || name == "WORKDIR":
			stage = append(stage, st)
		case name == "FROM":
			var words [3]string // FROM base AS name
			for i, arg := range st.Args[:min(3, len(st.Args))] {
				words[i] = strings.ToLower(st.Unquoted(arg))
			}
			if all || taking || named(words[2]) {
				keep = append(append(keep, stage...), st)
				bases = append(bases, words[0])
			}
			stage, taking = nil, false
		}
	}
	keep = append(keep, stage...) // the ARGs before the first stage
	slices.Reverse(keep)
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
