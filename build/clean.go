package build

import (
	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/escape"
)

// clean removes what would control a terminal from what an engine says. Colour codes in the output of
// steps are kept. changed says whether anything was removed.
func (b *buildState) clean(s *client.SolveStatus) (changed bool) {
	text := func(p *string) {
		was := *p
		*p = escape.Text(was)
		changed = changed || len(*p) != len(was)
	}
	for _, v := range s.Vertexes {
		text(&v.Name)
		text(&v.Error)
	}
	for _, v := range s.Statuses {
		text(&v.ID)
		text(&v.Name)
	}
	for _, w := range s.Warnings {
		short := string(w.Short)
		text(&short)
		text(&w.URL)
		w.Short = []byte(short)
		for i := range w.Detail {
			detail := string(w.Detail[i])
			text(&detail)
			w.Detail[i] = []byte(detail)
		}
	}
	for _, l := range s.Logs {
		was := len(l.Data)
		l.Data = b.vertex(l.Vertex).escapes.Clean(l.Data)
		changed = changed || len(l.Data) != was
	}
	return changed
}
