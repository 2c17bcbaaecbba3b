//go:build !linux || portable

// Package daemon is the embedded engine, which runs on Linux alone. Elsewhere it says
// so.
package daemon

import (
	"fmt"
	"io"

	"github.com/buildls/buildls/build/engine/embedded"
)

// Main says that there is no embedded engine here, and what to use instead.
func Main(_ Options, _ []string, stderr io.Writer) (code int, err error) {
	fmt.Fprintf(stderr, "%s: %v\n", embedded.Name, embedded.Check())
	return 1, nil
}
