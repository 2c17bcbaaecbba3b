package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.uber.org/zap"
)

// A Client is the editor at the other end. It is safe for concurrent use; sending
// may block while the editor does not read, so no handler's serial phase may send.
type Client struct {
	server *Server
	conn   *jsonrpc2.Conn

	mu       sync.Mutex
	progress map[string]func() // what cancels it, by token
	tokens   int               // handed out so far
}

func newClient(s *Server) *Client {
	return &Client{server: s, progress: map[string]func(){}}
}

// Notify sends a notification.
func (c *Client) Notify(method string, params any) {
	raw, err := protocol.Marshal(params)
	if err == nil {
		err = c.server.wire.notify(method, raw)
	}
	if err != nil && c.server.ctx.Err() == nil {
		c.server.log.Warn("notifying", zap.String("method", method), zap.Error(err))
	}
}

// Call sends a request and waits for its response, or for ctx. params may be nil: the
// request has none; so may result: nobody wants it.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	var given any // nil: no params, which is not null
	if params != nil {
		raw, err := protocol.Marshal(params)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", method, err)
		}
		given = (*json.RawMessage)(&raw)
	}
	var answer json.RawMessage
	if err := c.conn.Call(ctx, method, given, &answer); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if result == nil {
		return nil
	}
	if err := protocol.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("decoding the answer to %s: %w", method, err)
	}
	return nil
}
