package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed all:example
var example embed.FS

// A desk is a directory of the demo's own: the workspace, and the state of an engine.
type desk struct{ dir string }

func newDesk() (*desk, error) {
	parent := os.TempDir()
	if len(parent) > 40 { // the engine's socket lies below, and its path may have 107 bytes
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "buildls-demo")
	if err != nil {
		return nil, err
	}
	d := &desk{dir}
	if err := d.fill(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return d, nil
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, "coffee", name) }
func (d *desk) uri(name string) string  { return "file://" + d.path(name) }

// fill lays out the example. What its base image is made of is this machine's busybox,
// so that no registry is asked for anything.
func (d *desk) fill() error {
	files, err := fs.Sub(example, "example")
	if err != nil {
		return err
	}
	if err := os.CopyFS(d.path(""), files); err != nil {
		return err
	}
	program, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("the example needs a static busybox: apt-get install busybox-static (%w)", err)
	}
	busybox, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(d.path("busybox"), busybox, 0o755)
}

// env has the server use an engine of the demo's own, which ends by itself should the
// demo be killed.
func (d *desk) env() []string {
	return append(os.Environ(), "BUILDLS_ENGINE=embedded", "BUILDLS_ENGINE_PROGRAM=", "BUILDLS_ENGINE_IDLE=1m",
		"XDG_RUNTIME_DIR="+d.dir, "XDG_DATA_HOME="+d.dir, "XDG_STATE_HOME="+d.dir)
}

// clear ends the engine, whose lock names its process and goes with it, and removes
// the desk.
func (d *desk) clear() error {
	lock := filepath.Join(d.dir, "buildls", "engine", "engine.lock")
	if data, err := os.ReadFile(lock); err == nil {
		var pid int
		if _, err := fmt.Fscan(strings.NewReader(string(data)), &pid); err != nil {
			return fmt.Errorf("ending the engine: %s names no process: %w", lock, err)
		}
		if engine, err := os.FindProcess(pid); err == nil {
			engine.Signal(syscall.SIGTERM)
		}
	}
	for late := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(lock); err != nil {
			return os.RemoveAll(d.dir)
		}
		if time.Now().After(late) {
			return fmt.Errorf("the engine does not end; its state is left in %s", d.dir)
		}
	}
}

// exists says whether the workspace has a file on the disk.
func (d *desk) exists(name string) bool {
	_, err := os.Stat(d.path(name))
	return err == nil
}
