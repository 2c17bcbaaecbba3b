package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// A breakpoint that is set while the build runs counts, and ends no step that runs.
func TestDebugLateBreakpoint(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	id := filepath.Base(t.TempDir()) + itoa(os.Getpid())
	dir := workspace(t, "Dockerfile", base(t)+"RUN --mount=type=cache,id="+id+",target=/shared echo "+id+"; while ! test -e /shared/go; do usleep 20000; done\nRUN echo second\nRUN echo third\n")
	a := debugFiles(t, s, dir)
	a.launch(map[string]any{"dockerfile": "Dockerfile"})
	a.go_()
	a.await("the step that waits", func() bool { return strings.Contains(a.output.String(), id+"\n") })
	a.breakAt(n+1, n+3)
	other := debugFiles(t, s, dir)
	other.launch(map[string]any{"dockerfile": "Dockerfile"})
	other.breakAt(n + 1)
	other.go_()
	other.console(other.stopsAt("breakpoint", n+1), "touch /shared/go")
	a.stopsAt("breakpoint", n+3)
	a.do("continue")
	if code := a.exits(); code != 0 || strings.Count(a.printed(), id+"\n") != 1 {
		t.Errorf("exit code %d:\n%s", code, a.printed())
	}
}

// A restart of a text that cannot be built leaves all as it is; restarts at once are done one by one.
func TestDebugRestarts(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	dir := workspace(t)
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a := debugFiles(t, s, dir)
	if why := a.refused(&dap.LaunchRequest{Arguments: []byte(`{"dockerfile": "Dockerfile"}`)}, "launch"); !strings.Contains(why, "no Dockerfile") {
		t.Error(why)
	}
	text := base(t) + "RUN true\nRUN true\n"
	write(text)
	a.launch(map[string]any{"dockerfile": "Dockerfile"}) // in the same session
	a.breakAt(n + 2)
	a.go_()
	x := a.stopsAt("breakpoint", n+2)
	write(text + "RUNN\n")
	if why := a.refused(moveRequest("restart", 1), "restart"); !strings.Contains(why, "unknown instruction") {
		t.Error(why)
	}
	if got := a.console(x, "echo here"); got != "here\n" {
		t.Errorf("%q", got)
	}
	write(text)
	var all []int
	for range 8 {
		all = append(all, a.send(moveRequest("restart", 1), "restart"))
	}
	for _, seq := range all {
		if r := a.answer(seq).GetResponse(); !r.Success && !strings.Contains(r.Message, "running") {
			t.Errorf("restart: %s", r.Message)
		}
	}
	if !eventually(func() bool {
		r, ok := a.answer(a.send(&dap.StackTraceRequest{Arguments: dap.StackTraceArguments{ThreadId: 1}}, "stackTrace")).(*dap.StackTraceResponse)
		return ok && r.Body.StackFrames[0].Line == n+2
	}) {
		t.Error("it is not where it was")
	}
	seq := a.send(&dap.EvaluateRequest{Arguments: dap.EvaluateArguments{Context: "repl", Expression: "sleep 1000"}}, "evaluate")
	a.send(moveRequest("restart", 1), "restart")
	a.answer(seq) // which the restart has ended
	a.call(&dap.TerminateRequest{}, "terminate")
	if code := a.exits(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}

// A step that fails before it runs is stopped at, too; of steps that are the same, that which the build
// is at; and a target without steps says so.
func TestDebugOddFailures(t *testing.T) {
	s := embeddedSite(t)
	busy, n := strings.Replace(base(t), "\n", " AS busy\n", 1), strings.Count(base(t), "\n")
	dir := workspace(t, "add.Dockerfile", base(t)+"ADD http://127.0.0.1:1/x /x\n", "copy.Dockerfile", base(t)+"COPY none /\n",
		"twins.Dockerfile", busy+"FROM busy AS x\nRUN echo same; exit 3\nFROM busy AS y\nRUN echo same; exit 3\nFROM busy\nCOPY --from=y / /y\nCOPY --from=x / /x\n",
		"none.Dockerfile", "FROM scratch\nLABEL a=b\n")
	for name, lines := range map[string][]int{"add": {n + 1}, "copy": {n + 1}, "twins": {n + 4, n + 6}} {
		a := debugFiles(t, s, dir)
		a.launch(map[string]any{"dockerfile": name + ".Dockerfile"})
		a.go_()
		if x := a.stopped(); x.reason != "exception" || !slices.Equal(x.lines(), lines) {
			t.Errorf("%s: %s at %v, not at %v", name, x.reason, x.lines(), lines)
		}
		a.call(&dap.DisconnectRequest{}, "disconnect")
	}
	a := debugFiles(t, s, dir)
	if why := a.refused(&dap.LaunchRequest{Arguments: []byte(`{"dockerfile": "none.Dockerfile"}`)}, "launch"); !strings.Contains(why, "this target has no steps") {
		t.Error(why)
	}
}

// Odd requests are answered, a log point at a failure logs, and no character is torn.
func TestDebugOddRequests(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	dir := workspace(t, "Dockerfile", base(t)+"RUN printf '\\303'; usleep 300000; printf '\\274\\n'; yes ü€😀 | head -n 20000; exit 5\n")
	a := debugFiles(t, s, dir)
	a.launch(map[string]any{"dockerfile": "Dockerfile", "stopOnFailure": true})
	a.breakpoints(dap.SourceBreakpoint{Line: n + 1, Condition: "exit >= 5", LogMessage: "it ends with {echo five}"})
	empty := a.call(&dap.SetFunctionBreakpointsRequest{Arguments: dap.SetFunctionBreakpointsArguments{Breakpoints: []dap.FunctionBreakpoint{{}}}}, "setFunctionBreakpoints")
	if got := empty.(*dap.SetFunctionBreakpointsResponse).Body.Breakpoints; got[0].Verified {
		t.Errorf("%+v", got)
	}
	a.go_()
	x := a.stopsAt("exception", n+1)
	if len(x.hit) > 0 || !strings.Contains(a.printed(), "it ends with five\n") {
		t.Errorf("%v: %.300s", x.hit, a.printed())
	}
	a.console(x, "yes ü€😀 | head -n 20000")
	if strings.Contains(a.printed(), "�") || !strings.Contains(a.printed(), "ü\n") {
		t.Error("characters are torn")
	}
	for _, page := range [][2]int{{-1, 0}, {1, 1<<63 - 1}, {0, -5}, {99, 2}} {
		a.call(&dap.StackTraceRequest{Arguments: dap.StackTraceArguments{ThreadId: 1, StartFrame: page[0], Levels: page[1]}}, "stackTrace")
	}
	scopes := a.call(&dap.ScopesRequest{Arguments: dap.ScopesArguments{FrameId: x.frames[0].Id}}, "scopes").(*dap.ScopesResponse).Body.Scopes
	a.call(&dap.VariablesRequest{Arguments: dap.VariablesArguments{VariablesReference: scopes[0].VariablesReference, Start: -5, Count: 2}}, "variables")
	a.call(&dap.DisconnectRequest{}, "disconnect")
}

// A frame that is restarted is where one stands then, also an outer one, in the text as it is now.
func TestDebugRestartFrame(t *testing.T) {
	s := embeddedSite(t)
	n := strings.Count(base(t), "\n")
	dir := workspace(t, "Dockerfile", staged(t), "a.txt", "a\n")
	a := debugFiles(t, s, dir)
	a.launch(map[string]any{"dockerfile": "Dockerfile"})
	a.breakAt(n + 9)
	a.go_()
	x := a.stopsAt("breakpoint", n+9, n+12)
	edited := strings.Replace(staged(t), "FROM build\n", "# a line more\nFROM build\n", 1)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	restart := func(frame int) { // of the last stop
		a.call(&dap.RestartFrameRequest{Arguments: dap.RestartFrameArguments{FrameId: x.frames[frame].Id}}, "restartFrame")
	}
	restart(0)
	x = a.stopsAt("restart", n+9, n+13)
	restart(1)
	a.stopsAt("restart", n+13)
	a.call(&dap.DisconnectRequest{}, "disconnect")
}
