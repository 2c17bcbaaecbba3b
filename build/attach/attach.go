// Package attach carries a terminal over a unix socket, on Windows over a named pipe: from a
// terminal, here, to a process that somebody else has started for it, there.
//
// It knows nothing of builds.
package attach

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// A frame is its kind, the length of what follows (4 bytes, big-endian), and that.
const (
	frameHello  = 'h' // the first of the terminal's: a Hello, as JSON
	frameInput  = 'i' // what was typed; of no bytes: nothing more will be
	frameResize = 'r' // a Size, as JSON
	frameOutput = 'o'
	frameExit   = 'x' // the last one: an Exit, as JSON
)

// maxFrame bounds what follows, in bytes.
const maxFrame = 64 << 10

// A Size is a terminal's, in characters.
type Size struct{ Rows, Cols uint32 }

// A Hello is what the terminal is and wants.
type Hello struct {
	Args []string // the program to run; none: the default
	Term string   // $TERM
	Size Size
}

// An Exit is how the process ended.
type Exit struct {
	Code  int
	Error string // a sentence; empty if the process ran and ended by itself
}

// A wire writes frames, each whole.
type wire struct {
	mu sync.Mutex
	rw io.ReadWriter
}

func (w *wire) send(kind byte, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	frame := append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(data))), data...)
	_, err := w.rw.Write(frame)
	return err
}

func (w *wire) sendJSON(kind byte, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(kind, data)
}

func (w *wire) receive() (kind byte, data []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(w.rw, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes: the other side is not buildls", n)
	}
	data = make([]byte, n)
	_, err = io.ReadFull(w.rw, data)
	return head[0], data, err
}

// frames writes bytes in frames of a kind.
type frames struct {
	*wire
	kind byte
}

func (f frames) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		part := p[:min(len(p), maxFrame/2)]
		if err := f.send(f.kind, part); err != nil {
			return n, err
		}
		n, p = n+len(part), p[len(part):]
	}
	return n, nil
}
