//go:build !linux || portable

package main

import "runtime/debug"

// trim gives memory back that only the start needed.
func trim() { debug.FreeOSMemory() }
