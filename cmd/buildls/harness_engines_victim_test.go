package main

import (
	"syscall"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A victim is an engine of a test's own, to which things happen.
type victim struct {
	site
	kill  func()               // by SIGKILL; returns when it is gone
	stop  func() (gone func()) // in order; gone waits for its end
	start func()               // again, after that, at the same address
	pid   func() int           // of the process that builds
}

// onEachVictim runs a test on an engine of each kind that buildls builds on.
func onEachVictim(t *testing.T, test func(t *testing.T, v victim)) {
	for name, start := range victims {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

var victims = map[string]func(*testing.T) victim{
	"embedded": embeddedVictim,
	"buildkitd": func(t *testing.T) victim {
		d := enginetest.StartBuildkitd(t)
		return daemonVictim(t, d, buildkitdSite(d))
	},
	"docker-20.10": func(t *testing.T) victim {
		d := enginetest.StartDocker(t, "20.10")
		return daemonVictim(t, d, dockerSite(d, "20.10"))
	},
	"docker-28": func(t *testing.T) victim {
		d := enginetest.StartDocker(t, "28")
		return daemonVictim(t, d, dockerSite(d, "28"))
	},
}

func daemonVictim(t *testing.T, d *enginetest.Daemon, s site) victim {
	s.env = append(s.env, "BUILDLS_ENGINE="+s.engine) // nowhere else, whatever happens
	return victim{site: s, kill: d.Kill, stop: func() func() {
		pid := d.Pid()
		syscall.Kill(pid, syscall.SIGTERM)
		return func() {
			awaitDeath(pid)
			d.Kill() // it is dead, but d may not have seen it
		}
	}, start: func() { d.Start(t) }, pid: d.Pid}
}

func embeddedVictim(t *testing.T) victim {
	s, dir := ownEmbedded(t)
	builds := func() int {
		pid := childOf(childOf(embeddedPid(dir)))
		if pid == 0 { // to a signal, this process and its fellows
			t.Fatal("no embedded engine runs")
		}
		return pid
	}
	return victim{site: s, pid: builds, stop: func() func() {
		pid := embeddedPid(dir)
		syscall.Kill(pid, syscall.SIGTERM)
		return func() { awaitDeath(pid) }
	}, start: func() {}, kill: func() {
		pid := builds()
		syscall.Kill(pid, syscall.SIGKILL)
		awaitDeath(pid)
		eventually(func() bool { return embeddedPid(dir) == 0 })
	}}
}
