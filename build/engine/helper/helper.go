// Package helper keeps what a program says that stands between us and an engine, such as
// ssh. It does not know which program that is.
package helper

import (
	"net"
	"strings"
	"sync"
	"time"
)

// Conn is a connection through a program whose last words are the error of a write, too.
// Whoever writes to a program that has ended sees a broken pipe; why it ended is known
// where its output is read, a moment later.
func Conn(c net.Conn) net.Conn { return &conn{Conn: c, ended: make(chan struct{})} }

type conn struct {
	net.Conn
	once  sync.Once
	ended chan struct{} // closed by the reader
	why   error         // once ended is closed
}

// patience is how long a write that failed waits for the reader.
const patience = time.Second

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && strings.Contains(err.Error(), "stderr=") {
		c.once.Do(func() { c.why = err; close(c.ended) })
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		select {
		case <-c.ended:
			err = c.why
		case <-time.After(patience):
		}
	}
	return n, err
}

func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
