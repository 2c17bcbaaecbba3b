package build

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// BuildKit tells how far a pull or a push is in parts: one for each layer, which counts bytes, and
// others in words.

// part adds to the state what a vertex says of a part of its work.
func (b *buildState) part(s *client.VertexStatus) {
	v := b.vertex(s.Vertex)
	i := slices.IndexFunc(v.parts, func(p *client.VertexStatus) bool { return p.ID == s.ID })
	if i < 0 {
		v.parts = append(v.parts, s)
	} else {
		v.parts[i] = s
	}
}

// doing says how far a vertex is, as ": 3.1MB of 10MB" or ": pushing layers". It is empty if the
// engine does not say.
func (v *vertex) doing() string {
	var done, total int64
	var words string
	for _, p := range v.parts {
		name, _, _ := strings.Cut(p.ID, "@"+string(digest.Canonical)+":")
		switch {
		case p.Total > 0:
			done, total = done+p.Current, total+p.Total
		case p.Completed == nil && !strings.Contains(name, string(digest.Canonical)+":"):
			words = strings.TrimSuffix(name, ":")
			if p.Current > 0 {
				words += " " + units.HumanSizeWithPrecision(float64(p.Current), 3)
			}
		}
	}
	switch {
	case words != "":
		return ": " + words
	case done < total:
		return fmt.Sprintf(": %s of %s", units.HumanSizeWithPrecision(float64(done), 3), units.HumanSizeWithPrecision(float64(total), 3))
	}
	return ""
}
