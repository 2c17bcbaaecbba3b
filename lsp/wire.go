package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/sourcegraph/jsonrpc2"
	"go.uber.org/zap"
)

// A wire is the stream of messages that jsonrpc2 reads and writes. Of what the client sends
// it hands on the answers to our requests alone; requests and notifications go to the
// server as they are. jsonrpc2 would decode and encode their params once more, knows no
// ids but natural numbers and strings, and ends the connection over whatever it does not
// understand.
type wire struct {
	server *Server
	in     *bufio.Reader
	ready  chan struct{} // closed when handlers may send

	sending sync.Mutex // guards out
	out     *bufio.Writer
	closed  atomic.Bool
}

func newWire(s *Server, rw io.ReadWriter) *wire {
	return &wire{server: s, in: bufio.NewReaderSize(rw, 64<<10), ready: make(chan struct{}), out: bufio.NewWriterSize(rw, 64<<10)}
}

// ReadObject implements [jsonrpc2.ObjectStream]: it returns with the next answer to a
// request of ours. Handlers run here, in the order of the messages.
func (w *wire) ReadObject(answer any) error {
	<-w.ready
	for {
		body, err := ReadFrame(w.in)
		if errors.Is(err, errTooLong) {
			w.server.refuse(noID, invalidRequest(err.Error()))
			continue
		} else if err != nil {
			return w.server.unreadable(err)
		}
		m, wrong := parseMessage(body)
		switch {
		case wrong != nil:
			w.server.refuse(m.id, wrong)
		case !m.answer:
			w.server.handle(m)
		case readAnswer(body, answer) == nil:
			return nil
		default:
			w.server.log.Warn("ignoring an answer that is none", zap.ByteString("answer", body[:min(len(body), 200)]))
		}
	}
}

// readAnswer reads an answer; one that is malformed becomes an error for who waits for it.
func readAnswer(body []byte, into any) error {
	if json.Unmarshal(body, into) == nil {
		return nil
	}
	var to struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(body, &to); err != nil || to.ID == nil {
		return errors.New("no id")
	}
	return json.Unmarshal(fmt.Appendf(nil, `{"id":%s,"error":{"code":%d,"message":"the client's answer is malformed"}}`, to.ID, jsonrpc2.CodeInvalidRequest), into)
}

// Handle implements [jsonrpc2.Handler], which there is no use for.
func (*wire) Handle(context.Context, *jsonrpc2.Conn, *jsonrpc2.Request) {}

// WriteObject implements [jsonrpc2.ObjectStream].
func (w *wire) WriteObject(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.write("", data, "")
}

// respond answers a request with what is JSON already.
func (w *wire) respond(id requestID, member string, value []byte) error {
	return w.write(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"%s":`, id, member), value, "}")
}

// notify sends a notification with params that are JSON already. jsonrpc2 would go over them four
// times more.
func (w *wire) notify(method string, params []byte) error {
	return w.write(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":`, method), params, "}")
}

// write sends a message, of which most is in the middle.
func (w *wire) write(begin string, middle []byte, end string) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	if w.closed.Load() {
		return io.ErrClosedPipe
	}
	fmt.Fprintf(w.out, "Content-Length: %d\r\n\r\n%s", len(begin)+len(middle)+len(end), begin)
	w.out.Write(middle)
	w.out.WriteString(end)
	return w.out.Flush() // the first error of all four
}

// Close implements [jsonrpc2.ObjectStream]. Nothing is written any more. The stream itself is left
// open: on Windows, closing a file waits for the read that goes on in it, and a client that has
// said exit may send nothing more.
func (w *wire) Close() error {
	w.closed.Store(true)
	return nil
}
