package handlers_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/lsp/lsptest"
)

// An editor opens the address that it is told as it is, and the server speaks the Debug Adapter
// Protocol there: a socket, and on Windows a named pipe.
func TestDebugAddress(t *testing.T) {
	e := lsptest.Dial(t, serveIn(t), lsptest.Options{})
	var at struct{ Address string }
	if err := e.Execute("buildls.debug", map[string]any{}, &at); err != nil {
		t.Fatal(err)
	}
	client, err := open(at.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	request := func(seq int, command string) dap.Request {
		return dap.Request{ProtocolMessage: dap.ProtocolMessage{Seq: seq, Type: "request"}, Command: command}
	}
	in := bufio.NewReader(client)
	for _, m := range []dap.Message{&dap.InitializeRequest{Request: request(1, "initialize")}, &dap.DisconnectRequest{Request: request(2, "disconnect")}} {
		if err := dap.WriteProtocolMessage(client, m); err != nil {
			t.Fatal(err)
		}
		answer, err := dap.ReadProtocolMessage(in)
		if r, ok := answer.(dap.ResponseMessage); err != nil || !ok || !r.GetResponse().Success {
			t.Fatalf("%v, %+v", err, answer)
		}
	}
	if _, err := dap.ReadProtocolMessage(in); err == nil {
		t.Error("the debugger has left, and the server speaks on")
	}
}

// open opens a socket or a named pipe by its name. A pipe is busy until the server is about to accept:
// a client tries again.
func open(address string) (c io.ReadWriteCloser, err error) {
	if runtime.GOOS != "windows" {
		return net.Dial("unix", address)
	}
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		if c, err = os.OpenFile(address, os.O_RDWR, 0); err == nil {
			return c, nil
		}
	}
	return nil, err
}
