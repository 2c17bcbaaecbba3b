//go:build !portable

package lsp

import (
	"os/exec"
	"testing"
)

// A process that has died and was not waited for is dead.
func TestZombieIsDead(t *testing.T) {
	client := exec.Command("sleep", "600")
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	defer client.Wait()
	client.Process.Kill()
	if !waitForDeath(t.Context(), client.Process.Pid) {
		t.Error("it counts as alive")
	}
}
