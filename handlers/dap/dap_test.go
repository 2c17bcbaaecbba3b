package dap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/build/attach"
)

// However a text comes in pieces, each piece that is told has whole characters, and all is told.
func TestWholeRunes(t *testing.T) {
	const text = "a ü € 😀 \xff ü\n"
	for size := 1; size <= len(text); size++ {
		var whole wholeRunes
		var told strings.Builder
		for at := 0; at < len(text); at += size {
			piece := whole.take(text[at:min(at+size, len(text))])
			if last, n := utf8.DecodeLastRuneInString(piece); last == utf8.RuneError && n == 1 && !strings.HasSuffix(piece, "\xff") {
				t.Errorf("pieces of %d: %q is torn", size, piece)
			}
			told.WriteString(piece)
		}
		if told.String() != text {
			t.Errorf("pieces of %d: %q", size, told.String())
		}
	}
}

func TestPage(t *testing.T) {
	list := []int{0, 1, 2, 3}
	for in, want := range map[[2]int]string{{0, 0}: "[0 1 2 3]", {1, 2}: "[1 2]", {-5, 1}: "[0]", {9, 1}: "[]", {3, 1<<63 - 1}: "[3]", {2, -7}: "[2 3]"} {
		if got := fmt.Sprint(page(list, in[0], in[1])); got != want {
			t.Errorf("%v: %s", in, got)
		}
	}
}

// noHost makes no builds.
type noHost struct{}

var errNoHost = errors.New("there is nothing to build")

func (noHost) Launch(context.Context, json.RawMessage) (*Launch, error) { return nil, errNoHost }

func (noHost) Terminal(func(context.Context, attach.Terminal) (int, error)) ([]string, error) {
	return nil, errNoHost
}

// Every request that the protocol has is answered, also without a build and with arguments that are none.
func TestRequestsWithoutBuild(t *testing.T) {
	ours, theirs := net.Pipe()
	served := make(chan error, 1)
	go func() { served <- Serve(t.Context(), theirs, noHost{}) }()
	in := bufio.NewReader(ours)
	seq := 0
	for _, command := range []string{"initialize", "launch", "attach", "configurationDone", "setBreakpoints", "setFunctionBreakpoints",
		"setExceptionBreakpoints", "threads", "continue", "next", "stepIn", "stepOut", "stepBack", "reverseContinue", "pause", "restart",
		"restartFrame", "stackTrace", "scopes", "variables", "source", "locations", "evaluate", "completions", "exceptionInfo", "cancel",
		"terminate", "gotoTargets", "none", "disconnect"} {
		for _, arguments := range []string{`{}`, `{"threadId":1,"frameId":7,"startFrame":-3,"levels":-1,"variablesReference":-1,"requestId":99}`, `[]`} {
			if command == "disconnect" && arguments != `{}` {
				continue
			}
			seq++
			message := fmt.Sprintf(`{"seq":%d,"type":"request","command":%q,"arguments":%s}`, seq, command, arguments)
			go fmt.Fprintf(ours, "Content-Length: %d\r\n\r\n%s", len(message), message)
			for answered := false; !answered; {
				m, err := dap.ReadProtocolMessage(in)
				if err != nil {
					t.Fatalf("%s %s: %v", command, arguments, err)
				}
				if r, ok := m.(dap.ResponseMessage); ok {
					if answered = true; r.GetResponse().RequestSeq != seq {
						t.Errorf("%s %s: answer %d", command, arguments, r.GetResponse().RequestSeq)
					}
				}
			}
		}
	}
	if err := <-served; err != nil && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
