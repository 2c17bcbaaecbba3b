package engine

import (
	"errors"
	"testing"
)

// What gRPC quotes is read back: a path on Windows is full of backslashes.
func TestPlain(t *testing.T) {
	for said, want := range map[string]string{
		`failed to list workers: Unavailable: connection error: desc = "transport: Error while dialing: open \\\\.\\pipe\\new: File not found."`: `open \\.\pipe\new: File not found`,
		`connection error: desc = "transport: Error while dialing: one\ntwo"`:                                                                    `one; two`,
		`rpc error: desc = closed`: "closed",
		"it is not there":          "it is not there",
	} {
		if got := plain(errors.New(said)).Error(); got != want {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
}
