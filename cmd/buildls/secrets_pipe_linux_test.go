package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A secret may come from a pipe, which gives it once. While it does not come, everything that
// ends a build ends this one.
func TestSecretOfPipe(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", base(t)+"RUN --mount=type=secret,id=s echo size $(wc -c </run/secrets/s) and $(cat /run/secrets/s)\n")
	cmd := program(t, s.env, "build", "--no-cache", "--progress", "plain", "--secret", "id=s,src=/dev/stdin", dir)
	cmd.Stdin = strings.NewReader("hunter2hunter2\n")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "size 15 and ***") {
		t.Errorf("%v\n%s", err, out)
	}
	cmd = program(t, s.env, "build", "--secret", "id=s,src=/dev/zero", dir)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "more than 512000 bytes") {
		t.Errorf("%v\n%s", err, out)
	}

	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"--secret", "id=s,src=" + fifo}, {"--ssh", "default=" + fifo}} {
		cmd = program(t, s.env, append([]string{"build", dir}, c...)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { cmd.Process.Signal(os.Interrupt) })
		timeout := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		if timeout.Stop(); cmd.ProcessState.ExitCode() != exitFailed {
			t.Errorf("%s: %v", c, cmd.ProcessState)
		}
	}

	e := editorOf(t, program(t, s.env), dir)
	secrets := map[string]any{"uri": "file://" + dir + "/Dockerfile", "noCache": true, "secrets": []map[string]string{{"id": "s", "src": "fifo"}}}
	var begun struct{ ID, Token string }
	if err := e.Execute("buildls.build", secrets, &begun); err != nil { // at once
		t.Fatal(err)
	}
	e.Await("what the build waits for", func() bool {
		return slices.ContainsFunc(e.Progress(`"`+begun.Token+`"`), func(p lsptest.Progress) bool { return strings.Contains(p.Message, "reading what is secret from "+fifo) })
	})
	var answer struct{ Canceled bool }
	if err := e.Execute("buildls.cancel", map[string]any{"id": begun.ID}, &answer); err != nil || !answer.Canceled {
		t.Errorf("%+v, %v", answer, err)
	}
	e.Await("the end", func() bool { return buildsOf(t, e)[0].Status == "canceled" })
	go os.WriteFile(fifo, []byte("hunter2hunter2\n"), 0)
	if out := logOf(t, e, mustBuild(t, e, secrets)); !strings.Contains(out, "size 15 and ***") {
		t.Errorf("log %q", out)
	}
	if err := e.Execute("buildls.build", secrets, &begun); err != nil {
		t.Fatal(err)
	}
	e.Shutdown()
}
