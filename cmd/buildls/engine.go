package main

import "github.com/buildls/buildls/build/engine/embedded/daemon"

// engineCommand runs the embedded engine in this process, until it is told to end or has
// been idle.
func engineCommand(args []string, std stdio) int {
	return daemon.Main(args, std.out, std.err)
}
