package build

import (
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// presumed says whether the engine has not looked for a vertex in its cache, but calls it cached
// because one that stands on it has begun: then both have begun, and this one has ended, at one
// moment (BuildKit's solver/progress.go, vertexStream.append). That is wrong of a vertex that runs, or
// was never reached, when a COPY on it finds that its source is missing: the engine compares the
// sources of a COPY before it has what the COPY stands on.
func presumed(v *client.Vertex) bool {
	return v.Cached && v.Started != nil && v.Completed != nil && v.Started.Equal(*v.Completed)
}

// unproven are the vertices that are presumed to be cached, where none that stands on them shows it:
// all of those have failed, or are unproven themselves.
func (b *buildState) unproven() map[digest.Digest]bool {
	above := map[digest.Digest][]*vertex{} // those that have begun, by what they stand on
	for _, v := range b.order {
		if v.Started != nil {
			for _, input := range v.Inputs {
				above[input] = append(above[input], v)
			}
		}
	}
	unproven := map[digest.Digest]bool{} // of those that were looked at
	var look func(v *vertex) bool
	look = func(v *vertex) bool {
		if known, ok := unproven[v.Digest]; ok || !presumed(&v.Vertex) {
			return known
		}
		is := len(above[v.Digest]) > 0
		for _, over := range above[v.Digest] {
			is = is && (over.Error != "" || look(over))
		}
		unproven[v.Digest] = is
		return is
	}
	for _, v := range b.order {
		look(v)
	}
	return unproven
}
