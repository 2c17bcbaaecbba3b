package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// What an author names as a file may be a pipe, a terminal or a device: it may have no end, it
// gives what it has but once, and to open it may wait for who writes to it. So it is read when
// the build needs it, not before, and what was read is kept.

// A stream is what such a file gave.
type stream struct {
	turn  chan struct{} // holds one, whoever has it reads
	value []byte        // nil: it was not read yet
}

func newStream() *stream { return &stream{turn: make(chan struct{}, 1)} }

func (s *stream) read(ctx context.Context, path string, limit int64) ([]byte, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
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

// A TooLargeError says that a file has more bytes than are taken of it.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("it has more than %d bytes, which is all that is taken", e.Limit)
}

// ReadNamed reads whatever an author names as a file, up to a limit, and gives up with ctx.
func ReadNamed(ctx context.Context, path string, limit int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	opened, ended := make(chan *os.File, 1), make(chan result, 1)
	go func() { // may wait for as long as nobody writes to a pipe: then it ends with the process
		f, err := os.Open(path)
		if err != nil {
			ended <- result{nil, err}
			return
		}
		defer f.Close()
		opened <- f
		if ctx.Err() != nil { // what is written to the pipe now is for another
			return
		}
		data, err := readUpTo(f, limit)
		ended <- result{data, err}
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

func readUpTo(f *os.File, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, &TooLargeError{limit}
	}
	return data, err
}

// readRegular reads a file that is to be one, as those of an image layout are.
func readRegular(path string, limit int64) ([]byte, error) {
	switch st, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, errors.New(path + " is no file")
	}
	return ReadNamed(context.Background(), path, limit)
}
