//go:build !portable

package attach

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// dialEnv makes the test binary a process that connects to a socket and waits for its end.
const dialEnv = "BUILDLS_TEST_DIAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(dialEnv); path != "" {
		if c, err := net.Dial("unix", path); err == nil {
			c.Read(make([]byte, 1))
		}
		return
	}
	os.Exit(m.Run())
}

// A shell is for the user whose editor asked for it: another one does not get at the socket
// and, could he, would be refused.
func TestForNobodyElse(t *testing.T) {
	enginetest.Dir(t)
	other := enginetest.OrdinaryUser(t)
	home := other.Home(t)
	l, path, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", st.Mode(), err)
	}
	program := filepath.Join(home, "attach.test")
	if out, err := exec.Command("install", "-m", "755", os.Args[0], program).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(path, 0o666); err != nil { // as if the rights did not hold him off
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetDeadline(time.Now().Add(time.Minute))
	for _, c := range []struct {
		trusted bool
		prepare func(*exec.Cmd)
	}{{true, func(*exec.Cmd) {}}, {false, func(cmd *exec.Cmd) { other.Run(cmd, home) }}} {
		cmd := exec.Command(program)
		cmd.Env = []string{dialEnv + "=" + path}
		c.prepare(cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := Trusted(conn); got != c.trusted {
			t.Errorf("trusted %v, want %v", got, c.trusted)
		}
		conn.Close()
		cmd.Wait()
	}
}
