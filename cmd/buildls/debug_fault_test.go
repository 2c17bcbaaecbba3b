package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-dap"
)

// An engine that goes away while one stands is told, and the debugging ends.
func TestDebugEngineKilled(t *testing.T) {
	onEachVictim(t, func(t *testing.T, v victim) {
		if v.old {
			return // see TestDebugStages
		}
		dir := workspace(t, "Dockerfile", base(t)+"RUN true\n")
		a := debugFiles(t, v.site, dir)
		a.launch(map[string]any{"dockerfile": "Dockerfile"})
		a.breakAt(strings.Count(base(t), "\n") + 1)
		a.go_()
		x := a.stopped()
		v.kill()
		if code := a.exits(); code != 1 || !strings.Contains(a.printed(), "went away during the build") {
			t.Errorf("%d: %s", code, a.printed())
		}
		if why := a.refused(moveRequest("next", x.thread), "next"); why != "there is nothing more to build" {
			t.Error(why)
		}
		a.call(&dap.DisconnectRequest{}, "disconnect")
		if err := a.cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// Of a debugger that goes away while it stands, nothing is left, and the engine's cache can be pruned.
func TestDebugClientGone(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	text := base(t) + "RUN echo " + t.TempDir() + " >/f\nRUN cat /f\nRUN exit 3\n"
	dir := workspace(t, "Dockerfile", text)
	uri := "file://" + dir + "/Dockerfile"
	e := debugEditor(t, s, dir)
	e.Open(uri, "dockerfile", text)
	for _, line := range []int{n + 2, 0} { // before a step, and in what one has left
		d := debugBuffers(t, e, uri, nil)
		d.launch(nil)
		if line > 0 {
			d.breakAt(line)
		}
		d.go_()
		x := d.stopped()
		sleep := newSleep()
		d.send(&dap.EvaluateRequest{Arguments: dap.EvaluateArguments{FrameId: x.frames[0].Id, Context: "repl", Expression: sleep}}, "evaluate")
		awaitSleep(t, sleep)
		d.rw.Close()
		awaitNoSleep(t, sleep)
	}
	// A build of the same text is answered as if nobody had debugged it, and nothing is held.
	if r := buildNow(t, e, nil); r.Status != "failed" || r.Steps[len(r.Steps)-2].Status != "cached" {
		t.Errorf("%+v", r)
	}
	e.Replace(uri, base(t)+"COPY Dockerfile /\n")
	mustBuild(t, e, nil)
	s.prune(t)
}

// What the engine prunes while one stands is not what the debugger holds: one goes back, looks and goes on.
func TestDebugPruned(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	dir := workspace(t, "Dockerfile", base(t)+"RUN echo "+t.TempDir()+" >/f\nRUN cat /f\nRUN true\n")
	a := debugFiles(t, s, dir)
	a.launch(map[string]any{"dockerfile": "Dockerfile"})
	a.breakAt(n + 3)
	a.go_()
	a.stopsAt("breakpoint", n+3)
	s.prune(t)
	a.do("stepBack")
	x := a.stopsAt("step", n+2)
	if got := a.scope(x, "Files"); got["f"] == "" {
		t.Errorf("%v", got)
	}
	a.do("continue")
	a.stopsAt("breakpoint", n+3)
	s.prune(t)
	a.do("restart") // which builds again what is gone
	x = a.stopsAt("restart", n+3)
	if got := a.console(x, "cat /f"); !strings.Contains(got, t.Name()) {
		t.Errorf("%q", got)
	}
	a.do("continue")
	if code := a.exits(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, a.printed())
	}
}

// While one stands, the same target is built by another, and debugged by a second session.
func TestDebugMeanwhile(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	text := base(t) + "RUN echo " + t.TempDir() + " >/f\nRUN cat /f\n"
	dir := workspace(t, "Dockerfile", text)
	uri := "file://" + dir + "/Dockerfile"
	e := debugEditor(t, s, dir)
	e.Open(uri, "dockerfile", text)
	var both []*debugger
	for range 2 {
		d := debugBuffers(t, e, uri, nil)
		d.launch(nil)
		d.breakAt(n + 2)
		d.go_()
		d.stopsAt("breakpoint", n+2)
		both = append(both, d)
	}
	mustBuild(t, e, nil)
	for _, d := range both {
		d.do("next")
		d.stopsAt("step", -n-2)
		d.do("next")
		if code := d.exits(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, d.printed())
		}
	}
}

// What a client sends wrongly is refused in a sentence, and breaks nothing.
func TestDebugWrongRequests(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t)+"RUN true\n", "Other", "FROM scratch\nCOPY none /\n", "Broken", "FROM scratch\nRUNN\n")
	for argument, want := range map[string]string{
		`{"dockerfile": "None"}`:                                "no Dockerfile: ",
		`{"dockerfile": 7}`:                                     "launch: dockerfile must be a path",
		`{"dockerfile": "Dockerfile", "targett": "x"}`:          `launch: unknown field "targett"`,
		`{"dockerfile": "Dockerfile", "target": "none"}`:        `unknown target "none"`,
		`{"dockerfile": "Dockerfile", "stopOnEntry": "please"}`: `launch: "stopOnEntry" must not be a JSON string`,
		`[]`:                       "launch: the arguments must be an object",
		`{"dockerfile": "Broken"}`: "unknown instruction",
		`{"dockerfile": "Dockerfile", "secrets": [{"id": "x", "src": "none.txt"}]}`: "none.txt does not exist",
		`{}`: "no Dockerfile is open",
	} {
		a := debugFiles(t, s, dir)
		if why := a.refused(&dap.LaunchRequest{Arguments: []byte(argument)}, "launch"); !strings.Contains(why, want) {
			t.Errorf("%s: %q", argument, why)
		}
	}
	a := debugFiles(t, s, dir)
	if why := a.refused(moveRequest("next", 1), "next"); why != "no build is being debugged; launch one first" {
		t.Error(why)
	}
	a.launch(map[string]any{"dockerfile": "Dockerfile"})
	a.breakAt(strings.Count(base(t), "\n") + 1)
	other := a.call(&dap.SetBreakpointsRequest{Arguments: dap.SetBreakpointsArguments{Source: dap.Source{Path: "/elsewhere/Dockerfile"}, Breakpoints: []dap.SourceBreakpoint{{Line: 1}}}}, "setBreakpoints")
	if got := other.(*dap.SetBreakpointsResponse).Body.Breakpoints; got[0].Verified || got[0].Message != "this file is not the Dockerfile that is built" {
		t.Errorf("%+v", got)
	}
	a.go_()
	x := a.stopped()
	for want, m := range map[string]dap.RequestMessage{
		"there is no thread 9": moveRequest("next", 9),
		"this session has a build already; begin another session": &dap.LaunchRequest{},
		"there is no frame 999: the build has gone on":            &dap.ScopesRequest{Arguments: dap.ScopesArguments{FrameId: 999}},
		"buildls does not know the request disassemble":           &dap.DisassembleRequest{},
		"NOT is not set here":                                     &dap.EvaluateRequest{Arguments: dap.EvaluateArguments{FrameId: x.frames[0].Id, Context: "hover", Expression: "NOT"}},
		"no step has failed here":                                 &dap.ExceptionInfoRequest{Arguments: dap.ExceptionInfoArguments{ThreadId: 1}},
		"there are no variables 5000: the build has gone on":      &dap.VariablesRequest{Arguments: dap.VariablesArguments{VariablesReference: 5000}},
		"there is no file 5000: the build has gone on":            &dap.SourceRequest{Arguments: dap.SourceArguments{SourceReference: 5000}},
	} {
		name := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", m), "*dap."), "Request")
		command := strings.ToLower(name[:1]) + name[1:]
		if why := a.refused(m, command); why != want {
			t.Errorf("%s: %q, not %q", command, why, want)
		}
	}
	fmt.Fprintf(a.rw, "Content-Length: 60\r\n\r\n%-60s", `{"seq":700,"type":"request","command":"none","arguments":[]}`)
	a.await("an answer to what is not known", func() bool { return a.responses[700] != nil })
	a.do("continue")
	if code := a.exits(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, a.printed())
	}
}

