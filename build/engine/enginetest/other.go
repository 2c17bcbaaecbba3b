//go:build !linux

package enginetest

// Engines run on Linux alone. Elsewhere .ci/test-engines makes none ready, tests
// that need one are skipped, and this is what lets them compile.

import (
	"errors"
	"os/exec"
	"path/filepath"
	"time"
)

var errNotHere = errors.New("engines run on Linux only")

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func startProcess(*exec.Cmd) (*process, error) { return nil, errNotHere }
func (p *process) pid() int                    { return 0 }
func (p *process) running() bool               { return false }
func (p *process) pause()                      {}
func (p *process) resume()                     {}
func (p *process) kill()                       {}
func (p *process) end(time.Duration)           {}

type home struct{ dir string }

func newHome() (*home, error)                 { return nil, errNotHere }
func (h *home) path(elem ...string) string    { return filepath.Join(elem...) }
func (h *home) remove() error                 { return nil }
func (h *home) bridge() string                { return "" }
func (h *home) addBridge() error              { return errNotHere }
func (h *home) addNamespace() (string, error) { return "", errNotHere }
func (h *home) setCable(string) error         { return errNotHere }
func (h *home) canOverlay() bool              { return false }
