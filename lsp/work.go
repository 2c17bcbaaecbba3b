package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.uber.org/zap"
)

const (
	// maxRequests is how many requests are worked on at a time. Others wait, so that a
	// thousand of them, or a client that does not read its answers, take no more memory
	// than these.
	maxRequests = 64
	// maxCommands is the same for commands: they are apart, because one may wait for a build.
	maxCommands = 256
	// maxWaiting is how many requests may wait for their answers. No editor has that many;
	// what does has stopped reading.
	maxWaiting = 50_000
)

// lingerFor bounds the wait for answers to a client that sends nothing more: a script may
// still read.
const lingerFor = 500 * time.Millisecond

type slots chan struct{}

// A request is one that is not answered yet.
type request struct {
	id     requestID
	method string
	ctx    context.Context
	cancel context.CancelCauseFunc
	answer sync.Once
}

// start runs the concurrent phase and answers. A canceled request is answered at
// once; its work ends on its own.
func (s *Server) start(id requestID, method string, work Work) {
	r := &request{id: id, method: method}
	r.ctx, r.cancel = context.WithCancelCause(s.ctx)
	s.mu.Lock()
	s.inflight[id] = r
	s.waiting++
	tooMany := s.waiting > maxWaiting
	s.mu.Unlock()
	if tooMany {
		s.end(&exitError{1, "the client does not read the answers to its requests"})
	}
	s.Go(func() {
		defer r.cancel(nil)
		stop := context.AfterFunc(r.ctx, func() {
			if context.Cause(r.ctx) == errRequestCanceled {
				s.respond(r, nil, errRequestCanceled)
			}
		})
		defer stop()
		slots := s.slotsOf(method)
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-r.ctx.Done():
			return
		}
		result, err := s.work(r, work)
		s.respond(r, result, err)
	})
}

func (s *Server) slotsOf(method string) slots {
	if method == protocol.MethodWorkspaceExecuteCommand || method == protocol.MethodShutdown {
		return s.commandSlots
	}
	return s.requestSlots
}

func (s *Server) work(r *request, work Work) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.panicked(r.method, p)
		}
	}()
	if work == nil || r.ctx.Err() != nil {
		return nil, context.Cause(r.ctx)
	}
	return work(r.ctx)
}

// respond answers a request, once.
func (s *Server) respond(r *request, result any, err error) {
	r.answer.Do(func() {
		s.mu.Lock()
		if s.inflight[r.id] == r { // else a later one took its id
			delete(s.inflight, r.id)
		}
		s.mu.Unlock()
		if err := s.send(r, result, err); err != nil && s.ctx.Err() == nil {
			s.log.Debug("answering", zap.String("method", r.method), zap.Error(err))
		}
		s.mu.Lock()
		if s.waiting--; s.waiting == 0 && s.idle != nil {
			close(s.idle)
			s.idle = nil
		}
		s.mu.Unlock()
	})
}

// linger waits until every request is answered, for a moment.
func (s *Server) linger() {
	idle := make(chan struct{})
	s.mu.Lock()
	if s.waiting == 0 {
		close(idle)
	} else {
		s.idle = idle
	}
	s.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(lingerFor):
	case <-s.ctx.Done():
	}
}

func (s *Server) send(r *request, result any, err error) error {
	if context.Cause(r.ctx) == errRequestCanceled {
		err = errRequestCanceled
	}
	if err == nil {
		buffer := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		if *buffer, err = marshal((*buffer)[:0], result); err == nil {
			return s.wire.respond(r.id, "result", *buffer)
		}
	}
	raw, err := json.Marshal(asError(err))
	if err != nil {
		return err
	}
	return s.wire.respond(r.id, "error", raw)
}

// buffers have room for answers, of which some are large. Those that nobody used for a while are freed.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// marshal is [protocol.AppendMarshal]. That has code for each struct, to which it must be given a pointer;
// all else it takes apart by reflection, which takes several times as long.
func marshal(out []byte, v any) (_ []byte, err error) {
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice || list.IsNil() || list.Type().Elem().Kind() != reflect.Struct {
		return protocol.AppendMarshal(out, v)
	}
	out = append(out, '[')
	for i := range list.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = protocol.AppendMarshal(out, list.Index(i).Addr().Interface()); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

func asError(err error) *jsonrpc2.Error {
	var e *jsonrpc2.Error
	var params *ParamsError
	switch {
	case errors.As(err, &e):
		return e
	case err == errRequestCanceled:
		return &jsonrpc2.Error{Code: int64(protocol.LSPErrorCodesRequestCancelled), Message: "canceled"}
	case errors.Is(err, ErrContentModified):
		return &jsonrpc2.Error{Code: int64(protocol.LSPErrorCodesContentModified), Message: err.Error()}
	case errors.As(err, &params):
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: err.Error()}
}
