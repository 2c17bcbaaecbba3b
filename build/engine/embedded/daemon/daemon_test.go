//go:build linux && !portable

package daemon

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"--nonsense", 2, "", "nonsense"},
		{"--version", 2, "", "-version"}, // it is the program's: buildls version
		{"--idle soon", 2, "", "soon"},
		{"--idle -1s", 2, "", "negative"},
		{"start", 2, "", `unexpected argument "start"`},
		{"start", 2, "", "Usage of buildls engine:\n"},
		{"--help", 0, "-socket", ""},
		{"--socket " + strings.Repeat("/long", 50) + " --root /nowhere", 1, "", "buildls engine["},
	} {
		var stdout, stderr bytes.Buffer
		code := Main(strings.Fields(c.args), &stdout, &stderr)
		said := func(out bytes.Buffer, want string) bool {
			return strings.Contains(out.String(), want) && (want == "") == (out.Len() == 0)
		}
		if code != c.code || !said(stdout, c.stdout) || !said(stderr, c.stderr) {
			t.Errorf("%s: code %d, want %d; said %q and %q", c.args, code, c.code, stdout.String(), stderr.String())
		}
	}
}

// The program listens to signals itself before it becomes the engine.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	if os.Getenv("BUILDLS_TEST_SIGNALS") != "" {
		signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)
		ctx, stop := untilSignaled()
		defer stop()
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		<-ctx.Done()
		os.Stdout.WriteString("told to end\n")
		for range 1000 {
			syscall.Kill(os.Getpid(), syscall.SIGTERM)
			time.Sleep(time.Millisecond)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecondSignalEndsAtOnce$")
	cmd.Env = append(os.Environ(), "BUILDLS_TEST_SIGNALS=1")
	out, err := cmd.Output()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !strings.Contains(string(out), "told to end") || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v, said %q; want an end by the second SIGTERM", err, out)
	}
}
