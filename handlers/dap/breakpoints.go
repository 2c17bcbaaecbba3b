package dap

import (
	"slices"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build/debug"
)

// setBreakpoints replaces the breakpoints of a source. Only the Dockerfile has some.
func (s *session) setBreakpoints(a *dap.SetBreakpointsArguments) []dap.Breakpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.launch == nil || !s.launch.Is(a.Source.Path) {
		list := make([]dap.Breakpoint, len(a.Breakpoints))
		for i, b := range a.Breakpoints {
			list[i] = dap.Breakpoint{Line: b.Line, Message: "this file is not the Dockerfile that is built", Reason: "failed"}
		}
		return list
	}
	s.sources = nil
	for _, b := range a.Breakpoints {
		s.last++
		s.sources = append(s.sources, debug.Breakpoint{ID: s.last, Line: b.Line - s.lines, Condition: b.Condition, Log: b.LogMessage})
	}
	return s.place()[:len(s.sources)]
}

// setFunctions replaces the breakpoints at stages.
func (s *session) setFunctions(list []dap.FunctionBreakpoint) []dap.Breakpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.functions = nil
	for _, b := range list {
		s.last++
		s.functions = append(s.functions, debug.Breakpoint{ID: s.last, Line: -1, Stage: b.Name, Condition: b.Condition})
	}
	return s.place()[len(s.sources):]
}

// place puts all breakpoints into the build, and says where they are. It is called with s.mu held.
func (s *session) place() []dap.Breakpoint {
	all := slices.Concat(s.sources, s.functions)
	list := make([]dap.Breakpoint, len(all))
	if s.run == nil {
		for i, b := range all {
			list[i] = dap.Breakpoint{Id: b.ID, Message: errNoBuild.Error(), Reason: "pending"}
		}
		return list
	}
	if s.launch.NoDebug {
		all = nil
	}
	for i, p := range s.run.SetBreakpoints(all) {
		list[i] = dap.Breakpoint{Id: p.ID, Message: p.Why}
		if p.Lines == nil {
			list[i].Reason = "failed"
			continue
		}
		list[i].Verified, list[i].Source = true, &s.launch.Source
		list[i].Line, list[i].EndLine = p.Lines.First+s.lines, p.Lines.Last+s.lines
	}
	return list
}

// setFilters says at which exceptions the build stops.
func (s *session) setFilters(filters []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on := slices.Contains(filters, "failure")
	s.stopFails = &on
	s.filter()
}

// filter has the build stop at failures as the launch says, else as the filters do. It is called with
// s.mu held.
func (s *session) filter() {
	if s.run == nil {
		return
	}
	on := true
	if s.stopFails != nil {
		on = *s.stopFails
	}
	if s.launch.StopOnFailure != nil {
		on = *s.launch.StopOnFailure
	}
	s.run.StopOnFailure(on && !s.launch.NoDebug)
}
