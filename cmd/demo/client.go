package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// patience is how long anything that is not a build may take.
const patience = 10 * time.Second

// A client is an editor's end of the protocol.
type client struct {
	conn   *jsonrpc2.Conn
	cmd    *exec.Cmd
	events chan event // what the server sent, in order
}

// An event is a notification of the server, or its wish that marks be asked for again.
type event struct {
	method string
	params json.RawMessage
}

const refresh = "workspace/inlayHint/refresh"

type object = map[string]any

// pipe is the server's stdin and stdout as one stream.
type pipe struct {
	io.Reader
	io.WriteCloser
}

// start starts a server.
func start(server string, env []string) (*client, error) {
	c := &client{cmd: exec.Command(server), events: make(chan event, 4096)}
	c.cmd.Env = env
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	c.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(pipe{out, in}, jsonrpc2.VSCodeObjectCodec{}), c)
	return c, nil
}

// Handle takes what the server sends.
func (c *client) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	switch {
	case !req.Notif:
		conn.Reply(ctx, req.ID, nil)
		if req.Method == refresh {
			c.events <- event{method: refresh}
		}
	case req.Params != nil:
		c.events <- event{req.Method, *req.Params}
	}
}

func (c *client) notify(method string, params any) error {
	return c.conn.Notify(context.Background(), method, params)
}

func (c *client) call(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.conn.Call(ctx, method, params, result); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// shutdown ends the server as the protocol says.
func (c *client) shutdown(ctx context.Context) error {
	if err := c.call(ctx, "shutdown", nil, nil); err != nil {
		return err
	}
	if err := c.notify("exit", nil); err != nil {
		return err
	}
	defer time.AfterFunc(patience, c.kill).Stop()
	<-c.conn.DisconnectNotify()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("the server ended badly: %w", err)
	}
	return nil
}

// kill ends a server that still runs.
func (c *client) kill() {
	c.cmd.Process.Kill()
	c.conn.Close()
}
