package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/util/appdefaults"

	"github.com/buildls/buildls/build/engine/docker"
	"github.com/buildls/buildls/build/engine/embedded"
)

// A Choice is an engine, why it was chosen, and what was tried before it. Its owner
// calls Release when the build is over.
type Choice struct {
	Info    Info
	Conn    *Conn // nil if the engine was not to be started
	Why     string
	Tried   []string // a sentence each
	Release func()
}

// A NoneError says that no engine was found, and what was tried.
type NoneError struct{ Tried []string }

func (e *NoneError) Error() string {
	return "no engine to build with. Tried " + strings.Join(e.Tried, "; ") +
		". Start Docker, set the setting buildls.engine (or $BUILDLS_ENGINE) to a buildkitd's address, or mend the embedded engine; `buildls doctor` tells more"
}

// Parse reads an engine's address as the setting and $BUILDLS_ENGINE spell it:
// "docker", "embedded", unix://… or tcp://…. "" and "auto" give nil: to be found.
func Parse(address string) (Engine, error) {
	switch scheme, rest, _ := strings.Cut(address, "://"); {
	case address == "" || address == "auto":
		return nil, nil
	case address == "docker":
		return currentDocker(), nil
	case address == "embedded":
		return Embedded(), nil
	case (scheme == "unix" || scheme == "tcp") && rest != "":
		return Buildkitd(address), nil
	}
	return nil, fmt.Errorf("unknown engine %q: it is auto, docker, embedded, or the address of a buildkitd (unix:///run/buildkit/buildkitd.sock, tcp://host:1234)", address)
}

// A Wish is an engine that somebody asked for.
type Wish struct {
	Who     string // e.g. "the setting buildls.engine"
	Address string // as [Parse] reads it
}

// Resolve connects to the engine for a build: the first that wishes name, else
// $BUILDLS_ENGINE, $BUILDKIT_HOST, else the first that answers of the Docker
// engine, a buildkitd on a default socket, and the embedded engine.
func (p *Pool) Resolve(ctx context.Context, report func(string), wishes ...Wish) (*Choice, error) {
	return p.resolve(ctx, wishes, func(e Engine) (*Choice, error) {
		conn, release, err := p.connect(ctx, e, report)
		if err != nil {
			return nil, err
		}
		return &Choice{Info: conn.Info, Conn: conn, Release: release}, nil
	})
}

// Which is Resolve for those who only ask: an embedded engine that could run is not
// started for it.
func (p *Pool) Which(ctx context.Context, wishes ...Wish) (*Choice, error) {
	return p.resolve(ctx, wishes, func(e Engine) (*Choice, error) {
		if idle, ok := e.(embeddedEngine); ok && embedded.Check() == nil && !idle.running(ctx) {
			return &Choice{Info: e.Info(), Release: func() {}}, nil
		}
		conn, release, err := p.connect(ctx, e, nil)
		if err != nil {
			return nil, err
		}
		return &Choice{Info: conn.Info, Conn: conn, Release: release}, nil
	})
}

// resolve takes the first engine that can be reached, in the order of the design.
func (p *Pool) resolve(ctx context.Context, wishes []Wish, reach func(Engine) (*Choice, error)) (*Choice, error) {
	wishes = append(wishes,
		Wish{"$BUILDLS_ENGINE", os.Getenv("BUILDLS_ENGINE")},
		Wish{"$BUILDKIT_HOST", os.Getenv("BUILDKIT_HOST")})
	for _, w := range wishes {
		e, err := Parse(w.Address)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.Who, err)
		}
		if e == nil {
			continue
		}
		choice, err := reach(e)
		if err != nil {
			return nil, err
		}
		choice.Why = w.Who + " names it"
		return choice, nil
	}
	return find(reach)
}

// find tries what may be there, in the order of the design.
func find(reach func(Engine) (*Choice, error)) (*Choice, error) {
	type candidate struct {
		engine Engine
		why    string
	}
	at, err := docker.Current()
	if err != nil { // a mistake in what somebody chose is not passed over
		return nil, brokenDocker(err).unavailable()
	}
	candidates := []candidate{{engine: Docker(at), why: "a Docker engine answers at " + at.Host}}
	if at.Context != "" {
		candidates[0].why = "the Docker context " + at.Context + " is in use"
	}
	for _, address := range buildkitdSockets() {
		candidates = append(candidates, candidate{engine: Buildkitd(address), why: "no Docker engine answers; a buildkitd does at " + address})
	}
	candidates = append(candidates, candidate{engine: Embedded(), why: "neither a Docker engine nor a buildkitd answers"})

	var tried []string
	for _, c := range candidates {
		choice, err := reach(c.engine)
		if err == nil {
			choice.Why, choice.Tried = c.why, tried
			return choice, nil
		}
		var u *UnavailableError
		if !errors.As(err, &u) {
			return nil, err // the caller gave up
		}
		tried = append(tried, fmt.Sprintf("%s (%v)", u.Info, plain(u.Err)))
	}
	return nil, &NoneError{Tried: tried}
}

// buildkitdSockets are where a buildkitd listens by default: for this user, and
// for the system.
func buildkitdSockets() []string {
	user, system := appdefaults.UserAddress(), appdefaults.Address
	if user == system {
		return []string{system}
	}
	return []string{user, system}
}

// EmbeddedPossible tells whether the embedded engine could run here, for doctor.
func EmbeddedPossible() error { return embedded.Check() }
