package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
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
		time.Sleep(5 * time.Millisecond)
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

// endSleep ends a step that sleeps.
func endSleep(t *testing.T, command string) {
	t.Helper()
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
