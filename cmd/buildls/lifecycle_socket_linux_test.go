//go:build !portable

package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp"
)

// A client may give a server one socket for both directions, and read its answers late.
func TestOneSocket(t *testing.T) {
	t.Parallel()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.SetNonblock(ends[0], true) // for a deadline
	ours, theirs := os.NewFile(uintptr(ends[0]), "ours"), os.NewFile(uintptr(ends[1]), "theirs")
	defer ours.Close()
	if err := ours.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
		t.Fatal(err)
	}
	server := program(t, nil)
	server.Stdin, server.Stdout = theirs, theirs
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Process.Kill()
	theirs.Close()
	send := func(format string, args ...any) {
		body := fmt.Sprintf(format, args...)
		if _, err := fmt.Fprintf(ours, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			t.Fatal(err)
		}
	}
	const doc = `"textDocument":{"uri":"file:///socket/Dockerfile"`
	send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`)
	send(`{"jsonrpc":"2.0","method":"initialized","params":{}}`)
	send(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{%s,"languageId":"dockerfile","version":1,"text":%q}}}`, doc, "FROM scratch\n"+strings.Repeat("RUN make\n", 2000))
	const asked = 20 // for more than a socket holds
	for id := range asked {
		send(`{"jsonrpc":"2.0","id":%d,"method":"textDocument/documentSymbol","params":{%s}}}`, id+1, doc)
	}
	send(`{"jsonrpc":"2.0","id":%d,"method":"shutdown"}`, asked+1)
	in, answers := bufio.NewReader(ours), 0
	for answers < asked+2 {
		body, err := lsp.ReadFrame(in)
		if err != nil {
			t.Fatalf("after %d answers: %v", answers, err)
		}
		if strings.HasPrefix(string(body), `{"jsonrpc":"2.0","id":`) && strings.Contains(string(body[:min(len(body), 60)]), `"result":`) {
			answers++
		}
	}
	send(`{"jsonrpc":"2.0","method":"exit"}`)
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
}
