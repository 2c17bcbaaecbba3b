package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// stages is a Dockerfile whose stages use each other. Its lines are numbered from 1, base has two.
const stages = `FROM scratch AS files
COPY a.txt /a.txt

FROM busy AS build
ARG WHO=world
ENV GREETING=hi
WORKDIR /src
COPY a.txt .
RUN echo "$GREETING $WHO" >out && cat out
RUN rm a.txt && echo more >>out

FROM build
LABEL kind=test
EXPOSE 80/tcp
COPY --from=files /a.txt /there.txt
RUN cat /there.txt >/last
CMD ["cat", "/last"]
`

// staged is that Dockerfile, with what its stages need.
func staged(t *testing.T) string { return strings.Replace(base(t), "\n", " AS busy\n", 1) + stages }

// One steps through the buffer, not the file: into stages, out of them and back, and looks around.
func TestDebugStages(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		text := staged(t)
		n := strings.Count(base(t), "\n") // lines above
		dir := workspace(t, "Dockerfile", "FROM none\n", "a.txt", "a\n")
		uri := "file://" + dir + "/Dockerfile"
		e := debugEditor(t, s, dir)
		e.Open(uri, "dockerfile", text)
		d := debugBuffers(t, e, uri, map[string]any{"stopOnEntry": true})
		if s.old {
			why := d.refused(&dap.LaunchRequest{}, "launch")
			if !strings.Contains(why, "is too old to stop between steps; newer engines do") {
				t.Error(why)
			}
			return
		}
		d.launch(map[string]any{"type": "buildls", "request": "launch", "name": "x"})
		at := d.breakAt(n+5, n+10, n+1)
		if !at[0].Verified || at[0].Line != n+7 || !at[1].Verified || at[1].Line != n+10 || !at[2].Verified || at[2].Line != n+2 {
			t.Fatalf("%+v", at)
		}
		d.go_()
		d.stopsAt("entry", n+12)
		d.do("stepIn")
		d.stopsAt("step", n+4, n+12)
		d.do("next")
		x := d.stopsAt("breakpoint", n+7, n+12)
		if !slices.Equal(x.hit, []int{at[0].Id}) || x.frames[0].Name != "build: WORKDIR /src" || x.frames[1].Name != "stage-3: FROM build" {
			t.Errorf("%+v", x)
		}
		d.do("next")
		d.stopsAt("step", n+8, n+12)
		d.do("continue")
		x = d.stopsAt("breakpoint", n+10, n+12)
		if got := d.scope(x, "Files", "src/"); len(got) != 2 || got["out"] != "-rw-r--r-- 9B" {
			t.Errorf("files: %v", got)
		}
		if got := d.scope(x, "Arguments"); got["WHO"] != "world  (the default of ARG, line "+itoa(n+5)+")" {
			t.Errorf("arguments: %v", got)
		}
		if got := d.scope(x, "Image", "Environment"); got["GREETING"] != "hi" {
			t.Errorf("environment: %v", got)
		}
		if got := d.scope(x, "Changed by this step"); got["/src/out"] != "added, 9B" || got["step"] != `RUN echo "$GREETING $WHO" >out && cat out` {
			t.Errorf("changes: %v", got)
		}
		if got := d.console(x, "cat out; pwd; exit 3"); got != "hi world\n/src\nexit code 3" {
			t.Errorf("console: %q", got)
		}
		for context, expression := range map[string]string{"hover": "GREETING", "watch": "$GREETING", "repl": "${GREETING}"} {
			if got := d.evaluate(x, context, expression); got != "hi" {
				t.Errorf("%s: %q", context, got)
			}
		}
		if why := d.refused(&dap.EvaluateRequest{Arguments: dap.EvaluateArguments{FrameId: x.frames[0].Id, Context: "watch", Expression: "rm -rf /"}}, "evaluate"); !strings.Contains(why, "only a variable has a value here") {
			t.Error(why)
		}
		for typed, want := range map[string]string{"cat o": "out", "ls /sr": "src/", "echo $GREE": "GREETING", "echo ${WH": "WHO"} {
			got := d.call(&dap.CompletionsRequest{Arguments: dap.CompletionsArguments{FrameId: x.frames[0].Id, Text: typed, Column: len(typed) + 1}}, "completions").(*dap.CompletionsResponse)
			if list := got.Body.Targets; len(list) != 1 || list[0].Label != want || list[0].Start+list[0].Length != len(typed)+1 {
				t.Errorf("%q: %+v", typed, list)
			}
		}
		d.do("stepOut")
		d.stopsAt("step", n+12)
		d.do("next")
		x = d.stopsAt("step", n+15)
		if got := d.scope(x, "Image"); got["Directory"] != "/src" || got["Ports"] != "80/tcp" || got["Labels"] != "1" {
			t.Errorf("image: %v", got)
		}
		d.do("stepIn") // behind the breakpoint at the first line of that stage
		d.stopsAt("breakpoint", n+2, n+15)
		d.do("stepBack")
		d.stopsAt("step", n+15)
		d.do("stepBack")
		d.stopsAt("step", n+12)
		d.do("reverseContinue")
		d.stopsAt("breakpoint", n+10, n+12)
		d.do("reverseContinue")
		d.stopsAt("breakpoint", n+7, n+12)
		d.do("reverseContinue")
		d.stopsAt("entry", n+12)
		d.breakAt(n + 16)
		d.do("continue")
		x = d.stopsAt("breakpoint", n+16)
		if got := d.scope(x, "Changed by this step"); got["/there.txt"] != "added, 2B" {
			t.Errorf("changes: %v", got)
		}
		d.do("next")
		x = d.stopsAt("step", -n-17) // the CMD
		if got := d.scope(x, "Image"); got["Cmd"] != `["cat", "/last"]` {
			t.Errorf("image: %v", got)
		}
		d.do("next")
		if code := d.exits(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, d.printed())
		}
		if !strings.Contains(d.printed(), "hi world\n") || !strings.Contains(d.printed(), "Built in ") {
			t.Error(d.printed())
		}
	})
}

