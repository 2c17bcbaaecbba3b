package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// Two servers that need the embedded engine at once, again and again, when it was killed and when
// it ended in order, have one, and both build.
func TestTwoServersStartOneEngine(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	log := filepath.Join(dir, "buildls", "engine", "engine.log")
	var both [2]author
	for i := range both {
		both[i] = newAuthor(t, s.env, workspace(t, "Dockerfile", "FROM scratch\n"))
		both[i].build("FROM scratch\n", nil)
	}
	for round := range enginetest.Some(50) {
		pid := embeddedPid(dir)
		if pid == 0 {
			t.Fatalf("round %d: no engine", round)
		}
		engine := childOf(childOf(pid)) // which answers a moment longer
		syscall.Kill(pid, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}[round%2])
		awaitDeath(pid)
		awaitDeath(engine)
		if err := os.Truncate(log, 0); err != nil {
			t.Fatal(err)
		}
		var tokens [2]string
		for i, a := range both {
			tokens[i] = a.begin("FROM scratch\nCOPY Dockerfile /\n", nil)
		}
		for i, a := range both {
			a.awaitEnd(tokens[i], "Built ")
		}
		var said []byte
		served := func() int {
			var err error
			if said, err = os.ReadFile(log); err != nil {
				t.Fatal(err)
			}
			return strings.Count(string(said), "serving on")
		}
		both[0].Await("the engine's word", func() bool { return served() > 0 }) // which may build before
		if n := served(); n != 1 {
			t.Fatalf("round %d: %d engines began to serve:\n%s", round, n, said)
		}
	}
	for _, a := range both {
		a.leave()
	}
}
