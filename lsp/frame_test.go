package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.lsp.dev/protocol"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// A line is a client that sends some bytes, no more than chunk at a time, and then ends.
type line struct {
	io.Reader
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

// answers are what a server of two methods, echo and wait, sends to a client that sends
// input, in order of the text; and how it ends.
func answers(t *testing.T, input io.Reader) (sent []string, code int, said string) {
	t.Helper()
	core, logs := observer.New(zap.ErrorLevel)
	s := NewServer(zap.New(core))
	s.state = running
	OnRequest(s, "echo", func(p *json.RawMessage) (Work, error) {
		return func(context.Context) (any, error) { return p, nil }, nil
	})
	OnRequest(s, protocol.MethodShutdown, func(*json.RawMessage) (Work, error) { return nil, nil })
	l := &line{Reader: input}
	ended := make(chan int, 1)
	go func() { ended <- s.Run(t.Context(), l) }()
	select {
	case code = <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end with its input")
	}
	for _, e := range logs.All() {
		said += e.Message + " " + fmt.Sprint(e.ContextMap()) + "\n"
	}
	r := bufio.NewReader(&l.out)
	for {
		body, err := ReadFrame(r)
		if err == io.EOF {
			slices.Sort(sent)
			return sent, code, said
		}
		if err != nil || !json.Valid(body) {
			t.Fatalf("the server sent %q, %v", body, err)
		}
		sent = append(sent, string(body))
	}
}

const ping = `{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1}}`

const pong = `{"jsonrpc":"2.0","id":1,"result":{"a":1}}`

// What is no message is answered, and the next one is served.
func TestRecoverableMessages(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	for name, c := range map[string]struct{ input, want string }{
		"lower case":            {"content-length: " + frame(ping)[16:], pong},
		"no space":              {"Content-Length:" + frame(ping)[16:], pong},
		"LF alone":              {fmt.Sprintf("Content-Length: %d\n\n%s", len(ping), ping), pong},
		"a second header":       {"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + frame(ping), pong},
		"the same length twice": {fmt.Sprintf("Content-Length: %d\r\n", len(ping)) + frame(ping), pong},
		"no content":            {frame(""), `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,`},
		"no JSON":               {frame("nonsense"), `"id":null,"error":{"code":-32700,`},
		"half of it":            {frame(ping[:20]), `"id":null,"error":{"code":-32700,`},
		"more behind it":        {frame(ping + "}"), `"id":null,"error":{"code":-32700,`},
		"nested too deep":       {frame(`{"id":1,"method":"echo","params":` + deep), `"id":null,"error":{"code":-32700,`},
		"a number":              {frame("5"), `"id":null,"error":{"code":-32600,`},
		"null":                  {frame("null"), `"id":null,"error":{"code":-32600,`},
		"a batch":               {frame("[" + ping + "]"), `"id":null,"error":{"code":-32600,`},
		"nothing in it":         {frame("{}"), `"id":null,"error":{"code":-32600,`},
		"no method":             {frame(`{"id":7}`), `"id":7,"error":{"code":-32600,`},
		"the method a number":   {frame(`{"id":7,"method":5}`), `"id":7,"error":{"code":-32600,`},
		"the method null":       {frame(`{"id":7,"method":null}`), `"id":7,"error":{"code":-32600,`},
		"the id null":           {frame(`{"id":null,"method":"echo"}`), `"id":null,"error":{"code":-32600,`},
		"the id an object":      {frame(`{"id":{},"method":"echo"}`), `"id":null,"error":{"code":-32600,`},
		"the id a boolean":      {frame(`{"id":true,"method":"echo"}`), `"id":null,"error":{"code":-32600,`},
		"the id negative":       {frame(`{"id":-1,"method":"echo"}`), `{"jsonrpc":"2.0","id":-1,"result":`},
		"the id a fraction":     {frame(`{"id":1.50,"method":"echo"}`), `{"jsonrpc":"2.0","id":1.50,"result":`},
		"the id huge":           {frame(`{"id":123456789012345678901234567890,"method":"echo"}`), `"id":123456789012345678901234567890,"result":`},
		"the id empty":          {frame(`{"id":"","method":"echo"}`), `"id":"","result":`},
		"the id escaped":        {frame(`{"id":"\u0061","method":"echo"}`), `"id":"a","result":`},
		"the id twice":          {frame(`{"id":1,"id":2,"method":"echo"}`), `"id":2,"result":`},
		"an unknown method":     {frame(`{"id":1,"method":"nope"}`), `"error":{"code":-32601,`},
		"no UTF-8":              {frame("{\"id\":1,\"method\":\"echo\",\"params\":{\"\xff\":\"\xff\"}}"), `"id":1,"result":{`},
		"an answer to nothing":  {frame(`{"id":99,"result":null}`), ""},
		"an answer that is odd": {frame(`{"id":{},"result":null}`) + frame(`{"error":5}`) + frame(`{"result":5}`) + frame(`{"id":1,"error":"x"}`), ""},
		"notifications":         {frame(`{"method":"nope"}`) + frame(`{"method":"$/cancelRequest","params":5}`) + frame(`{"method":"$/cancelRequest","params":{"id":{}}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			last := `{"jsonrpc":"2.0","id":"last","method":"echo","params":[]}`
			sent, code, said := answers(t, strings.NewReader(c.input+frame(last)))
			if !slices.Contains(sent, `{"jsonrpc":"2.0","id":"last","result":[]}`) || code != 1 || said != "" {
				t.Errorf("what follows is not served: %q, exit code %d, %s", sent, code, said)
			}
			if c.want == "" && len(sent) != 1 || c.want != "" && !slices.ContainsFunc(sent, func(s string) bool { return strings.Contains(s, c.want) }) {
				t.Errorf("answered %.300q, want %q", sent, c.want)
			}
		})
	}
}

// A message that is too long is passed over, not held; the next one is served.
func TestTooLong(t *testing.T) {
	header := fmt.Sprintf("Content-Length: %d\r\n\r\n", maxBody+1)
	sent, _, _ := answers(t, io.MultiReader(strings.NewReader(header), io.LimitReader(endless{}, maxBody+1), strings.NewReader(frame(ping))))
	if len(sent) != 2 || !strings.Contains(sent[0], `"id":null,"error":{"code":-32600,`) && !strings.Contains(sent[1], `"id":null,"error":{"code":-32600,`) || !slices.Contains(sent, pong) {
		t.Errorf("%q", sent)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Where the next message begins cannot be told: the server says so, and ends at once,
// though the client waits.
func TestUnrecoverableFrames(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"no length":           {"Content-Type: x\r\n\r\n" + ping, "a header without Content-Length"},
		"no header":           {"\r\n" + ping, "a header without Content-Length"},
		"JSON alone":          {ping, "which is no header"},
		"junk":                {"Welcome to bash\r\n" + frame(ping), "which is no header"},
		"junk behind":         {frame(ping) + "junk\r\n", "which is no header"},
		"a negative length":   {"Content-Length: -5\r\n\r\nhello", `Content-Length: "-5"`},
		"a length in words":   {"Content-Length: five\r\n\r\nhello", `Content-Length: "five"`},
		"no number":           {"Content-Length:\r\n\r\nhello", `Content-Length: ""`},
		"a fraction":          {"Content-Length: 5.0\r\n\r\nhello", `Content-Length: "5.0"`},
		"a list":              {"Content-Length: 5, 5\r\n\r\nhello", `Content-Length: "5, 5"`},
		"hexadecimal":         {"Content-Length: 0x5\r\n\r\nhello", `Content-Length: "0x5"`},
		"a huge length":       {"Content-Length: 99999999999\r\n\r\nhello", `Content-Length: "99999999999"`},
		"an overflow":         {"Content-Length: 18446744073709551621\r\n\r\nhello", `Content-Length: "18446744073709551621"`},
		"two lengths":         {"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "Content-Length 5 and 6 of one message"},
		"CR alone":            {"Content-Length: 5\r\rhello", "a CR without LF"},
		"a header that grows": {"Content-Length: 5\r\nX: " + strings.Repeat("x", maxHeader), "a header longer than"},
		"many headers":        {strings.Repeat("X: y\r\n", maxHeader), "a header longer than"},
		"NUL":                 {"\x00", "which is no header"},
		"UTF-16":              {"C\x00o\x00n\x00", "which is no header"},
		"BOM":                 {"\ufeff" + frame(ping), "which is no header"},
	} {
		t.Run(name, func(t *testing.T) {
			core, logs := observer.New(zap.ErrorLevel)
			s := NewServer(zap.New(core))
			in, client := io.Pipe()
			ended := make(chan int, 1)
			go func() { ended <- s.Run(t.Context(), &line{Reader: in}) }()
			go io.WriteString(client, c.input) // and waits; ended with in
			defer in.Close()
			select {
			case code := <-ended:
				if all := logs.All(); code != 1 || len(all) != 1 || !strings.Contains(fmt.Sprint(all[0].ContextMap()), c.want) {
					t.Errorf("exit code %d, said %v, want %q", code, all, c.want)
				}
			case <-time.After(20 * time.Second):
				t.Error("it waits")
			}
		})
	}
}

// A client that has said exit may leave its end open, and on Windows nothing ends a read.
func TestExitWaitsForNoRead(t *testing.T) {
	in, client := io.Pipe() // which nobody closes
	s := NewServer(zap.NewNop())
	OnRequest(s, protocol.MethodInitialize, func(*json.RawMessage) (Work, error) { return nil, nil })
	OnRequest(s, protocol.MethodShutdown, func(*json.RawMessage) (Work, error) { return nil, nil })
	ended := make(chan int, 1)
	go func() { ended <- s.Run(t.Context(), &line{Reader: in}) }()
	for _, m := range []string{`{"id":1,"method":"initialize"}`, `{"id":2,"method":"shutdown"}`, `{"method":"exit"}`} {
		io.WriteString(client, frame(m))
	}
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
	case <-time.After(20 * time.Second):
		t.Error("it waits for more")
	}
}

// FuzzFraming sends arbitrary bytes, in one piece and in pieces of one byte: no panic, no
// hang, nothing sent that is no message, and every request that comes whole is answered.
func FuzzFraming(f *testing.F) {
	for _, seed := range []string{
		frame(ping), frame(ping) + frame(`{"id":"a","method":"shutdown"}`) + frame(`{"method":"exit"}`), "Content-Length: 5\r\n\r\n" + frame(ping),
		"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}", "Content-Length: -1\r\n\r\n", "Content-Length: 300000000\r\n\r\n", "\r\n\r\n", "a:b\r\n\r",
		frame(`[1]`), frame(`{"id":-1.5e3,"method":"echo","params":"` + "\xff" + `"}`), frame(`{"id":1,"result":{}}`), frame(`{"id":1,"error":{"code":"x"}}`),
		frame(`{"method":"$/cancelRequest","params":{"id":1}}`), frame(`{"id":1,"method":"echo","params":` + strings.Repeat("[", 20_000)),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		whole, code, _ := answers(t, bytes.NewReader(input))
		pieces, otherCode, _ := answers(t, iotest.OneByteReader(bytes.NewReader(input)))
		if bytes.Contains(input, []byte("exit")) || bytes.Contains(input, []byte("cancel")) {
			return // these may come before an answer or after it
		}
		if !slices.Equal(whole, pieces) || code != otherCode {
			t.Errorf("in one piece: %q, %d; in pieces: %q, %d", whole, code, pieces, otherCode)
		}
		if _, last, _ := answers(t, io.MultiReader(strings.NewReader(frame(`{"id":"first","method":"echo"}`)), bytes.NewReader(input))); last != code {
			t.Errorf("behind another message: exit code %d, alone %d", last, code)
		}
	})
}

// An answer that is a list is written as the library writes it.
func TestMarshal(t *testing.T) {
	name := "name"
	at := protocol.Range{End: protocol.Position{Line: 1, Character: 2}}
	for _, v := range []any{
		nil, []protocol.Location(nil), []protocol.Location{}, []string{"a"}, json.RawMessage(`{}`), struct{ A []protocol.Range }{[]protocol.Range{at}},
		[]protocol.DocumentSymbol{{Name: "é\x00\xff<", Detail: &name, Range: at, Children: []protocol.DocumentSymbol{{Name: "b"}}}, {}},
		[]protocol.FoldingRange{{StartLine: 1, EndLine: 2, Kind: protocol.FoldingRangeKindComment}},
		[]struct {
			A *string `json:"a,omitzero"`
		}{{&name}, {}},
	} {
		got, err := marshal(nil, v)
		want, wrong := protocol.Marshal(v)
		if err != nil || wrong != nil || string(got) != string(want) {
			t.Errorf("%#v: %s, not %s; %v %v", v, got, want, err, wrong)
		}
	}
}