// A step that fails is stopped at, in what it has left. One edits, and goes on where one was.
func TestDebugFailure(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		if s.old {
			return // see TestDebugStages
		}
		text := base(t) + "WORKDIR /w\nRUN echo before >kept && echo gone >gone\n" +
			"RUN --mount=type=secret,id=token echo planted >made; rm gone; cat /run/secrets/token; echo " + t.TempDir() + "; exit 7\nRUN cat made\n"
		n := strings.Count(base(t), "\n")
		dir := workspace(t, "Dockerfile", text, "token.txt", "planted-secret\n")
		uri := "file://" + dir + "/Dockerfile"
		e := debugEditor(t, s, dir)
		e.Open(uri, "dockerfile", text)
		d := debugBuffers(t, e, uri, nil)
		d.launch(map[string]any{"secrets": []map[string]any{{"id": "token", "src": "token.txt"}}})
		d.go_()
		x := d.stopsAt("exception", n+3)
		if !strings.Contains(d.printed(), ": failed\n") {
			t.Errorf("the step's end is not told before the stop:\n%s", d.printed())
		}
		info := d.call(&dap.ExceptionInfoRequest{Arguments: dap.ExceptionInfoArguments{ThreadId: 1}}, "exceptionInfo").(*dap.ExceptionInfoResponse).Body
		if info.ExceptionId != "exit code 7" || !strings.Contains(info.Description, "RUN failed with exit code 7:\n***\n") {
			t.Errorf("%+v", info)
		}
		if got := d.scope(x, "Files", "w/"); len(got) != 2 || got["made"] == "" || got["kept"] == "" {
			t.Errorf("files: %v", got)
		}
		if s.engine == "embedded" {
			if got := d.scope(x, "Changed by this step"); got["/w/made"] != "added, 8B" || got["/w/gone"] != "deleted, 5B" || len(got) != 3 {
				t.Errorf("changes: %v", got)
			}
		}
		if got := d.scope(x, "Mounts"); got["/run/secrets/token"] != "secret token ***, read-only" && got["/run/secrets/token"] != "secret token ***" {
			t.Errorf("mounts: %v", got)
		}
		if got := d.console(x, "cat made /run/secrets/token; ls"); got != "planted\n***\nkept\nmade\n" {
			t.Errorf("console: %q", got)
		}
		for _, v := range d.variables(x, "Files", "w/") {
			if v.Name != "made" {
				continue
			}
			at := d.call(&dap.LocationsRequest{Arguments: dap.LocationsArguments{LocationReference: v.ValueLocationReference}}, "locations").(*dap.LocationsResponse).Body
			got := d.call(&dap.SourceRequest{Arguments: dap.SourceArguments{SourceReference: at.Source.SourceReference}}, "source").(*dap.SourceResponse)
			if at.Source.Path != "/w/made" || got.Body.Content != "planted\n" {
				t.Errorf("%+v: %q", at, got.Body.Content)
			}
		}
		d.do("stepBack")
		x = d.stopsAt("step", n+3)
		if got := d.console(x, "ls"); got != "gone\nkept\n" {
			t.Errorf("before it: %q", got)
		}
		d.do("next")
		d.stopsAt("exception", n+3)
		e.Replace(uri, strings.Replace(text, "exit 7", "true", 1))
		d.do("restart")
		d.stopsAt("restart", n+3)
		d.do("next")
		x = d.stopsAt("step", n+4)
		if got := d.console(x, "cat made"); got != "planted\n" {
			t.Errorf("after the edit: %q", got)
		}
		d.do("continue")
		if code := d.exits(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, d.printed())
		}
		if strings.Contains(d.printed(), "planted-secret") {
			t.Errorf("the secret is shown:\n%s", d.printed())
		}
	})
}

