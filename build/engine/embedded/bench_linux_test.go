//go:build !portable

package embedded_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/enginetest"
	"golang.org/x/sys/unix"
)

// BenchmarkStart is the time from no engine to the first answer.
func BenchmarkStart(b *testing.B) {
	useProgram(b)
	for _, root := range []string{"warm", "cold"} {
		b.Run(root, func(b *testing.B) {
			dir := b.TempDir()
			b.StopTimer()
			for i := range b.N {
				name := "root"
				if root == "cold" {
					name = fmt.Sprint("root", i)
				}
				p, err := embedded.NewPaths(filepath.Join(dir, name), filepath.Join(dir, "engine.sock"))
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				c, err := embedded.Connect(b.Context(), p, nil)
				b.StopTimer()
				if err != nil {
					b.Fatal(err)
				}
				c.Close()
				endEngine(b, p)
			}
		})
	}
}

// BenchmarkConnect is what it costs to find that the engine runs.
func BenchmarkConnect(b *testing.B) {
	p := benchEngine(b)
	for b.Loop() {
		c, err := embedded.Connect(b.Context(), p, nil)
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

// BenchmarkCachedBuild is a build of three steps which changes nothing.
func BenchmarkCachedBuild(b *testing.B) {
	p := benchEngine(b)
	c, err := embedded.Connect(b.Context(), p, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	const step = "RUN echo hello > /greeting\n"
	if r := build(b.Context(), b, c, step, nil); r.err != nil {
		b.Fatal(r.err)
	}
	for b.Loop() {
		if r := build(b.Context(), b, c, step, nil); r.err != nil || r.cached < 3 {
			b.Fatalf("%v, %d steps cached", r.err, r.cached)
		}
	}
}

func useProgram(b *testing.B) {
	b.Helper()
	enginetest.Dir(b)
	if err := embedded.CheckHost(); err != nil {
		b.Skipf("no embedded engine here: %v", err)
	}
	path, err := buildProgram()
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("BUILDLS_ENGINE_PROGRAM", path)
}

func benchEngine(b *testing.B) embedded.Paths {
	b.Helper()
	useProgram(b)
	dir := b.TempDir()
	p, err := embedded.NewPaths(filepath.Join(dir, "root"), filepath.Join(dir, "engine.sock"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { endEngine(b, p) })
	return p
}

func endEngine(b *testing.B, p embedded.Paths) {
	b.Helper()
	engine, err := unix.PidfdOpen(holderPID(p), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(engine)
	unix.PidfdSendSignal(engine, unix.SIGTERM, nil, 0)
	waitEnd(b, engine, limit)
}
