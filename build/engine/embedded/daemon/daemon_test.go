//go:build linux && !portable

package daemon

import (
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
		options Options
		args    string
		code    int
		wrong   string
		stderr  string
	}{
		{args: "start", wrong: `unexpected argument "start"`},
		{args: "first x", wrong: `unexpected argument "first"`},
		{options: Options{Idle: -time.Second}, wrong: "--idle -1s is negative"},
		{options: Options{Socket: strings.Repeat("/long", 50), Root: "/nowhere"}, code: 1, stderr: "buildls engine["},
	} {
		var stderr strings.Builder
		code, err := Main(c.options, strings.Fields(c.args), &stderr)
		wrong := ""
		if err != nil {
			wrong = err.Error()
		}
		if code != c.code || wrong != c.wrong || !strings.HasPrefix(stderr.String(), c.stderr) || (c.stderr == "") != (stderr.Len() == 0) {
			t.Errorf("%+v: code %d, %q, said %q", c, code, wrong, stderr.String())
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
