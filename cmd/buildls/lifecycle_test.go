package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/buildls/buildls/lsp/lsptest"
)

func TestLifecycleStates(t *testing.T) {
	e := lsptest.Start(t, program(t, nil), lsptest.Options{})
	if code := lsptest.Code(e.Call("workspace/executeCommand", map[string]any{"command": "buildls.builds"}, nil)); code != -32002 {
		t.Errorf("request before initialize: code %d, want ServerNotInitialized", code)
	}
	e.Notify("textDocument/didOpen", map[string]any{}) // dropped
	e.Initialize()
	if code := lsptest.Code(e.Call("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{}}, nil)); code != jsonrpc2.CodeInvalidRequest {
		t.Errorf("second initialize: code %d, want InvalidRequest", code)
	}
	if code := lsptest.Code(e.Call("textDocument/nonsense", map[string]any{}, nil)); code != jsonrpc2.CodeMethodNotFound {
		t.Errorf("unknown request: code %d, want MethodNotFound", code)
	}
	e.Notify("$/nonsense", map[string]any{})
	e.Notify("nonsense", map[string]any{})
	if err := e.Call("shutdown", nil, nil); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if code := lsptest.Code(e.Execute("buildls.builds", nil, nil)); code != jsonrpc2.CodeInvalidRequest {
		t.Errorf("request after shutdown: code %d, want InvalidRequest", code)
	}
	e.Notify("exit", nil)
	if code := e.Exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestExitWithoutShutdown(t *testing.T) {
	e := edit(t, nil, workspace(t))
	e.Notify("exit", nil)
	if code := e.Exit(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestStdinCloses(t *testing.T) {
	e := edit(t, nil, workspace(t))
	e.CloseStdin()
	if code := e.Exit(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestClientProcessDies(t *testing.T) {
	client := exec.Command("sleep", "600")
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	e := lsptest.New(t, program(t, nil), lsptest.Options{ProcessID: client.Process.Pid})
	client.Process.Kill()
	client.Wait()
	if code := e.Exit(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestStdoutCloses(t *testing.T) {
	cmd := program(t, nil)
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
	out.Close()
	body := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`
	in.Write([]byte("Content-Length: " + itoa(len(body)) + "\r\n\r\n" + body))
	err = cmd.Wait() // stdin stays open: it is the write that must end the server
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit code 1 (not a signal)", err)
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestCapabilities(t *testing.T) {
	for _, c := range []struct {
		encodings []string
		want      string
	}{
		{nil, "utf-16"},
		{[]string{"utf-16"}, "utf-16"},
		{[]string{"utf-8", "utf-16"}, "utf-8"},
		{[]string{"utf-32", "utf-16", "utf-8"}, "utf-16"},
	} {
		e := lsptest.New(t, program(t, nil), lsptest.Options{Capabilities: map[string]any{"general": map[string]any{"positionEncodings": c.encodings}}})
		var result struct {
			Capabilities struct {
				PositionEncoding string
				TextDocumentSync struct {
					OpenClose bool
					Change    int
				}
				ExecuteCommandProvider struct{ Commands []string }
			}
			ServerInfo struct{ Name string }
		}
		if err := json.Unmarshal(e.Server, &result); err != nil {
			t.Fatal(err)
		}
		caps := result.Capabilities
		if caps.PositionEncoding != c.want {
			t.Errorf("encodings %v: %s, want %s", c.encodings, caps.PositionEncoding, c.want)
		}
		if caps.TextDocumentSync.Change != 2 || !caps.TextDocumentSync.OpenClose {
			t.Errorf("sync %+v, want incremental with open and close", caps.TextDocumentSync)
		}
		if !strings.Contains(strings.Join(caps.ExecuteCommandProvider.Commands, " "), "buildls.build") || result.ServerInfo.Name != "buildls" {
			t.Errorf("%s", e.Server)
		}
		e.Shutdown()
	}
}

// Wrong arguments are InvalidParams, and the message names what is wrong.
func TestWrongArguments(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch AS base\nFROM base AS app\n")
	e := edit(t, nil, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", "FROM scratch AS base\nFROM base AS app\n")
	for _, c := range []struct {
		argument map[string]any
		want     string
	}{
		{map[string]any{"tagets": 1}, `unknown field "tagets"`},
		{map[string]any{"target": 1}, `"target" must not be a JSON number`},
		{map[string]any{"target": "nope"}, `unknown target "nope" in Dockerfile; it has base, app`},
		{map[string]any{"uri": "file://" + dir + "/gone"}, "no such file"},
		{map[string]any{"uri": "untitled:gone"}, "untitled:gone is not open"},
		{map[string]any{"tags": []string{"UPPER"}}, `tag "UPPER"`},
		{map[string]any{"platforms": []string{"linux/vax/1/2"}}, `platform "linux/vax/1/2"`},
		{map[string]any{"engine": "nope"}, `unknown engine "nope"`},
		{map[string]any{"context": "/nowhere/at/all"}, "does not exist"},
		{map[string]any{"context": "ftp://example.com/x.git"}, "ftp:// is not known"},
		{map[string]any{"contexts": map[string]string{"a": "/nowhere/at/all"}}, "a: context /nowhere/at/all does not exist"},
	} {
		err := e.Execute("buildls.build", c.argument, nil)
		if lsptest.Code(err) != jsonrpc2.CodeInvalidParams || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want InvalidParams with %q", c.argument, err, c.want)
		}
	}
	e.Close(uri)
	if err := e.Execute("buildls.build", nil, nil); lsptest.Code(err) != jsonrpc2.CodeInvalidParams || !strings.Contains(err.Error(), "no Dockerfile is open") {
		t.Errorf("nothing open: %v", err)
	}
	if err := e.Execute("buildls.nope", nil, nil); lsptest.Code(err) != jsonrpc2.CodeInvalidParams {
		t.Errorf("unknown command: %v", err)
	}
	e.Shutdown()
}

func TestTargets(t *testing.T) {
	e := edit(t, nil, workspace(t))
	e.Open("untitled:Untitled-1", "dockerfile", "# compiles\nFROM golang AS build\nRUN make\nFROM --platform=linux/arm64 scratch\n")
	var targets []struct {
		Name, Base, Platform string
		Default              bool
		Range                lsptest.Range
	}
	if err := e.Execute("buildls.targets", nil, &targets); err != nil {
		t.Fatal(err)
	}
	if len(targets) != 2 || targets[0].Name != "build" || targets[0].Range.String() != "1:0-1:20" || !targets[1].Default || targets[1].Platform != "linux/arm64" {
		t.Errorf("%+v", targets)
	}
	e.Shutdown()
}

// Without any engine the author reads, once, what was tried and what to do.
func TestNoEngine(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	e := edit(t, []string{"PATH=" + dir, "BUILDKIT_HOST=unix://" + dir + "/none.sock"}, dir)
	var result struct {
		Status string
		Error  struct{ Message string }
	}
	if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}, &result); err != nil {
		t.Fatal(err)
	}
	if result.Status != "failed" || !strings.Contains(result.Error.Message, "none.sock") || !strings.Contains(result.Error.Message, "its socket does not exist") {
		t.Errorf("%+v", result)
	}
	e.Await("one message", func() bool { return len(e.All("window/showMessage")) == 1 })
	for _, token := range e.Tokens() {
		if p := e.Progress(token); p[0].Kind != "begin" || p[len(p)-1].Kind != "end" {
			t.Errorf("progress %+v", p)
		}
	}
	e.Shutdown()
}

func TestSettings(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	e := lsptest.New(t, program(t, nil), lsptest.Options{Folders: []string{dir}, Init: map[string]any{"engine": "unix://" + dir + "/initial.sock"},
		Settings: map[string]any{"overlay": "some", "colour": "blue", "logLevel": nil}})
	e.Await("the complaint", func() bool { return len(e.All("window/showMessage")) == 1 })
	if m := string(e.All("window/showMessage")[0].Params); !strings.Contains(m, "overlay") || !strings.Contains(m, "colour") {
		t.Errorf("%s", m)
	}
	var result struct{ Error struct{ Message string } }
	if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}, &result); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(result.Error.Message, "initial.sock") {
		t.Errorf("the initial setting was not used: %+v", result)
	}
	e.Shutdown()
}

// A client that never answers about its configuration still gets its build.
func TestMuteConfiguration(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	e := lsptest.New(t, program(t, []string{"BUILDLS_ENGINE=unix://" + dir + "/none.sock"}), lsptest.Options{Folders: []string{dir}, Mute: true})
	var result struct{ Status string }
	if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}, &result); err != nil || result.Status != "failed" {
		t.Errorf("%+v, %v", result, err)
	}
	e.Shutdown()
}
