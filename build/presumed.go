package build

import (
	digest "github.com/opencontainers/go-digest"
)

// presumed says whether the engine has not looked for a vertex in its cache, but calls it cached
// because one that stands on it has begun: then both have begun, and this one has ended, at one
// moment (BuildKit's solver/progress.go, vertexStream.append). That is wrong of a vertex that runs, or
// was never reached, when a COPY on it finds that its source is missing: the engine compares the
// sources of a COPY before it has what the COPY stands on.
func (v *vertex) presumed() bool {
	return v.Cached && v.Started != nil && v.Completed != nil && v.Started.Equal(*v.Completed)
}

// unproven are the vertices that are presumed to be cached, where none that stands on them shows it:
// all of those have failed, or are unproven themselves.
func (b *buildState) unproven() map[digest.Digest]bool {
	var presumed []*vertex
	for _, v := range b.order {
		if v.presumed() {
			presumed = append(presumed, v)
		}
	}
	if len(presumed) == 0 {
		return nil
	}
	above := map[digest.Digest][]*vertex{} // those that have begun, by what they stand on
	for _, v := range b.order {
		if v.Started != nil {
			for _, input := range v.Inputs {
				above[input] = append(above[input], v)
			}
		}
	}
	unproven := map[digest.Digest]bool{}
	for changed := true; changed; {
		changed = false
		for _, v := range presumed {
			if unproven[v.Digest] || len(above[v.Digest]) == 0 {
				continue
			}
			proof := false
			for _, over := range above[v.Digest] {
				proof = proof || over.Error == "" && !unproven[over.Digest]
			}
			if !proof {
				unproven[v.Digest], changed = true, true
			}
		}
	}
	return unproven
}
