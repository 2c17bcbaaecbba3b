package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/lsp/lsptest"
)

var sleeps atomic.Int64

// newSleep is a command line of a step that runs until it is killed, and can be told
// from all others on this machine.
func newSleep() string {
	return fmt.Sprintf("sleep 98%d.%04d", os.Getpid(), sleeps.Add(1))
}

// sleeping says whether a process with that command line runs.
func sleeping(command string) bool { return len(sleepers(command)) > 0 }

// sleepers are the processes with that command line.
func sleepers(command string) (pids []int) {
	want := strings.ReplaceAll(command, " ", "\x00")
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		data, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && strings.Contains(string(data), want) && !strings.Contains(string(data), "/bin/sh") {
			pid, _ := strconv.Atoi(e.Name())
			pids = append(pids, pid)
		}
	}
	return pids
}

// awaitSleep waits until the step runs.
func awaitSleep(t testing.TB, command string) {
	t.Helper()
	if !eventually(func() bool { return sleeping(command) }) {
		t.Fatalf("%s does not run", command)
	}
}

// awaitNoSleep waits until the step is gone, and tells how long that took.
func awaitNoSleep(t *testing.T, command string) {
	t.Helper()
	start := time.Now()
	if !eventually(func() bool { return !sleeping(command) }) {
		t.Fatalf("%s still runs", command)
	}
	t.Logf("the step's process was gone after %v", time.Since(start).Round(time.Millisecond))
}

// eventually asks cond until it is true, for a minute.
func eventually(cond func() bool) bool {
	late := time.Now().Add(time.Minute)
	for !cond() {
		if time.Now().After(late) {
			return false
		}
		time.Sleep(20 * time.Millisecond) // to look at all processes takes a few
	}
	return true
}

// awaitDeath waits until a process that is not our child is gone.
func awaitDeath(pid int) {
	eventually(func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
		return err != nil
	})
}

// endSleep ends a step that sleeps. An engine says that a step runs before its process does.
func endSleep(t *testing.T, command string) {
	t.Helper()
	awaitSleep(t, command)
	for _, pid := range sleepers(command) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	awaitNoSleep(t, command)
}

// childOf is the process that a process has started, 0 if there is none.
func childOf(pid int) int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range lists {
		var child int
		if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
			fmt.Sscan(string(text), &child)
			return child
		}
	}
	return 0
}

// shipped is the command line of bin/buildls, as `make build` makes it.
func shipped(b testing.TB, env []string, args ...string) *exec.Cmd {
	b.Helper()
	bin, err := filepath.Abs("../../bin/buildls")
	if err == nil {
		_, err = os.Stat(bin)
	}
	if err != nil {
		b.Skipf("SKIPPED, needs bin/buildls: make build (%v)", err)
	}
	cmd := program(b, env, args...)
	cmd.Path, cmd.Args[0] = bin, bin
	cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool { return kv == asProgram+"=1" })
	return cmd
}

// quiet drops the server's log: a benchmark does not want it.
func quiet(cmd *exec.Cmd) *exec.Cmd {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		cmd.Stderr = null
	}
	return cmd
}

// resident is the resident memory of a process in MB, that of its program's file included.
func resident(b testing.TB, pid int) int {
	b.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		b.Skipf("SKIPPED, needs /proc: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1000
}

// goroutinesOf ends a server, and counts its goroutines.
func goroutinesOf(e *lsptest.Editor, stderr *bytes.Buffer) int {
	syscall.Kill(e.Pid(), syscall.SIGQUIT)
	e.Exit()
	return strings.Count(stderr.String(), "\ngoroutine ")
}

func measure(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start).Microseconds()) / 1000
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// started begins a build whose step runs until it is killed.
func started(t *testing.T, e *lsptest.Editor, dir string) (sleep string, token string) {
	t.Helper()
	sleep = newSleep()
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", base(t)+"RUN trap '' TERM; "+sleep+"; true\n")
	var answer struct{ ID, Token string }
	if err := e.Execute("buildls.build", map[string]any{"uri": uri}, &answer); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	return sleep, `"` + answer.Token + `"`
}
