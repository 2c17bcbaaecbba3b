package handlers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/buildls/buildls/lsp"
)

// FuzzDispatch sends arbitrary methods with arbitrary params to a server that has a
// Dockerfile open: each request is answered, none with a defect, and the server still ends
// as it should.
func FuzzDispatch(f *testing.F) {
	dir := f.TempDir()
	for name, value := range map[string]string{"HOME": dir, "XDG_STATE_HOME": dir, "XDG_DATA_HOME": dir, "XDG_RUNTIME_DIR": dir, "DOCKER_CONFIG": dir, "BUILDLS_ENGINE": "unix://" + dir + "/none.sock"} {
		os.Setenv(name, value)
	}
	const doc, at = `"textDocument":{"uri":"untitled:a"}`, `{"line":1,"character":6}`
	for _, seed := range [][2]string{
		{"textDocument/hover", `{` + doc + `,"position":` + at + `}`},
		{"textDocument/codeLens", `{` + doc + `}`},
		{"textDocument/inlayHint", `{` + doc + `,"range":{"start":` + at + `,"end":` + at + `}}`},
		{"textDocument/codeAction", `{` + doc + `,"range":{"start":{"line":0,"character":0},"end":` + at + `},"context":{"only":["source.fixAll"]}}`},
		{"textDocument/didOpen", `{"textDocument":{"uri":"untitled:docker-bake.hcl","languageId":"","version":1,"text":"target \"a\" {}"}}`},
		{"textDocument/didChange", `{"textDocument":{"uri":"untitled:a","version":2},"contentChanges":[{"text":"FROM $x"},{"range":{"start":` + at + `,"end":` + at + `},"text":"y"}]}`},
		{"textDocument/didSave", `{` + doc + `}`},
		{"textDocument/didClose", `{` + doc + `}`},
		{"workspace/didChangeWorkspaceFolders", `{"event":{"added":[{"uri":"file:///a","name":"a"}],"removed":[]}}`},
		{"workspace/didChangeConfiguration", `{"settings":{"buildls":{"lint":{"delay":1,"severity":{"syntax":"off"}},"build":{"*":{}},"profiles":{"p":{}}}}}`},
		{"workspace/didChangeWatchedFiles", `{"changes":[{"uri":"file:///a/.dockerignore","type":1}]}`},
		{"window/workDoneProgress/cancel", `{"token":1}`},
		{"$/cancelRequest", `{"id":"it"}`},
		{"initialize", `{}`},
		{"initialized", `{}`},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	for _, c := range commands {
		f.Add("workspace/executeCommand", fmt.Appendf(nil, `{"command":%q,"arguments":[{"uri":"untitled:a"}]}`, c.Name))
		f.Add("workspace/executeCommand", fmt.Appendf(nil, `{"command":%q,"arguments":[{"id":"1","step":-1,"path":"../x"}]}`, c.Name))
	}
	f.Fuzz(func(t *testing.T, method string, params []byte) {
		if method == "shutdown" || strings.Contains(string(params), "embedded") || strings.Contains(string(params), "docker") {
			return // no engine is to be started, none of this machine asked
		}
		message := map[string]any{"jsonrpc": "2.0", "id": "it", "method": method}
		if json.Valid(params) {
			message["params"] = json.RawMessage(params)
		}
		in, out, end := serveFuzz(t)
		send(in, map[string]any{"id": 0, "method": "initialize", "params": map[string]any{"capabilities": map[string]any{}}})
		send(in, map[string]any{"method": "initialized", "params": map[string]any{}})
		send(in, map[string]any{"method": "textDocument/didOpen", "params": map[string]any{"textDocument": map[string]any{
			"uri": "untitled:a", "languageId": "dockerfile", "version": 1, "text": "FROM scratch AS A\nCOPY a $b /\n"}}})
		send(in, message)
		if answer := out.await(t, in, `"it"`); strings.Contains(answer, "a defect of buildls") {
			t.Errorf("%s %q: %s", method, params, answer)
		}
		delete(message, "id")
		send(in, message) // as a notification
		send(in, map[string]any{"id": "end", "method": "shutdown"})
		out.await(t, in, `"end"`)
		send(in, map[string]any{"method": "exit"})
		select {
		case code := <-end:
			if code != 0 && method != "exit" {
				t.Errorf("exit code %d", code)
			}
		case <-time.After(30 * time.Second):
			t.Error("it does not end")
		}
	})
}

// serveFuzz runs a server in this process.
func serveFuzz(t *testing.T) (io.Writer, *answersOf, <-chan int) {
	toServer, in := io.Pipe()
	out, fromServer := io.Pipe()
	rpc := lsp.NewServer(zap.NewNop())
	s := New(rpc, zap.NewNop(), zap.NewAtomicLevel(), "fuzz")
	end := make(chan int, 1)
	a := &answersOf{byID: make(chan [2]string, 1000)}
	go a.read(bufio.NewReader(out))
	go func() {
		code := rpc.Run(t.Context(), struct {
			io.Reader
			io.Writer
		}{toServer, fromServer})
		s.Close()
		toServer.Close()
		fromServer.Close()
		end <- code
	}()
	return in, a, end
}

func send(w io.Writer, message map[string]any) {
	body, err := json.Marshal(message)
	if err == nil {
		fmt.Fprintf(w, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
}

// answersOf are the answers of a server.
type answersOf struct{ byID chan [2]string }

func (a *answersOf) read(r *bufio.Reader) {
	defer close(a.byID)
	for {
		var length int
		if _, err := fmt.Fscanf(r, "Content-Length: %d\r\n\r\n", &length); err != nil {
			return
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m struct {
			ID     json.RawMessage
			Method string
		}
		if json.Unmarshal(body, &m) == nil && m.ID != nil && m.Method == "" {
			a.byID <- [2]string{string(m.ID), string(body)}
		}
	}
}

// await is the answer to a request. One that takes long is canceled: then it is answered at once.
func (a *answersOf) await(t *testing.T, in io.Writer, id string) string {
	t.Helper()
	patience := time.After(5 * time.Second)
	for range 2 {
		for waiting := true; waiting; {
			select {
			case got, ok := <-a.byID:
				if !ok || got[0] == id {
					return got[1]
				}
			case <-patience:
				waiting = false
			}
		}
		send(in, map[string]any{"method": "$/cancelRequest", "params": map[string]any{"id": json.RawMessage(id)}})
		patience = time.After(20 * time.Second)
	}
	t.Fatalf("no answer to %s", id)
	return ""
}