// A build for several platforms has a thread for each, which go on alone or all.
func TestDebugPlatforms(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", "FROM scratch AS one\nCOPY a.txt /a.txt\nFROM scratch\nCOPY a.txt /b.txt\nCOPY --from=one /a.txt /c.txt\n", "a.txt", "a\n")
	a := debugFiles(t, s, dir)
	a.launch(map[string]any{"dockerfile": "Dockerfile", "stopOnEntry": true, "platforms": []string{"linux/amd64", "linux/arm64"}})
	a.go_()
	names := map[int]string{}
	for _, thread := range a.call(&dap.ThreadsRequest{}, "threads").(*dap.ThreadsResponse).Body.Threads {
		names[thread.Id] = thread.Name
	}
	if len(names) != 2 || names[1] != "linux/amd64" || names[2] != "linux/arm64" {
		t.Fatal(names)
	}
	a.stopsAt("entry", 4)
	a.stopsAt("entry", 4)
	a.call(moveRequest("next", 2), "next")
	if x := a.stopsAt("step", 5); x.thread != 2 {
		t.Errorf("%+v", x)
	}
	if got := a.stack(1); got[0].Line != 4 {
		t.Errorf("%+v", got)
	}
	a.breakAt(2)
	a.do("continue")
	a.stopsAt("breakpoint", 2, 5)
	a.stopsAt("breakpoint", 2, 5)
	a.do("continue")
	if code := a.exits(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, a.printed())
	}
}

// A debugModel says where a debugger must be, by walking the stages as a reader would.
type debugModel struct {
	spots [][]int // for each place, the lines of the frames, the innermost first
	pos   int
}

