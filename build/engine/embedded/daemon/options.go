package daemon

import "time"

// DefaultIdle is how long an engine waits for a call.
const DefaultIdle = 10 * time.Minute

// Options are what `buildls engine` is told.
type Options struct {
	Root   string        // the directory of its state; empty is the user's own
	Socket string        // likewise
	Config string        // the file of its configuration; empty: BuildKit's default places
	Idle   time.Duration // it ends after so much time without a call, 0 is never
	Debug  bool          // log in detail
}
