package main

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// An engine that was ended and came back between two builds is dialled again: the next
// build knows nothing of it.
func TestEngineReturns(t *testing.T) {
	again := func(t *testing.T, s site, restart func()) {
		t.Helper()
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"RUN echo "+dir+"\n")
		mustBuild(t, e, nil)
		for range 2 {
			restart()
			mustBuild(t, e, nil)
		}
		e.Shutdown()
	}
	daemon := func(d *enginetest.Daemon) func() {
		return func() {
			d.Kill()
			d.Start(t)
		}
	}
	t.Run("buildkitd", func(t *testing.T) {
		d := enginetest.StartBuildkitd(t)
		again(t, buildkitdSite(d), daemon(d))
	})
	for _, version := range []string{"20.10", "28"} {
		t.Run("docker-"+version, func(t *testing.T) {
			d := enginetest.StartDocker(t, version)
			again(t, dockerSite(d, version), daemon(d))
		})
	}
	t.Run("embedded, killed", func(t *testing.T) {
		s, dir := ownEmbedded(t)
		again(t, s, func() {
			pid := embeddedPid(dir)
			engine := childOf(childOf(pid)) // which outlives the process that is known by a moment
			syscall.Kill(pid, syscall.SIGKILL)
			awaitDeath(engine)
		})
	})
	t.Run("embedded, idle", func(t *testing.T) { // though the server keeps a connection to it
		s, dir := ownEmbedded(t)
		s.env = append(s.env, "BUILDLS_ENGINE_IDLE=1s")
		again(t, s, func() { awaitDeath(embeddedPid(dir)) })
	})
}

// ownEmbedded is an embedded engine that no other test uses, below a folder.
func ownEmbedded(t *testing.T) (site, string) {
	s, dir := embeddedSite(t), t.TempDir()
	s.env = []string{"BUILDLS_ENGINE=embedded", "XDG_RUNTIME_DIR=" + dir, "XDG_DATA_HOME=" + dir}
	t.Cleanup(func() {
		if pid := embeddedPid(dir); pid > 0 {
			syscall.Kill(pid, syscall.SIGTERM)
			awaitDeath(pid)
		}
	})
	return s, dir
}

// A connection that breaks while a step runs fails the build by name, ends the step, and
// leaves the next build alone.
func TestConnectionBreaks(t *testing.T) {
	for name, start := range map[string]func(*testing.T) (*enginetest.Daemon, string){
		"buildkitd": func(t *testing.T) (*enginetest.Daemon, string) { return enginetest.Buildkitd(t), "BUILDKIT_HOST" },
		"docker-28": func(t *testing.T) (*enginetest.Daemon, string) { return enginetest.Docker(t, "28"), "DOCKER_HOST" },
	} {
		t.Run(name, func(t *testing.T) {
			d, variable := start(t)
			wire := newWire(t, strings.TrimPrefix(d.Address, "unix://"))
			dir := workspace(t)
			e := edit(t, []string{variable + "=tcp://" + wire.Addr().String()}, dir)
			sleep, token := started(t, e, dir)
			wire.cut()
			e.Await("the progress's end", func() bool { return e.Ended(token) })
			p := e.Progress(token)
			if last := p[len(p)-1].Message; !contains(last, "Failed: ", "the connection to ", "broke") {
				t.Errorf("end %q", last)
			}
			awaitNoSleep(t, sleep)
			e.Replace("file://"+dir+"/Dockerfile", base(t)+"RUN echo whole\n")
			mustBuild(t, e, nil)
			e.Shutdown()
		})
	}
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

// cut breaks all connections that there are. New ones are whole.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.ends {
		c.Close()
	}
	w.ends = nil
}
