package dockerfile

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// A Place is an instruction of a text that was edited since it was built.
type Place struct {
	Lines Lines
	Words int // the line on which its own words end: before its heredocs
	// Built are the instructions of the text that was built (0-based, the first line of
	// each) that are what this one is. Empty for one that was edited, or is new.
	Built []int
	// Rebuild says that these are so in their words alone: something that it stands on
	// was edited, so that the cache has nothing for it.
	Rebuild bool
}

// A Baseline is a Dockerfile that was built, and with what, to tell what another build
// would find in the cache if only the text has changed since. It asks no engine.
type Baseline struct {
	Dockerfile []byte
	Target     string
	BuildArgs  map[string]string
	Platforms  []string // none: that of this machine
	Images     Images   // that are known

	mu   sync.Mutex    // guards what follows
	then []Instruction // of Dockerfile
	now  string        // the text of places
	last []Place
}

// SameGiven says whether two builds were given the same beside their text.
func (b *Baseline) SameGiven(o *Baseline) bool {
	return strings.EqualFold(b.Target, o.Target) && maps.Equal(b.BuildArgs, o.BuildArgs) && slices.Equal(b.Platforms, o.Platforms)
}

// Compare finds the instructions in the text as it is now, in order. A text that cannot be
// parsed has none; of one that cannot be converted, all counts as changed. It returns nil
// if ctx is canceled.
func (b *Baseline) Compare(ctx context.Context, now []byte) []Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return nil // while it waited for another
	}
	if b.then == nil {
		b.then, _ = b.instructions(ctx, b.Dockerfile)
	}
	if b.now != string(now) || b.last == nil {
		b.now, b.last = string(now), b.compare(ctx, now)
	}
	return b.last
}

func (b *Baseline) compare(ctx context.Context, now []byte) []Place {
	built := map[string][]int{}
	written := map[string][]int{}
	for _, in := range b.then {
		if in.key != "" {
			built[in.key] = append(built[in.key], in.Lines.First)
			written[in.Text] = append(written[in.Text], in.Lines.First)
		}
	}
	list, converted := b.then, true
	unchanged := bytes.Equal(now, b.Dockerfile)
	if !unchanged {
		list, converted = b.instructions(ctx, now)
	}
	places := make([]Place, 0, len(list))
	for _, in := range list {
		p := Place{Lines: in.Lines, Words: in.words}
		switch {
		case in.key != "" && built[in.key] != nil:
			p.Built = built[in.key]
		case unchanged: // and not to be converted here
			p.Built = []int{in.Lines.First}
		case in.key != "" || !converted: // one without a vertex is not built at all
			p.Built, p.Rebuild = written[in.Text], written[in.Text] != nil
		}
		places = append(places, p)
	}
	return places
}

// An Instruction is one of a Dockerfile.
type Instruction struct {
	Lines Lines
	words int    // as in Place
	Text  string // its words, without comments and line breaks, and its heredocs
	key   string // the digests of its vertices' cache keys; empty if it has none
}

// instructions are those of a text that parses, with their keys if it can be converted.
func (b *Baseline) instructions(ctx context.Context, dockerfile []byte) (list []Instruction, converted bool) {
	list = ParseInstructions(dockerfile)
	keys := b.cacheKeys(ctx, dockerfile)
	for i := range list {
		of := keys[list[i].Lines.First]
		slices.Sort(of)
		list[i].key = strings.Join(slices.Compact(of), " ")
	}
	return list, keys != nil
}

func ParseInstructions(dockerfile []byte) (list []Instruction) {
	list = []Instruction{} // not nil: it was tried
	var err error
	defer survive(&err)
	if Readable(dockerfile) != nil {
		return list
	}
	parsed, err := parser.Parse(bytes.NewReader(dockerfile))
	if err != nil {
		return list
	}
	for _, n := range parsed.AST.Children {
		in := Instruction{Lines: Lines{n.StartLine - 1, n.EndLine - 1}, words: n.EndLine - 1, Text: n.Original}
		for _, doc := range n.Heredocs {
			in.words -= strings.Count(doc.Content, "\n") + 1 // and the line that ends it
			in.Text += "\n" + doc.Content
		}
		list = append(list, in)
	}
	return list
}
