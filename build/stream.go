package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// What an author names as a file may be a pipe, a terminal or a device. Such a stream may have no end,
// it can be read but once, and to open it may wait for a writer. So it is read when the build needs
// it, and the value is kept.

// A stream keeps the value that was read from such a file.
type stream struct {
	busy  chan struct{} // full while somebody reads
	value []byte        // nil: not read yet; guarded by busy
}

func newStream() *stream { return &stream{busy: make(chan struct{}, 1)} }

func (s *stream) read(ctx context.Context, path string, limit int64) ([]byte, error) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s.value == nil {
		value, err := ReadNamed(ctx, path, limit)
		if err != nil {
			return nil, err
		}
		s.value = value
	}
	return s.value, nil
}

// tellWaiting shows that the build reads streams, which may last, until done is called. It shows that
// as a vertex, like BuildKit's own work.
func (r *Request) tellWaiting(tell func(event)) (done func()) {
	var from []string
	for _, s := range r.Secrets {
		if s.stream != nil {
			from = append(from, s.File)
		}
	}
	for _, s := range r.SSH {
		if s.Once() {
			from = append(from, s.Paths...)
		}
	}
	if len(from) == 0 {
		return func() {}
	}
	now := time.Now()
	v := client.Vertex{Name: "[internal] reading what is secret from " + strings.Join(from, ", "), Started: &now}
	v.Digest = digest.FromString(v.Name)
	tellVertex := func(v client.Vertex) { tell(event{status: &client.SolveStatus{Vertexes: []*client.Vertex{&v}}}) }
	tellVertex(v)
	return func() {
		now := time.Now()
		v.Completed = &now
		tellVertex(v)
	}
}

// A TooLargeError says that a file has more bytes than are read.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("it has more than %d bytes, which is all that is taken", e.Limit)
}

// ReadNamed reads whatever an author names as a file. It returns a *TooLargeError if that has more than
// limit bytes, and ctx's cause if ctx ends first.
func ReadNamed(ctx context.Context, path string, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	opened, ended := make(chan *os.File, 1), make(chan result, 1)
	go func() { // lasts as long as the process if a device never answers
		f, fifo, err := openNamed(path)
		if err != nil {
			ended <- result{nil, err}
			return
		}
		defer f.Close()
		opened <- f
		for ctx.Err() == nil { // a later reader gets what is written later
			data, err := readUpTo(f, limit)
			if !fifo || err != nil || len(data) > 0 {
				ended <- result{data, err}
				return
			}
			select { // nobody has written yet
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	select {
	case r := <-ended:
		return r.data, r.err
	case <-ctx.Done():
		select {
		case f := <-opened:
			f.Close() // ends a read that waits
		default:
		}
		return nil, context.Cause(ctx)
	}
}

// openNamed opens a file without waiting. fifo says that it is a named pipe. Opened so, a named pipe
// is at its end whenever nobody writes; an open that waits for a writer could not be given up.
func openNamed(path string) (f *os.File, fifo bool, err error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil || strings.HasPrefix(real, "/dev/") || strings.HasPrefix(real, "/proc/") { // of a process
		f, err = os.Open(path)
		return f, false, err
	}
	flags := os.O_RDONLY
	if st, err := os.Stat(real); err == nil && st.Mode()&fs.ModeNamedPipe != 0 {
		flags, fifo = flags|syscall.O_NONBLOCK, true
	}
	f, err = os.OpenFile(real, flags, 0)
	return f, fifo, err
}

func readUpTo(f *os.File, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, &TooLargeError{limit}
	}
	return data, err
}

// readRegular reads a regular file, such as one of an image layout, and refuses all else.
func readRegular(path string, limit int64) ([]byte, error) {
	switch st, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, errors.New(path + " is no file")
	}
	return ReadNamed(context.Background(), path, limit)
}
