package main

import (
	"errors"
	"os/exec"
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
	e := newEditor(t, program(t, nil), lsptest.Options{ProcessID: client.Process.Pid})
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
