package dap

import (
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/debug"
	"github.com/buildls/buildls/build/dockerfile"
)

// stops tells the client what a debugger tells.
type stops struct {
	*session
	run *run
}

func (s stops) Stopped(t *debug.Thread, why debug.Stop) {
	if s.is().run != s.run { // a restart has put another in its place
		return
	}
	s.handles.forget(t.ID)
	s.event("stopped", &dap.StoppedEvent{Body: dap.StoppedEventBody{Reason: string(why.Reason), Text: why.Text, ThreadId: t.ID,
		HitBreakpointIds: why.Breakpoints, AllThreadsStopped: s.allStand()}})
}

func (s stops) allStand() bool {
	for _, t := range s.threads() {
		if thread, err := s.thread(t.Id); err == nil && thread.Runs() {
			return false
		}
	}
	return true
}

func (s stops) Output(text string, at *dockerfile.Lines) { s.output("console", text, at) }

func (s stops) Over(t *debug.Thread) {
	s.event("thread", &dap.ThreadEvent{Body: dap.ThreadEventBody{Reason: "exited", ThreadId: t.ID}})
}

// output shows text in the client's console.
func (s *session) output(category, text string, at *dockerfile.Lines) {
	body := dap.OutputEventBody{Category: category, Output: text}
	s.mu.Lock()
	if at != nil && s.launch != nil {
		body.Source, body.Line = &s.launch.Source, at.First+s.lines
	}
	s.mu.Unlock()
	s.event("output", &dap.OutputEvent{Body: body})
}

// A stepTeller tells how steps go on, and what they print. The zero value with tell is ready.
type stepTeller struct {
	tell func(text string, at dockerfile.Lines, category string)

	mu   sync.Mutex
	told map[int]build.Status
	held map[int]*wholeRunes // of the output of each step
	last []build.Step
}

func (s *stepTeller) steps(steps []build.Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = steps
	if s.told == nil {
		s.told = map[int]build.Status{}
	}
	for i, step := range steps {
		if s.told[i] == step.Status {
			continue
		}
		s.told[i] = step.Status
		switch step.Status {
		case build.Running:
			s.tell(step.Name+"\n", step.Lines, "console")
		case build.Cached:
			s.tell(step.Name+": cached\n", step.Lines, "console")
		case build.Done:
			s.tell(fmt.Sprintf("%s: %s\n", step.Name, step.Duration.Round(time.Millisecond)), step.Lines, "console")
		case build.Failed:
			s.tell(step.Name+": failed\n", step.Lines, "console")
		}
	}
}

func (s *stepTeller) log(l build.Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var at dockerfile.Lines
	if l.Step >= 0 && l.Step < len(s.last) {
		at = s.last[l.Step].Lines
	}
	if s.held == nil {
		s.held = map[int]*wholeRunes{}
	}
	if s.held[l.Step] == nil {
		s.held[l.Step] = &wholeRunes{}
	}
	if text := s.held[l.Step].take(l.Text); text != "" {
		s.tell(text, at, "stdout")
	}
}

// wholeRunes holds back the beginning of a character that a piece of text ends with.
type wholeRunes struct{ held string }

func (w *wholeRunes) take(text string) string {
	text, w.held = w.held+text, ""
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if end := text[len(text)-n:]; utf8.RuneStart(end[0]) {
			if !utf8.FullRuneInString(end) {
				text, w.held = text[:len(text)-n], end
			}
			break
		}
	}
	return text
}
