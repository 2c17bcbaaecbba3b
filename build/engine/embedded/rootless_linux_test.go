//go:build !portable

package embedded_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/enginetest"
)

// Memory that is collected while the namespace is made does no harm.
func TestBeginsWhileMemoryIsCollected(t *testing.T) {
	t.Setenv("GOGC", "1")
	for range 10 {
		connect(t, newEngine(t))
	}
}

// An ordinary user's engine whose first process ends before it is ready says so, and nobody waits for it.
func TestFirstProcessEndsEarly(t *testing.T) {
	if os.Getuid() == 0 {
		return // root's engine waits for no word; TestWithoutRoot runs this as an ordinary user
	}
	p := newEngine(t)
	newgidmap, err := exec.LookPath("newgidmap")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "newgidmap"), []byte("#!/bin/sh\n"+newgidmap+" \"$@\" && kill -KILL \"$1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if _, err := embedded.Connect(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), "its first process ended before it was ready") {
		t.Error(err)
	}
}

// All that holds for root's engine holds for an ordinary user's: its tests run again, as
// that user, each with engines in a user namespace.
func TestWithoutRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("this is without root")
	}
	enginetest.Dir(t)
	who := enginetest.OrdinaryUser(t)
	path, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	home := who.Home(t)
	self := filepath.Join(home, "embedded.test")
	box := filepath.Join(home, "busybox")
	for from, to := range map[string]string{os.Args[0]: self, path: filepath.Join(home, "buildls"), enginetest.Busybox(t): box} {
		if out, err := exec.Command("install", "-m", "755", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run", "^Test(Build|Failing|Insecure|Socket|EngineSurvives|Idle|Killed|Begins|FirstProcess|EngineEnds|Stale|ProgramSays|Concurrent|EngineIsFound|Canceled|Terminated)")
	who.Run(cmd, home)
	cmd.Env = append(cmd.Env, "BUILDLS_TEST_ENGINES="+os.Getenv("BUILDLS_TEST_ENGINES"), builtEnv+"="+filepath.Join(home, "buildls"), busyboxEnv+"="+box)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	out, err := cmd.CombinedOutput()
	t.Logf("as %s:\n%s", who.Name, out)
	if err != nil {
		t.Error(err)
	}
}
