package build

import (
	"fmt"
	"sync"
	"time"

	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/engine"
)

// A standIn is the embedded engine's own front end, where it may build in place of one that a
// Dockerfile asks for and that cannot be fetched.
type standIn struct {
	image   string // that is asked for
	version string // of the engine's own
	at      dockerfile.Lines
}

// standIn is nil if nothing may or can stand in.
func (r *Request) standIn(info engine.Info, text []byte) *standIn {
	image, at := r.frontendOf(text)
	if !r.BuiltinOffline || info.Name != "embedded" || !serves(info.Frontend, image) {
		return nil
	}
	if at == nil {
		at = &dockerfile.Lines{}
	}
	return &standIn{image, info.Frontend, *at}
}

// unreachedLately has, for each image that could not be fetched, why and when. A registry that a
// firewall hides does not refuse: without this, each build would wait half a minute for it.
var unreachedLately struct {
	sync.Mutex
	images map[string]lately
}

type lately struct {
	unreached
	at time.Time
}

// askAgain is after how long a registry is asked again.
const askAgain = 5 * time.Minute

// unreachedLately says that the image need not be asked for. There may be nothing that stands in.
func (s *standIn) unreachedLately() bool {
	if s == nil {
		return false
	}
	unreachedLately.Lock()
	defer unreachedLately.Unlock()
	last, ok := unreachedLately.images[s.image]
	return ok && time.Since(last.at) < askAgain
}

// isFor says whether an error is that the image cannot be fetched, and remembers it. There may be
// nothing that stands in.
func (s *standIn) isFor(err error) bool {
	if s == nil {
		return false
	}
	u, ok := unreachedIn(err.Error())
	if !ok || u.image != "" && !sameImage(s.image, u.image) {
		return false
	}
	unreachedLately.Lock()
	defer unreachedLately.Unlock()
	if unreachedLately.images == nil {
		unreachedLately.images = map[string]lately{}
	}
	unreachedLately.images[s.image] = lately{u, time.Now()}
	return true
}

// use has the engine's own front end build, by the options of a solve, and is what to tell of it.
func (s *standIn) use(attrs map[string]string) event {
	attrs["cmdline"] = s.image // to BuildKit's front end, that it is this image
	unreachedLately.Lock()
	last := unreachedLately.images[s.image]
	unreachedLately.Unlock()
	return event{warning: &dockerfile.Problem{Code: "frontend", Severity: dockerfile.Warning, Lines: s.at,
		Message: fmt.Sprintf("built with the engine's own front end %s, because %s could not be fetched: the registry %s is not reached (%s)", s.version, s.image, last.host, last.why)}}
}