// walk adds the places of a stage: lines are those of its steps, uses the stages that a line uses, and last is
// the line of a stage's last instruction.
func (m *debugModel) walk(stage int, lines map[int][]int, uses map[int][]int, last map[int]int, outer []int, seen map[int]bool) {
	seen[stage] = true
	for _, line := range lines[stage] {
		m.spots = append(m.spots, append([]int{line}, outer...))
		for _, used := range uses[line] {
			if !seen[used] {
				m.walk(used, lines, uses, last, append([]int{line}, outer...), seen)
				m.spots = append(m.spots, append([]int{line}, outer...))
			}
		}
	}
	m.spots = append(m.spots, append([]int{-last[stage]}, outer...))
}

// first is the first place from a position on, in a direction, that is as wanted; -1 if there is none.
func (m *debugModel) first(from, way int, wanted func([]int) bool) int {
	for i := from; i >= 0 && i < len(m.spots); i += way {
		if wanted(m.spots[i]) {
			return i
		}
	}
	return -1
}

// move is where a command leads; -1 is the end of the build.
func (m *debugModel) move(command string, breaks []int) int {
	here := m.spots[m.pos]
	last := len(m.spots) - 1
	hits := func(spot []int) bool { return slices.Contains(breaks, spot[0]) }
	firstAt := func(i int) bool { // a breakpoint counts where one comes to it first
		return m.first(0, 1, func(s []int) bool { return slices.Equal(s, m.spots[i]) }) == i
	}
	to := -1
	switch command {
	case "stepIn":
		to = m.pos + 1
	case "next":
		to = m.first(m.pos+1, 1, func(s []int) bool { return len(s) < len(here) || len(s) == len(here) && s[0] != here[0] })
	case "stepOut":
		to = m.first(m.pos+1, 1, func(s []int) bool { return len(s) < len(here) })
		if len(here) == 1 && m.pos < last {
			to = last
		}
	case "stepBack":
		return max(0, m.first(m.pos-1, -1, func(s []int) bool { return len(s) < len(here) || len(s) == len(here) && s[0] != here[0] }))
	case "reverseContinue":
		for i := m.pos - 1; i > 0; i-- {
			if hits(m.spots[i]) && firstAt(i) {
				return i
			}
		}
		return 0
	}
	if to < 0 || to > last {
		to = len(m.spots)
	}
	for i := m.pos + 1; i < to; i++ {
		if hits(m.spots[i]) && firstAt(i) {
			return i
		}
	}
	if to == len(m.spots) {
		return -1
	}
	return to
}

// Two hundred random commands lead where the model says, with edits of the text between them.
func TestDebugRandom(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	text := staged(t)
	dir := workspace(t, "Dockerfile", text, "a.txt", "a\n")
	uri := "file://" + dir + "/Dockerfile"
	e := debugEditor(t, s, dir)
	e.Open(uri, "dockerfile", text)
	lines := map[int][]int{0: {1}, 1: {n + 2}, 2: {n + 4, n + 7, n + 8, n + 9, n + 10}, 3: {n + 12, n + 15, n + 16}}
	last := map[int]int{0: 1, 1: n + 2, 2: n + 10, 3: n + 17}
	uses := map[int][]int{n + 4: {0}, n + 12: {2}, n + 15: {1}}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var d *debugger
	var m *debugModel
	var breaks []int
	commands := []string{"stepIn", "next", "stepOut", "stepBack", "reverseContinue", "continue", "restart", "breakpoints"}
	for i := range 200 {
		if d == nil {
			d = debugBuffers(t, e, uri, map[string]any{"stopOnEntry": true})
			d.launch(nil)
			breaks = nil
			d.go_()
			m = &debugModel{}
			m.walk(3, lines, uses, last, nil, map[int]bool{})
			d.stopped()
		}
		command := commands[r.IntN(len(commands))]
		switch command {
		case "breakpoints":
			breaks = nil
			for _, line := range []int{1, n + 2, n + 7, n + 10, n + 12, n + 16} {
				if r.IntN(3) == 0 {
					breaks = append(breaks, line)
				}
			}
			d.breakAt(breaks...)
			continue
		case "restart":
			e.Replace(uri, strings.Replace(text, "more >>out", fmt.Sprint(i)+" >>out", 1))
			d.do("restart")
		default:
			to := m.move(command, breaks)
			d.do(command)
			if to < 0 {
				if code := d.exits(); code != 0 {
					t.Fatalf("command %d, %s: exit code %d:\n%s", i, command, code, d.printed())
				}
				d.rw.Close()
				d = nil
				continue
			}
			m.pos = to
		}
		if x := d.stopped(); !slices.Equal(x.lines(), m.spots[m.pos]) {
			t.Fatalf("command %d, %s: it stops at %v (%s), not at %v; breakpoints %v", i, command, x.lines(), x.reason, m.spots[m.pos], breaks)
		}
	}
}
