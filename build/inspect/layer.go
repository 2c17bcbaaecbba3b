package inspect

import (
	"cmp"
	"context"
	"slices"
	"strings"

	digest "github.com/opencontainers/go-digest"
)

// A Layer sums up what a step did to the files of its stage.
type Layer struct {
	Added, Changed, Deleted int      // files, without directories
	Bytes                   int64    // of the files that were added or changed; one with several names counts once
	Largest                 []Change // the five largest of these at most, the largest first
}

// largest is how many files of a layer are named.
const largest = 5

// Layer sums up what a step did. The engine finds the files before and after the step in its cache;
// nothing is run.
func (b *Build) Layer(ctx context.Context, step int) (*Layer, error) {
	before, after, err := b.trees(ctx, b.state(step))
	if err != nil {
		return nil, err
	}
	return newLayer(compareTrees(before, after)), nil
}

func newLayer(changes []Change) *Layer {
	l := &Layer{}
	for _, c := range changes {
		l.count(c)
	}
	slices.SortStableFunc(l.Largest, func(a, b Change) int { return cmp.Compare(b.Bytes, a.Bytes) })
	l.Largest = slices.Clone(l.Largest[:min(largest, len(l.Largest))])
	return l
}

func (l *Layer) count(c Change) {
	if strings.HasSuffix(c.Path, "/") {
		return
	}
	switch c.Kind {
	case Added:
		l.Added++
	case Changed:
		l.Changed++
	case Deleted:
		l.Deleted++
		return
	}
	if !c.hardLink && c.Bytes > 0 {
		l.Bytes += c.Bytes
		l.Largest = append(l.Largest, c)
	}
}

// ImageSize counts the files of the image that a FROM brings in, and their bytes. It takes them from
// the first step that stands on the image. ok is false if there is no such step.
func (b *Build) ImageSize(ctx context.Context, step int) (files int, bytes int64, ok bool, err error) {
	for i := range b.Outcome.States {
		if CheckStep(b.Outcome, i) != nil {
			continue
		}
		in, out, _ := b.state(i).around()
		if in == nil || digest.Digest(in.Digest) != b.state(step).Vertex || out.Index < 0 {
			continue
		}
		before, _, err := b.trees(ctx, b.state(i))
		files, bytes = before.size()
		return files, bytes, err == nil, err
	}
	return 0, 0, false, nil
}
