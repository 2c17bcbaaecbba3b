// Package embedded is the client's side of the embedded engine: it starts `buildls
// engine`, one per user, and connects to it. The engine itself is the package daemon,
// which runs in that other process and is not imported here.
//
// It does not know what is built: it hands out a BuildKit client, as every other engine
// does.
package embedded

// Name is what the engine calls itself.
const Name = "buildls engine"

// ExitLocked is the exit code of an engine that found another one holding its root.
// Whoever started it waits for the other one instead.
const ExitLocked = 3

// Paths are the places of one engine. Engines with the same Root are the same engine.
type Paths struct {
	Socket string // where it listens
	Root   string // its state: cache, snapshots, lock
	Log    string // what it and its starter have to say
	// Config is the file of the configuration that a client wants the engine to have; empty: see
	// config.Load. It makes no other engine.
	Config string
}

// LockName is the file below Root which the running engine holds by flock. It contains
// the engine's process id and its socket, a line each.
const LockName = "engine.lock"
