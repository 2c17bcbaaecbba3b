package dockerfile

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
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
	File      *File
	Target    string
	BuildArgs map[string]string
	Platforms []string // none: that of this machine
	Images    Images   // that are known

	looked    sync.Once
	triggered bool // one of Images has instructions for what stands on it

	mu     sync.Mutex // guards what follows
	then   []keyed    // of File
	now    *File      // the text of last
	last   []Place
	needed string         // what a build needs of the newest text
	keys   map[int]string // of its lines; nil if it cannot be converted

	environmentsMu sync.Mutex           // not mu, which is held while a text is converted
	environments   map[int]*Environment // of File, by line
}

// SameGiven says whether two builds were given the same beside their text.
func (b *Baseline) SameGiven(o *Baseline) bool {
	return strings.EqualFold(b.Target, o.Target) && maps.Equal(b.BuildArgs, o.BuildArgs) && slices.Equal(b.Platforms, o.Platforms)
}

// Compare finds the instructions in the text as it is now, in order. A text that cannot be
// parsed has none; of one that cannot be converted, all counts as changed. It returns nil
// if ctx is canceled.
func (b *Baseline) Compare(ctx context.Context, now *File) []Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return nil // while it waited for another
	}
	if b.then == nil {
		then, _ := b.keyed(ctx, b.File)
		if ctx.Err() != nil {
			return nil // it may lack keys
		}
		b.then = then
	}
	if b.now == nil || !bytes.Equal(b.now.text, now.text) {
		places := b.compare(ctx, now)
		if ctx.Err() != nil {
			return nil
		}
		b.now, b.last = now, places
	}
	return b.last
}

func (b *Baseline) compare(ctx context.Context, now *File) []Place {
	built := map[string][]int{}
	written := map[string][]int{}
	for _, in := range b.then {
		if in.key != "" {
			built[in.key] = append(built[in.key], in.First)
			written[in.text] = append(written[in.text], in.First)
		}
	}
	list, converted := b.then, true
	unchanged := bytes.Equal(now.text, b.File.text)
	if !unchanged {
		list, converted = b.keyed(ctx, now)
	}
	places := make([]Place, 0, len(list))
	for _, in := range list {
		p := Place{Lines: in.Lines(), Words: in.last}
		switch {
		case in.key != "" && built[in.key] != nil:
			p.Built = built[in.key]
		case unchanged: // and not to be converted here
			p.Built = []int{in.First}
		case in.key != "" || !converted: // one without a vertex is not built at all
			p.Built, p.Rebuild = written[in.text], written[in.text] != nil
		}
		places = append(places, p)
	}
	return places
}

// A keyed is an instruction and what finds it in the cache.
type keyed struct {
	*Instruction
	text string // as in Written
	key  string // the digests of its vertices' cache keys; empty if it has none
}

// keyed are the instructions of a text, with their keys if it can be converted; none if it cannot be
// parsed.
func (b *Baseline) keyed(ctx context.Context, f *File) (list []keyed, converted bool) {
	list = []keyed{} // not nil: it was tried
	keys := b.cacheKeys(ctx, f)
	if keys == nil {
		if _, err := f.parsed(); err != nil {
			return list, false
		}
	}
	for _, st := range f.Instructions() {
		list = append(list, keyed{st, st.Written(), keys[st.First]})
	}
	return list, keys != nil
}
