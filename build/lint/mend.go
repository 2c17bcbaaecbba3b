package lint

import (
	"bytes"
	"context"
	"strings"

	"github.com/buildls/buildls/build/dockerfile"
)

// Mend is the Dockerfile with comments in the place of the instructions that are at fault,
// line by line, and an empty stage in the place of one whose FROM is: the rest can be
// converted while the author is still typing. Where nothing is at fault, or no stage is
// found, that is the file as it is.
func (c *Checker) Mend(ctx context.Context, f File) *dockerfile.File {
	if dockerfile.Readable(f.Dockerfile.Text()) != nil {
		return f.Dockerfile
	}
	if _, _, ok := foreignFrontend(f.Dockerfile); ok {
		return f.Dockerfile
	}
	k := c.look(ctx, f)
	if k.planned == nil {
		return f.Dockerfile
	}
	if k.mended == nil {
		k.mended = k.mend(f.Dockerfile)
	}
	return k.mended
}

func (k *check) mend(file *dockerfile.File) *dockerfile.File {
	live := k.planned.live()
	lines, changed := bytes.SplitAfter(file.Text(), []byte("\n")), false
	for _, in := range k.all {
		standIn, ok := live[in.at.First]
		if ok && standIn == "" {
			continue
		}
		changed = true
		for i := range strings.Count(strings.TrimSuffix(in.text, "\n"), "\n") + 1 {
			lines[in.at.First+i] = []byte("#\n")
		}
		if standIn != "" {
			lines[in.at.First] = []byte(standIn + "\n")
		}
	}
	if !changed {
		return file
	}
	return dockerfile.Parse(bytes.Join(lines, nil))
}

// live are the first lines of the instructions that are not at fault, and what stands for
// those that need something to.
func (p *plan) live() map[int]string {
	live := map[int]string{}
	for _, in := range p.global {
		if !in.excluded {
			live[in.at.First] = ""
		}
	}
	for _, s := range p.stages {
		live[s.from.at.First] = s.standIn
		for _, in := range s.live() {
			live[in.at.First] = ""
		}
	}
	return live
}
