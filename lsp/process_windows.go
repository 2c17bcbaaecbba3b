package lsp

import (
	"context"

	"golang.org/x/sys/windows"
)

// waitForDeath waits until the process dies, and says whether it did; false if ctx
// ended first, or if this user may not know.
func waitForDeath(ctx context.Context, pid int) bool {
	process, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return err == windows.ERROR_INVALID_PARAMETER // there is none
	}
	defer windows.CloseHandle(process)
	for ctx.Err() == nil {
		if event, _ := windows.WaitForSingleObject(process, 1000); event == windows.WAIT_OBJECT_0 {
			return true
		}
	}
	return false
}