// Breakpoints have conditions, or log, or stand at stages; one that is nowhere says why.
func TestDebugBreakpoints(t *testing.T) {
	s := embeddedSite(t)
	text := strings.Replace(base(t), "\n", " AS busy\n", 1) + "FROM busy AS other\nRUN true\nFROM busy\nRUN echo old >/f\nRUN echo " + t.TempDir() + "\nRUN exit 3\n"
	n := strings.Count(base(t), "\n")
	dir := workspace(t, "Dockerfile", text)
	a := debugFiles(t, s, dir)
	a.launch(map[string]any{"dockerfile": "Dockerfile", "stopOnFailure": false})
	got := a.breakpoints(
		dap.SourceBreakpoint{Line: n + 2},                                                     // not needed
		dap.SourceBreakpoint{Line: n + 4, Condition: "test -e /f"},                            // does not hold
		dap.SourceBreakpoint{Line: n + 5, Condition: "cached"},                                // likewise
		dap.SourceBreakpoint{Line: n + 5, Condition: "!cached"},                               // holds
		dap.SourceBreakpoint{Line: n + 5, LogMessage: "it has {cat /f} in {pwd}, and {$NOT}"}, // tells
		dap.SourceBreakpoint{Line: n + 6, Condition: "exit != 0"},
		dap.SourceBreakpoint{Line: n + 7},
	)
	if got[0].Verified || got[0].Message != "the target of the build does not need this stage" || !got[6].Verified || got[6].Line != n+6 {
		t.Errorf("%+v", got)
	}
	functions := a.call(&dap.SetFunctionBreakpointsRequest{Arguments: dap.SetFunctionBreakpointsArguments{Breakpoints: []dap.FunctionBreakpoint{{Name: "BUSY"}, {Name: "none"}}}},
		"setFunctionBreakpoints").(*dap.SetFunctionBreakpointsResponse).Body.Breakpoints
	if !functions[0].Verified || functions[1].Verified || functions[1].Message != `there is no stage "none"` {
		t.Errorf("%+v", functions)
	}
	a.go_()
	x := a.stopped()
	if x.reason != "function breakpoint" || x.lines()[1] != n+3 {
		t.Errorf("%+v", x)
	}
	a.do("continue")
	x = a.stopsAt("breakpoint", n+5)
	if !slices.Equal(x.hit, []int{got[3].Id}) {
		t.Errorf("%v of %+v", x.hit, got)
	}
	if !strings.Contains(a.printed(), "it has old in /, and ") {
		t.Error(a.printed())
	}
	a.do("continue")
	x = a.stopsAt("exception", n+6)
	if !slices.Equal(x.hit, []int{got[5].Id}) {
		t.Errorf("%v of %+v", x.hit, got)
	}
	a.do("continue")
	if code := a.exits(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	a.call(&dap.DisconnectRequest{}, "disconnect")
	if err := a.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// The other stages are built while one stands, and a thread that runs can be paused.
func TestDebugParallel(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		if s.old {
			return
		}
		text := strings.Replace(base(t), "\n", " AS busy\n", 1) + "FROM busy AS other\nRUN echo " + t.TempDir() + " >/other\nFROM busy\n" +
			"RUN echo one >/one\nRUN echo " + t.TempDir() + "\nRUN while ! test -e /shared/go; do usleep 20000; done\nRUN echo behind\nCOPY --from=other /other /\n"
		n := strings.Count(base(t), "\n")
		dir := workspace(t, "Dockerfile", text)
		uri := "file://" + dir + "/Dockerfile"
		e := debugEditor(t, s, dir)
		text = strings.Replace(text, "RUN while", "RUN --mount=type=cache,id="+filepath.Base(t.TempDir())+itoa(os.Getpid())+s.name+",target=/shared while", 1)
		e.Open(uri, "dockerfile", text)
		d := debugBuffers(t, e, uri, nil)
		d.launch(nil)
		d.breakAt(n + 5)
		d.go_()
		d.stopsAt("breakpoint", n+5)
		d.await("the other stage", func() bool { return strings.Contains(d.output.String(), "[other 1/1] RUN echo") })
		d.breakAt()
		d.do("next")
		d.stopsAt("step", n+6)
		d.do("continue")
		d.await("the step that waits", func() bool { return strings.Contains(d.output.String(), "RUN --mount=type=cache") })
		d.do("pause")
		// Another session of the same file runs what lets the step end.
		other := debugBuffers(t, e, uri, nil)
		other.launch(nil)
		other.breakAt(n + 6)
		other.go_()
		y := other.stopsAt("breakpoint", n+6)
		other.console(y, "touch /shared/go")
		d.stopsAt("pause", n+7)
		other.rw.Close()
		d.do("continue")
		if code := d.exits(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, d.printed())
		}
	})
}
