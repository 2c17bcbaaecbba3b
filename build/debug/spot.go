package debug

import (
	"slices"
	"strings"
)

// Spots are where the threads of a build stand, so that another build of an edited text can go there.
type Spots map[string]spot // by the name of the thread

// A spot is a place, by what does not change with the text around it.
type spot struct {
	stage  string
	number int    // of the stage
	next   int    // of the instruction in the stage
	text   string // the instruction; empty on the stage's end
	back   bool   // see place.back
}

// Spots are where the threads stand, or where they were sent by StartAt. They lack the others that run, and
// those that are over.
func (d *Debugger) Spots() Spots {
	spots := Spots{}
	for _, t := range d.Threads {
		d.mu.Lock()
		pos := -1
		if t.stands() == nil {
			pos = t.pos
		} else if !t.over && t.sent < len(t.program.places) {
			pos = t.sent
		}
		if pos >= 0 {
			spots[t.Name()] = t.spot(t.program.places[pos], t.program.places[pos].here())
		}
		d.mu.Unlock()
	}
	return spots
}

// Spots are where the threads stand, but the frame's own thread where the frame does.
func (v *View) Spots() Spots {
	spots := v.t.d.Spots()
	spots[v.t.Name()] = v.t.spot(v.place, v.frame)
	return spots
}

func (t *Thread) spot(p *place, f frame) spot {
	s := spot{stage: f.stage.name, number: slices.Index(t.program.stages, f.stage), next: f.next, back: p.back && p.here() == f}
	if in := f.instruction(); in != nil {
		s.text = in.Written()
	}
	return s
}

// StartAt lets all threads run, as Start does: to where they stood. The others run to the next stop.
func (d *Debugger) StartAt(spots Spots) {
	for _, t := range d.Threads {
		if s, ok := spots[t.Name()]; ok {
			at := t.at(s)
			d.mu.Lock()
			t.sent = at
			d.mu.Unlock()
			t.resume(at, Restarted)
		} else {
			t.resume(len(t.program.places), Stepped)
		}
	}
}

// at is the place of a spot in this build: the same instruction in the stage, else the one that now
// stands where it stood.
func (t *Thread) at(want spot) int {
	s := t.stageOf(want)
	if s == nil {
		return 0
	}
	next := min(want.next, len(s.list))
	if want.text != "" {
		best := -1
		for i, in := range s.list {
			if in.Written() == want.text && (best < 0 || distance(i, want.next) < distance(best, want.next)) {
				best = i
			}
		}
		if best >= 0 {
			next = best
		}
	}
	back := want.back && next < len(s.list) && len(s.list[next].at) > 1
	at := t.find(0, func(p *place) bool { return p.here() == frame{s, next} && p.back == back })
	if at == len(t.program.places) {
		return 0
	}
	return at
}

// stageOf is the stage of a spot, by its name, else by its number; nil if this build has none.
func (t *Thread) stageOf(want spot) *stage {
	for _, s := range t.program.stages {
		if strings.EqualFold(s.name, want.stage) {
			return s
		}
	}
	if want.number < len(t.program.stages) {
		return t.program.stages[want.number]
	}
	return nil
}

func distance(a, b int) int { return max(a-b, b-a) }
