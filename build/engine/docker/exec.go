package docker

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	docker "github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// Exec runs a command in a container of the engine and is connected to its stdin and
// stdout: what `docker exec -i` does, without that program.
func Exec(ctx context.Context, e Endpoint, name string, argv ...string) (net.Conn, error) {
	return e.hijack(ctx, func(c *docker.Client) (net.Conn, error) {
		created, err := c.ContainerExecCreate(ctx, name, container.ExecOptions{AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: argv})
		if err != nil {
			return nil, err
		}
		attached, err := c.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
		if err != nil {
			return nil, err
		}
		return newExecConn(attached), nil
	})
}

// An execConn is the stdin and stdout of a command. The engine mixes stdout and stderr
// into one stream; the goroutine that takes them apart ends when the connection does.
type execConn struct {
	net.Conn
	stdout *io.PipeReader
}

func newExecConn(attached types.HijackedResponse) *execConn {
	r, w := io.Pipe()
	go func() {
		var said sample
		_, err := stdcopy.StdCopy(w, &said, attached.Reader)
		if text := said.String(); text != "" && err == nil {
			err = errors.New(text)
		}
		w.CloseWithError(err)
	}()
	return &execConn{Conn: attached.Conn, stdout: r}
}

func (c *execConn) Read(p []byte) (int, error) { return c.stdout.Read(p) }

func (c *execConn) Close() error {
	c.stdout.Close()
	return c.Conn.Close()
}

// A sample keeps the beginning of what is written to it.
type sample struct {
	mu   sync.Mutex
	text []byte
}

func (s *sample) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p[:min(len(p), 1000-len(s.text))]...)
	return len(p), nil
}

func (s *sample) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(string(s.text))
}
