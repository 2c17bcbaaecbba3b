package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"
)

// A screen shows frames: on a terminal one over the other; else the status line, and
// the last frame of each scene, without ever waiting. It keeps them all, for a drawing.
type screen struct {
	out              *os.File
	terminal, colour bool
	caption, status  string
	drawn            int // rows that the next frame covers
	film             []shot
}

// A hold is how long a frame stays: on a terminal, and in a drawing.
type hold struct {
	terminal, drawing time.Duration
	first             bool // the drawing begins with it
	poster            bool // the drawing is it where nothing moves
	ends              bool // the scene
}

// A shot is a frame with its hold.
type shot struct {
	frame frame
	hold
}

func newScreen(out *os.File) *screen {
	s := &screen{out: out}
	st, err := out.Stat()
	null, _ := os.Stat(os.DevNull)
	term := os.Getenv("TERM")
	s.terminal = err == nil && st.Mode()&os.ModeCharDevice != 0 && !os.SameFile(st, null) && term != "" && term != "dumb"
	s.colour = s.terminal && os.Getenv("NO_COLOR") == ""
	if s.terminal {
		fmt.Fprint(out, "\x1b[?25l\x1b[?7l") // no cursor; no wrapping where it is narrow
	}
	return s
}

func (s *screen) close() {
	if s.terminal {
		fmt.Fprint(s.out, "\x1b[?7h\x1b[?25h")
	}
}

// scene begins a new picture below the last one.
func (s *screen) scene(caption string) {
	s.caption, s.drawn, s.status = caption, 0, ""
	fmt.Fprintf(s.out, "\n%s\n\n", s.ansi(span{strong, caption}))
}

func (s *screen) show(f frame, h hold) {
	s.record(f, h)
	status := f[len(f)-1].text()
	switch {
	case s.terminal:
		s.draw(f)
		time.Sleep(h.terminal)
	case h.ends:
		fmt.Fprintln(s.out)
		s.draw(f)
	case status != "" && status != s.status:
		s.status = status
		fmt.Fprintln(s.out, status)
	}
}

func (s *screen) draw(f frame) {
	end := "\n"
	if s.terminal {
		end = "\x1b[K\n"
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", s.drawn)
	}
	for _, r := range f {
		for _, sp := range r {
			b.WriteString(s.ansi(sp))
		}
		b.WriteString(end)
	}
	if s.terminal {
		s.drawn = len(f)
	}
	s.out.WriteString(b.String())
}

var sgr = map[style]int{dim: 2, strong: 1, keyword: 34, good: 32, cool: 36, bad: 31, caret: 7, squiggle: 31}

func (s *screen) ansi(sp span) string {
	if code := sgr[sp.style]; s.colour && code != 0 {
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, sp.text)
	}
	return sp.text
}

// record keeps a frame; one that looks like the one before takes its place.
func (s *screen) record(f frame, h hold) {
	f = append(frame{{{strong, s.caption}}, nil}, f...)
	if n := len(s.film) - 1; n >= 0 && reflect.DeepEqual(s.film[n].frame, f) {
		s.film = s.film[:n]
	}
	s.film = append(s.film, shot{f, h})
}
