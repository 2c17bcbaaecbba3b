package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A debugger is an editor's: a client of the Debug Adapter Protocol.
type debugger struct {
	testing.TB
	rw   io.ReadWriteCloser
	path string // of the Dockerfile

	mu        sync.Mutex
	news      *sync.Cond
	seq       int
	responses map[int]dap.ResponseMessage
	events    []dap.Message // and requests of the server, that nobody has awaited yet
	output    strings.Builder
	typed     strings.Builder // of it, what commands of the console printed
	gone      bool
}

func newDebugger(t testing.TB, rw io.ReadWriteCloser, path string) *debugger {
	d := &debugger{TB: t, rw: rw, path: path, responses: map[int]dap.ResponseMessage{}}
	d.news = sync.NewCond(&d.mu)
	go d.read()
	t.Cleanup(func() { rw.Close() })
	d.call(&dap.InitializeRequest{Arguments: dap.InitializeRequestArguments{AdapterID: "buildls", LinesStartAt1: true, ColumnsStartAt1: true, SupportsRunInTerminalRequest: true}}, "initialize")
	return d
}

// debugEditor is an editor whose server ends as it should, so that no socket is left.
func debugEditor(t testing.TB, s site, dir string) *lsptest.Editor {
	t.Helper()
	e := edit(t, s.env, dir)
	t.Cleanup(e.Shutdown)
	return e
}

// debugBuffers debugs what an editor has open.
func debugBuffers(t testing.TB, e *lsptest.Editor, uri string, argument map[string]any) *debugger {
	t.Helper()
	var answer struct{ Address string }
	if err := e.Execute("buildls.debug", argument, &answer); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("unix", answer.Address)
	if err != nil {
		t.Fatal(err)
	}
	return newDebugger(t, c, strings.TrimPrefix(uri, "file://"))
}

// An adapter is `buildls dap`.
type adapter struct {
	*debugger
	cmd *exec.Cmd
}

// debugFiles debugs a Dockerfile as it is saved.
func debugFiles(t testing.TB, s site, dir string) adapter {
	t.Helper()
	return newAdapter(t, program(t, s.env, "dap"), dir)
}

// newAdapter starts a debug adapter in the folder of a Dockerfile.
func newAdapter(t testing.TB, cmd *exec.Cmd, dir string) adapter {
	t.Helper()
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return adapter{newDebugger(t, pipes{out, in}, filepath.Join(dir, "Dockerfile")), cmd}
}

// pipes are those of a process, as one connection.
type pipes struct {
	io.Reader
	io.WriteCloser
}

func (d *debugger) read() {
	in := bufio.NewReader(d.rw)
	for {
		m, err := dap.ReadProtocolMessage(in)
		d.mu.Lock()
		switch m := m.(type) {
		case dap.ResponseMessage:
			d.responses[m.GetResponse().RequestSeq] = m
		case *dap.OutputEvent:
			d.output.WriteString(m.Body.Output)
			if m.Body.Category == "stdout" && m.Body.Source == nil {
				d.typed.WriteString(m.Body.Output)
			}
		case nil:
			d.gone = err != nil
		default:
			d.events = append(d.events, m)
		}
		d.news.Broadcast()
		gone := d.gone
		d.mu.Unlock()
		if gone {
			return
		}
	}
}

// await waits until ready, which is called with d.mu held, returns true.
func (d *debugger) await(what string, ready func() bool) {
	d.Helper()
	late := time.Now().Add(time.Minute)
	defer time.AfterFunc(time.Minute, d.news.Broadcast).Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for !ready() {
		if time.Now().After(late) || d.gone {
			events, _ := json.Marshal(d.events)
			d.Fatalf("no %s (gone: %v): %s\n%s", what, d.gone, events, d.output.String())
		}
		d.news.Wait()
	}
}

// send sends a request, and returns its number.
func (d *debugger) send(m dap.RequestMessage, command string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	r := m.GetRequest()
	r.Seq, r.Type, r.Command = d.seq, "request", command
	if err := dap.WriteProtocolMessage(d.rw, m); err != nil {
		d.Logf("%s: %v", command, err)
	}
	return d.seq
}

// answer waits for the response to a request.
func (d *debugger) answer(seq int) (got dap.ResponseMessage) {
	d.Helper()
	d.await(fmt.Sprint("answer ", seq), func() bool {
		got = d.responses[seq]
		return got != nil
	})
	return got
}

// call sends a request that must succeed.
func (d *debugger) call(m dap.RequestMessage, command string) dap.ResponseMessage {
	d.Helper()
	got := d.answer(d.send(m, command))
	if r := got.GetResponse(); !r.Success {
		d.Fatalf("%s: %s\n%s", command, r.Message, d.printed())
	}
	return got
}

// refused sends a request that must fail, and returns why.
func (d *debugger) refused(m dap.RequestMessage, command string) string {
	d.Helper()
	r := d.answer(d.send(m, command)).GetResponse()
	if r.Success {
		d.Fatalf("%s succeeds", command)
	}
	return r.Message
}

// event waits for the next message of a type that the server sends by itself.
func event[E dap.Message](d *debugger) (got E) {
	d.Helper()
	d.await(fmt.Sprintf("%T", got), func() bool {
		i := slices.IndexFunc(d.events, func(m dap.Message) bool { _, ok := m.(E); return ok })
		if i >= 0 {
			got = d.events[i].(E)
			d.events = slices.Delete(d.events, i, i+1)
		}
		return i >= 0
	})
	return got
}

// printed is all output so far.
func (d *debugger) printed() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.output.String()
}

