//go:build !portable

package embedded_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/enginetest"
	"golang.org/x/sys/unix"
)

// Memory that is collected while the namespace is made does no harm.
func TestBeginsWhileMemoryIsCollected(t *testing.T) {
	t.Setenv("GOGC", "1")
	for range 10 {
		connect(t, newEngine(t))
	}
}

// An ordinary user's engine of which no namespace comes to be says so, or ends as it is told to, and nobody
// waits for it.
func TestNamespaceIsNotMade(t *testing.T) {
	if os.Getuid() == 0 {
		return // root's engine waits for no word; TestWithoutRoot runs this as an ordinary user
	}
	newgidmap, err := exec.LookPath("newgidmap")
	if err != nil {
		t.Fatal(err)
	}
	with := func(t *testing.T, program, script string) embedded.Paths {
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
		return newEngine(t)
	}
	for _, c := range []struct{ name, program, script, says string }{
		{"kills", "newgidmap", newgidmap + ` "$@" && kill -KILL "$1"`, "its first process ended before it was ready"},
		{"fails", "newgidmap", "exit 3", "newgidmap"},
		{"idles", "newuidmap", "exit 0", "it was not ready within 20s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := with(t, c.program, c.script)
			if _, err := embedded.Connect(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
		})
	}
	t.Run("SIGTERM", func(t *testing.T) {
		p := with(t, "newgidmap", "exec sleep 100")
		cmd := connectProcess(p)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(limit); len(processesOf(p.Root)) < 2; time.Sleep(time.Millisecond) { // the supervisor, and the first process
			if time.Now().After(deadline) {
				t.Fatal("no engine begins")
			}
		}
		cmd.Process.Kill() // else it would start another one
		cmd.Wait()
		for pid, line := range processesOf(p.Root) {
			if !strings.Contains(line, " rootless-first ") {
				engine := openProcess(t, pid)
				unix.PidfdSendSignal(engine, unix.SIGTERM, nil, 0)
				waitEnd(t, engine, limit)
			}
		}
	})
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
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run", "^Test(Build|Failing|Insecure|Socket|EngineSurvives|Idle|Killed|Begins|Namespace|EngineEnds|Stale|ProgramSays|Concurrent|EngineIsFound|Canceled|Terminated)")
	who.Run(cmd, home)
	cmd.Env = append(cmd.Env, "BUILDLS_TEST_ENGINES="+os.Getenv("BUILDLS_TEST_ENGINES"), builtEnv+"="+filepath.Join(home, "buildls"), busyboxEnv+"="+box)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	out, err := cmd.CombinedOutput()
	t.Logf("as %s:\n%s", who.Name, out)
	if err != nil {
		t.Error(err)
	}
}
