package main

import (
	"io"
	"net"
	"strings"
	"sync"
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

// A wire leads from a port on loopback to a socket, and can be cut.
type wire struct {
	net.Listener
	mu   sync.Mutex
	ends []net.Conn
}

func newWire(t *testing.T, socket string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
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
			for _, to := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() { // until it is cut, or either side has ended
					io.Copy(to[0], to[1])
					if half, ok := to[0].(interface{ CloseWrite() error }); ok {
						half.CloseWrite()
					}
				}()
			}
		}
	}()
	return w
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