// launch begins the debugging, up to where breakpoints are set.
func (d *debugger) launch(argument map[string]any) {
	d.Helper()
	raw, _ := json.Marshal(argument)
	d.call(&dap.LaunchRequest{Arguments: raw}, "launch")
	event[*dap.InitializedEvent](d)
}

func (d *debugger) go_() {
	d.Helper()
	d.call(&dap.ConfigurationDoneRequest{}, "configurationDone")
}

// breakAt sets breakpoints at 1-based lines, and returns where they are.
func (d *debugger) breakAt(lines ...int) []dap.Breakpoint {
	d.Helper()
	var list []dap.SourceBreakpoint
	for _, line := range lines {
		list = append(list, dap.SourceBreakpoint{Line: line})
	}
	return d.breakpoints(list...)
}

func (d *debugger) breakpoints(list ...dap.SourceBreakpoint) []dap.Breakpoint {
	d.Helper()
	got := d.call(&dap.SetBreakpointsRequest{Arguments: dap.SetBreakpointsArguments{Source: dap.Source{Path: d.path}, Breakpoints: list}}, "setBreakpoints")
	return got.(*dap.SetBreakpointsResponse).Body.Breakpoints
}

// A stop is where a thread stands.
type stop struct {
	reason, text string
	thread       int
	frames       []dap.StackFrame
	hit          []int
}

// lines are the 1-based lines of the frames, the innermost first; on the end of a stage, negative.
func (s stop) lines() (lines []int) {
	for _, f := range s.frames {
		line := f.Line
		if strings.HasSuffix(f.Name, "end of the stage") {
			line = -line
		}
		lines = append(lines, line)
	}
	return lines
}

// stopped waits for the next stop.
func (d *debugger) stopped() stop {
	d.Helper()
	e := event[*dap.StoppedEvent](d).Body
	return stop{e.Reason, e.Text, e.ThreadId, d.stack(e.ThreadId), e.HitBreakpointIds}
}

func (d *debugger) stack(thread int) []dap.StackFrame {
	d.Helper()
	got := d.call(&dap.StackTraceRequest{Arguments: dap.StackTraceArguments{ThreadId: thread}}, "stackTrace")
	return got.(*dap.StackTraceResponse).Body.StackFrames
}

// stopsAt waits for a stop for a reason, at these 1-based lines of the frames, the innermost first.
func (d *debugger) stopsAt(reason string, lines ...int) stop {
	d.Helper()
	s := d.stopped()
	if s.reason != reason || !slices.Equal(s.lines(), lines) {
		d.Fatalf("it stops for %s at %v (%s), not for %s at %v\n%s", s.reason, s.lines(), s.text, reason, lines, d.printed())
	}
	return s
}

// do moves thread 1.
func (d *debugger) do(command string) {
	d.Helper()
	d.call(moveRequest(command, 1), command)
}

func moveRequest(command string, thread int) dap.RequestMessage {
	switch command {
	case "next":
		return &dap.NextRequest{Arguments: dap.NextArguments{ThreadId: thread}}
	case "stepIn":
		return &dap.StepInRequest{Arguments: dap.StepInArguments{ThreadId: thread}}
	case "stepOut":
		return &dap.StepOutRequest{Arguments: dap.StepOutArguments{ThreadId: thread}}
	case "stepBack":
		return &dap.StepBackRequest{Arguments: dap.StepBackArguments{ThreadId: thread}}
	case "reverseContinue":
		return &dap.ReverseContinueRequest{Arguments: dap.ReverseContinueArguments{ThreadId: thread}}
	case "pause":
		return &dap.PauseRequest{Arguments: dap.PauseArguments{ThreadId: thread}}
	case "restart":
		return &dap.RestartRequest{}
	}
	return &dap.ContinueRequest{Arguments: dap.ContinueArguments{ThreadId: thread}}
}

// scope lists the variables of a scope at a stop, and of what is below it by these names.
func (d *debugger) scope(s stop, name string, below ...string) map[string]string {
	d.Helper()
	list := map[string]string{}
	for _, v := range d.variables(s, name, below...) {
		list[v.Name] = v.Value
	}
	return list
}

func (d *debugger) variables(s stop, name string, below ...string) (list []dap.Variable) {
	d.Helper()
	got := d.call(&dap.ScopesRequest{Arguments: dap.ScopesArguments{FrameId: s.frames[0].Id}}, "scopes").(*dap.ScopesResponse)
	reference := 0
	for _, scope := range got.Body.Scopes {
		if scope.Name == name {
			reference = scope.VariablesReference
		}
	}
	for _, name := range append(below, "") {
		got := d.call(&dap.VariablesRequest{Arguments: dap.VariablesArguments{VariablesReference: reference}}, "variables")
		list = got.(*dap.VariablesResponse).Body.Variables
		for _, v := range list {
			if v.Name == name {
				reference = v.VariablesReference
			}
		}
	}
	return list
}

// evaluate asks in a context, at a stop.
func (d *debugger) evaluate(s stop, context, expression string) string {
	d.Helper()
	m := &dap.EvaluateRequest{Arguments: dap.EvaluateArguments{FrameId: s.frames[0].Id, Context: context, Expression: expression}}
	return d.call(m, "evaluate").(*dap.EvaluateResponse).Body.Result
}

// console runs a command, and returns what it prints, with the result. The end of a step may be told
// behind the stop that follows it.
func (d *debugger) console(s stop, command string) string {
	d.Helper()
	d.mu.Lock()
	d.typed.Reset()
	d.mu.Unlock()
	result := d.evaluate(s, "repl", command)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.typed.String() + result
}

// exits waits for the end of the build, and returns its code.
func (d *debugger) exits() int {
	d.Helper()
	code := event[*dap.ExitedEvent](d).Body.ExitCode
	event[*dap.TerminatedEvent](d)
	return code
}
