// Package dap lets an editor debug a build: it speaks the Debug Adapter Protocol (version 1.70) for a
// debugger of package build/debug. A Host says what is built.
package dap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/google/go-dap"

	"github.com/buildls/buildls/lsp"
)

// A conn is the wire to a client.
type conn struct {
	rw io.ReadWriteCloser

	mu      sync.Mutex
	seq     int
	held    []func()                           // events that wait for a response; not nil while they are held
	waiting map[int]chan<- dap.ResponseMessage // of requests to the client, by their seq

	canceling sync.Mutex
	cancels   map[int]context.CancelCauseFunc // of requests of the client, by their seq
}

func newConn(rw io.ReadWriteCloser) *conn {
	return &conn{rw: rw, waiting: map[int]chan<- dap.ResponseMessage{}, cancels: map[int]context.CancelCauseFunc{}}
}

// errCanceled is the end of a request that the client has canceled.
var errCanceled = errors.New("canceled")

// read calls handle for each request, in their order, until the connection ends.
func (c *conn) read(handle func(dap.RequestMessage)) error {
	in := bufio.NewReader(c.rw)
	for {
		content, err := lsp.ReadFrame(in)
		if err != nil {
			return err
		}
		m, err := dap.DecodeProtocolMessage(content)
		var unknown *dap.DecodeProtocolMessageFieldError
		switch m := m.(type) {
		case dap.RequestMessage:
			if err != nil {
				c.fail(m.GetRequest(), fmt.Errorf("its arguments cannot be read: %w", err))
				continue
			}
			handle(m)
		case dap.ResponseMessage:
			c.answered(m)
		case nil:
			if errors.As(err, &unknown) && unknown.SubType == "Request" {
				c.fail(&dap.Request{ProtocolMessage: dap.ProtocolMessage{Seq: unknown.Seq}, Command: unknown.FieldValue}, errors.New("buildls does not know this request"))
			} else if err != nil && !json.Valid(content) {
				return fmt.Errorf("what the client sends is no message: %w", err)
			}
		}
	}
}

// send writes a message, with its number.
func (c *conn) send(m dap.Message, number func(seq int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	number(c.seq)
	dap.WriteProtocolMessage(c.rw, m) // if it fails, so does the next read
}

func (c *conn) event(name string, m dap.EventMessage) {
	e := m.GetEvent()
	e.Type, e.Event = "event", name
	send := func() { c.send(m, func(seq int) { e.Seq = seq }) }
	c.mu.Lock()
	if c.held != nil {
		c.held = append(c.held, send)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	send()
}

// hold keeps events back until release is called. An editor wants to know that a thread moves before
// it hears that the thread has stopped.
func (c *conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = []func(){}
	}
}

func (c *conn) release() {
	for {
		c.mu.Lock()
		list := c.held
		if len(list) == 0 {
			c.held = nil
			c.mu.Unlock()
			return
		}
		c.held = []func(){}
		c.mu.Unlock()
		for _, send := range list {
			send()
		}
	}
}

// answer sends the response to a request.
func (c *conn) answer(to *dap.Request, m dap.ResponseMessage) {
	r := m.GetResponse()
	r.Type, r.Command, r.RequestSeq, r.Success = "response", to.Command, to.Seq, true
	c.send(m, func(seq int) { r.Seq = seq })
}

// fail sends the response to a request that failed.
func (c *conn) fail(to *dap.Request, err error) {
	m := &dap.ErrorResponse{Body: dap.ErrorResponseBody{Error: &dap.ErrorMessage{Id: 1, Format: "{text}", Variables: map[string]string{"text": err.Error()}, ShowUser: !errors.Is(err, errCanceled)}}}
	m.Type, m.Command, m.RequestSeq, m.Message = "response", to.Command, to.Seq, err.Error()
	if errors.Is(err, errCanceled) {
		m.Message = "cancelled" // as the protocol spells it
	}
	c.send(m, func(seq int) { m.Seq = seq })
}

// ask sends a request to the client, and waits for the response.
func (c *conn) ask(ctx context.Context, command string, m dap.RequestMessage) error {
	got := make(chan dap.ResponseMessage, 1)
	r := m.GetRequest()
	r.Type, r.Command = "request", command
	c.send(m, func(seq int) {
		r.Seq = seq
		c.waiting[seq] = got
	})
	select {
	case answer := <-got:
		if r := answer.GetResponse(); !r.Success {
			return fmt.Errorf("the editor refused %s: %s", command, r.Message)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *conn) answered(m dap.ResponseMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seq := m.GetResponse().RequestSeq
	if got := c.waiting[seq]; got != nil {
		got <- m
		delete(c.waiting, seq)
	}
}

// cancelable returns the context of a request. end is called when it is answered.
func (c *conn) cancelable(ctx context.Context, r *dap.Request) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c.canceling.Lock()
	defer c.canceling.Unlock()
	c.cancels[r.Seq] = cancel
	return ctx, func() {
		c.canceling.Lock()
		defer c.canceling.Unlock()
		delete(c.cancels, r.Seq)
		cancel(nil)
	}
}

func (c *conn) cancel(seq int) {
	c.canceling.Lock()
	defer c.canceling.Unlock()
	if cancel := c.cancels[seq]; cancel != nil {
		cancel(errCanceled)
	}
}
