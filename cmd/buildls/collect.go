package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// slack is how much garbage the server leaves lying before it collects it, in bytes: while
	// the heap is a few MiB, typing should not pay for marking it.
	slack = 20 << 20
	// leastPercent and mostPercent bound what slack comes to, in percent of what is in use.
	leastPercent, mostPercent = 50, 400
)

// collectAt sets how far the heap may grow until the next collection, after each collection, for
// as long as the program runs.
func collectAt() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := mostPercent
	if n := live[0].Value.Uint64(); n > 0 {
		percent = int(min(mostPercent, max(leastPercent, slack*100/n)))
	}
	debug.SetGCPercent(percent)
	runtime.AddCleanup(&[16]byte{}, func(struct{}) { collectAt() }, struct{}{})
}
