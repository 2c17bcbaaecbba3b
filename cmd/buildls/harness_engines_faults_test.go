package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

func cut(data []byte) []byte { return data[:min(len(data), 10_000)] } // it is mostly room

// spoil changes the one file of a pattern.
func spoil(t *testing.T, pattern string, how func([]byte) []byte) {
	t.Helper()
	found, _ := filepath.Glob(pattern)
	if len(found) != 1 {
		t.Fatalf("%s: %v", pattern, found)
	}
	data, err := os.ReadFile(found[0])
	if err == nil {
		err = os.WriteFile(found[0], how(data), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// endEngine ends an embedded engine in order.
func endEngine(t *testing.T, dir string) {
	t.Helper()
	pid := embeddedPid(dir)
	if pid == 0 {
		t.Fatal("no embedded engine runs")
	}
	engine := childOf(childOf(pid))
	syscall.Kill(pid, syscall.SIGTERM)
	awaitDeath(pid)
	awaitDeath(engine)
}

// A wire leads from a port on loopback to a socket, and can be cut, or held.
type wire struct {
	net.Listener
	mu   sync.Mutex
	ends []net.Conn
	held atomic.Pointer[hold]
}

func newWire(t *testing.T, socket string) *wire { return newWireAt(t, socket, "tcp", "127.0.0.1:0") }

// newWireAt is a wire that begins elsewhere.
func newWireAt(t *testing.T, socket, network, address string) *wire {
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l}
	t.Cleanup(func() { l.Close(); w.cut() })
	go func() { // until the listener is closed
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.ends = append(w.ends, near, far)
			w.mu.Unlock()
			go forward(near, far)
			go forward(far, heldReader{near, w})
		}
	}()
	return w
}

// forward copies until the wire is cut, or either side has ended.
func forward(to net.Conn, from io.Reader) {
	io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// A hold lets so many bytes go to the engine, and then none until it is released.
type hold struct {
	left           atomic.Int64
	full, released chan struct{} // closed when that is so
	once           sync.Once
}

func (w *wire) hold(bytes int64) *hold {
	h := &hold{full: make(chan struct{}), released: make(chan struct{})}
	h.left.Store(bytes)
	w.held.Store(h)
	return h
}

// cut breaks all connections that there are. New ones are whole.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.ends {
		c.Close()
	}
	w.ends = nil
}

type heldReader struct {
	io.Reader
	wire *wire
}

func (r heldReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if h := r.wire.held.Load(); h != nil && h.left.Add(-int64(n)) < 0 {
		h.once.Do(func() { close(h.full) })
		<-h.released
	}
	return n, err
}
