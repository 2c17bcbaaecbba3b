// Package lsp is the wire: framing, dispatch, cancellation, lifecycle and progress
// of a language server, over sourcegraph/jsonrpc2.
//
// It knows the protocol, not what the server is for: nothing of documents,
// Dockerfiles or builds.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.uber.org/zap"
)

// Work is the concurrent part of a request. What it returns is the response; nil is
// null. It must return soon after ctx is canceled.
type Work func(ctx context.Context) (any, error)

// A Server speaks with one client. A request is handled in two phases: the handler
// runs in message order, alone, and must neither block nor send; the [Work] that it
// returns runs concurrently with everything else.
type Server struct {
	log           *zap.Logger
	client        *Client
	requests      map[string]func(params []byte) (Work, error)
	notifications map[string]func(params []byte) error

	state state // touched by the reading goroutine alone

	mu       sync.Mutex // guards what follows
	inflight map[requestID]*request
	waiting  int           // requests that are not answered yet
	idle     chan struct{} // closed when there are none; nil: nobody waits for that
	works    sync.WaitGroup

	requestSlots, commandSlots slots

	wire *wire
	end  context.CancelCauseFunc // of the connection; the cause is an exitError
	ctx  context.Context
}

// state is the lifecycle's, see the LSP specification, "Server lifecycle".
type state int

const (
	uninitialized state = iota
	running
	shutDown
)

// errRequestCanceled is the cause of a request's context when the client canceled it.
var errRequestCanceled = errors.New("canceled by the client")

// An exitError says why the server ends, and with which exit code.
type exitError struct {
	code   int
	reason string
}

func (e *exitError) Error() string { return e.reason }

// NewServer makes a server. Register its methods, then Run it.
func NewServer(log *zap.Logger) *Server {
	s := &Server{
		log:           log,
		requests:      map[string]func([]byte) (Work, error){},
		notifications: map[string]func([]byte) error{},
		inflight:      map[requestID]*request{},
		requestSlots:  make(slots, maxRequests),
		commandSlots:  make(slots, maxCommands),
	}
	s.client = newClient(s)
	OnNotification(s, protocol.MethodWindowWorkDoneProgressCancel, s.client.cancelProgress)
	OnNotification(s, protocol.MethodSetTrace, func(*protocol.SetTraceParams) error { return nil })
	return s
}

// Client is the other end. It must not be used before Run.
func (s *Server) Client() *Client { return s.client }

// OnRequest registers the handler of a request, whose params have type P.
func OnRequest[P any](s *Server, method string, handle func(params *P) (Work, error)) {
	s.requests[method] = func(raw []byte) (Work, error) {
		p, err := decode[P](raw)
		if err != nil {
			return nil, err
		}
		return handle(p)
	}
}

// OnNotification registers the handler of a notification, whose params have type P.
// It runs in message order and must neither block nor send.
func OnNotification[P any](s *Server, method string, handle func(params *P) error) {
	s.notifications[method] = func(raw []byte) error {
		p, err := decode[P](raw)
		if err != nil {
			return err
		}
		return handle(p)
	}
}

func decode[P any](raw []byte) (*P, error) {
	p := new(P)
	if len(raw) == 0 || string(raw) == "null" {
		return p, nil
	}
	if err := protocol.Unmarshal(raw, p); err != nil {
		return nil, InvalidParams("%v", err)
	}
	return p, nil
}

// closeWithin bounds the wait for the works of a connection that has ended.
const closeWithin = 5 * time.Second

// Run serves until the client says exit, the stream ends, the client's process dies
// or ctx is canceled, and returns the process's exit code: 0 after a shutdown, else
// 1. It waits for no read from rw, and closes nothing: that is left to the process's end.
func (s *Server) Run(ctx context.Context, rw io.ReadWriter) int {
	s.ctx, s.end = context.WithCancelCause(ctx)
	s.wire = newWire(s, &watchedWriter{rw, s.end})
	conn := jsonrpc2.NewConn(s.ctx, s.wire, s.wire, jsonrpc2.SetLogger(zap.NewStdLog(s.log)))
	s.client.conn = conn
	close(s.wire.ready)

	select {
	case <-s.ctx.Done():
	case <-conn.DisconnectNotify():
	}
	s.end(&exitError{1, "the client closed the connection"})
	conn.Close()
	s.waitForWorks()

	var exit *exitError
	cause := context.Cause(s.ctx)
	s.log.Info("ending", zap.String("reason", cause.Error()))
	if errors.As(cause, &exit) {
		return exit.code
	}
	return 1
}

// Context lasts as long as the connection. Nil before Run.
func (s *Server) Context() context.Context { return s.ctx }

// Go runs f concurrently; the server's end waits for it, for some seconds. f must
// return soon after Context is done.
func (s *Server) Go(f func()) {
	s.works.Add(1)
	go func() {
		defer s.works.Done()
		defer s.recovered("background work")
		f()
	}()
}

func (s *Server) waitForWorks() {
	done := make(chan struct{})
	go func() {
		s.works.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeWithin):
		s.log.Warn("ending although some work has not ended")
	}
}

// watchedWriter ends the connection when the client no longer reads.
type watchedWriter struct {
	io.ReadWriter
	end context.CancelCauseFunc
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.ReadWriter.Write(p)
	if err != nil {
		w.end(&exitError{1, fmt.Sprintf("writing to the client: %v", err)})
	}
	return n, err
}

// handle is called for one message after another.
func (s *Server) handle(m *message) {
	if m.id == "" {
		s.notification(m.method, m.params)
		return
	}
	work, err := s.request(m.method, m.params)
	if err != nil {
		work = failing(err)
	}
	s.start(m.id, m.method, work)
}

// refuse answers what is no request.
func (s *Server) refuse(id requestID, err *jsonrpc2.Error) {
	s.log.Warn("the client sent what is no message", zap.String("why", err.Message))
	s.start(id, "", failing(err))
}

func failing(err error) Work {
	return func(context.Context) (any, error) { return nil, err }
}

// unreadable ends the connection: nothing more can be read from the client.
func (s *Server) unreadable(err error) error {
	s.linger()
	var framing *framingError
	if errors.As(err, &framing) {
		s.log.Error("the connection ends", zap.Error(err))
		s.end(&exitError{1, err.Error()})
		return io.EOF // jsonrpc2 need not say it again
	}
	return err
}

func (s *Server) notification(method string, params []byte) {
	defer s.recovered(method)
	switch {
	case method == protocol.MethodExit:
		s.exit()
	case s.state != running: // dropped, as the specification asks
	case method == protocol.MethodCancelRequest:
		s.cancelRequest(params)
	default:
		handle := s.notifications[method]
		if handle == nil {
			if !strings.HasPrefix(method, "$/") {
				s.log.Debug("unknown notification", zap.String("method", method))
			}
			return
		}
		if err := handle(params); err != nil {
			s.log.Warn("notification", zap.String("method", method), zap.Error(err))
		}
	}
}

func (s *Server) exit() {
	if s.state == shutDown {
		s.end(&exitError{0, "exit"})
	} else {
		s.end(&exitError{1, "exit without shutdown"})
	}
}

// cancelRequest cancels a request in flight. One that has been answered is left alone.
func (s *Server) cancelRequest(params []byte) {
	var p struct {
		ID json.RawMessage `json:"id"`
	}
	err := json.Unmarshal(params, &p)
	id, ok := parseID(p.ID)
	if err != nil || !ok {
		s.log.Warn("cancelRequest: no id", zap.Error(err))
		return
	}
	s.mu.Lock()
	r := s.inflight[id]
	s.mu.Unlock()
	if r != nil {
		r.cancel(errRequestCanceled)
	}
}

// request runs the serial phase, in the lifecycle's states.
func (s *Server) request(method string, params []byte) (work Work, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = s.panicked(method, r)
		}
	}()
	switch {
	case s.state == shutDown:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: method + " after shutdown"}
	case s.state == running && method == protocol.MethodInitialize:
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "initialize was already sent"}
	case s.state == uninitialized && method != protocol.MethodInitialize:
		return nil, &jsonrpc2.Error{Code: int64(protocol.ErrorCodesServerNotInitialized), Message: method + " before initialize"}
	}
	handle := s.requests[method]
	if handle == nil {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "unknown method " + method}
	}
	work, err = handle(params)
	if err == nil {
		s.advance(method, params)
	}
	return work, err
}

// advance moves the lifecycle on.
func (s *Server) advance(method string, params []byte) {
	switch method {
	case protocol.MethodInitialize:
		s.state = running
		s.watchClient(params)
	case protocol.MethodShutdown:
		s.state = shutDown
	}
}

// watchClient ends the server when the process that started it dies.
func (s *Server) watchClient(params []byte) {
	var p struct {
		ProcessID *int `json:"processId"`
	}
	if err := json.Unmarshal(params, &p); err != nil || p.ProcessID == nil || *p.ProcessID <= 0 {
		return
	}
	go func() { // ends with the connection
		if waitForDeath(s.ctx, *p.ProcessID) {
			s.end(&exitError{1, "the client's process died"})
		}
	}()
}

// ErrContentModified is the error of a request about a text that has changed meanwhile, so that the
// client asks again. It becomes ContentModified (-32801).
var ErrContentModified = errors.New("the text has changed meanwhile")

// A ParamsError is a request that a person, or a client's author, can mend by calling
// again with other arguments. It becomes InvalidParams (-32602).
type ParamsError struct{ message string }

func (e *ParamsError) Error() string { return e.message }

// InvalidParams makes a [ParamsError].
func InvalidParams(format string, args ...any) error {
	return &ParamsError{fmt.Sprintf(format, args...)}
}

func (s *Server) panicked(method string, r any) error {
	s.log.Error("panic", zap.String("method", method), zap.Any("value", r), zap.ByteString("stack", debug.Stack()))
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: fmt.Sprintf("%s failed: %v (a defect of buildls: please report it with its log)", method, r)}
}

// recovered keeps a broken invariant from ending the author's session.
func (s *Server) recovered(what string) {
	if r := recover(); r != nil {
		s.panicked(what, r)
	}
}
