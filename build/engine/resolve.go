package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/util/appdefaults"

	"github.com/buildls/buildls/build/engine/buildx"
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
	// Again is the same engine by a connection that is there; nil if there is none. It starts
	// nothing, and may be called when the Choice has been released.
	Again func() *Choice
}

// A NoneError says that no engine was found, and what was tried.
type NoneError struct{ Tried []string }

func (e *NoneError) Error() string { return e.Short() + "; `buildls doctor` tells more" }

// Short is the error without the advice to ask doctor.
func (e *NoneError) Short() string {
	do := "Start Docker, set the setting buildls.engine (or $BUILDLS_ENGINE) to a buildkitd's address, or mend the embedded engine"
	if !embedded.Supported {
		do = "Start Docker, or set the setting buildls.engine (or $BUILDLS_ENGINE) to a buildkitd's address"
	}
	return "no engine to build with. Tried " + strings.Join(e.Tried, "; ") + ". " + do
}

// Parse reads an engine's address as the setting and $BUILDLS_ENGINE spell it: "docker",
// "embedded", "builder:NAME", or where a buildkitd is. "" and "auto" give nil: to be
// found. That an address can be read does not say that somebody is there.
func Parse(address string) (Engine, error) {
	switch address {
	case "", "auto":
		return nil, nil
	case "docker":
		return currentDocker(), nil
	case "embedded":
		return Embedded(), nil
	}
	if name, ok := strings.CutPrefix(address, "builder:"); ok && name != "" {
		return Builder(name), nil
	}
	if !strings.Contains(address, "://") {
		return nil, fmt.Errorf("unknown engine %q: it is auto, docker, embedded, builder:NAME, or the address of a buildkitd (%s)", address, strings.Join(schemes[:4], ", "))
	}
	e, err := Buildkitd(address)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w", address, err)
	}
	return e, nil
}

// Addresses are those that [Parse] reads, of the engines that this user has told Docker and
// buildx about, and of those that listen where a buildkitd does by default. It dials none.
func Addresses() []string {
	list := []string{"auto", "docker"}
	if embedded.Supported {
		list = append(list, "embedded")
	}
	for _, name := range BuilderNames() {
		list = append(list, "builder:"+name)
	}
	for _, address := range buildkitdSockets() {
		if _, err := os.Stat(strings.TrimPrefix(address, "unix://")); err == nil {
			list = append(list, address)
		}
	}
	return list
}

// A Preference is an engine that somebody asked for.
type Preference struct {
	Source  string // e.g. "the setting buildls.engine"
	Address string // as [Parse] reads it
}

// Resolve connects to the engine for a build: the first that preferences name, else
// $BUILDLS_ENGINE, $BUILDKIT_HOST, else the first that answers of the buildx builder
// that was chosen, the Docker engine, those of desktop programs if no Docker engine was chosen, a
// buildkitd on a default socket, and the embedded engine.
// Of a builder with several nodes it is the first that builds for the platforms, as in
// "linux/arm64".
func (p *Pool) Resolve(ctx context.Context, report func(string), platforms []string, preferences ...Preference) (*Choice, error) {
	return p.resolve(platforms, preferences, func(e Engine) (*Choice, error) {
		return p.connect(ctx, e, report)
	})
}

// Which is Resolve for those who only ask: an embedded engine that could run is not
// started for it.
func (p *Pool) Which(ctx context.Context, preferences ...Preference) (*Choice, error) {
	return p.resolve(nil, preferences, func(e Engine) (*Choice, error) {
		e = p.looking(e)
		if own, ok := e.(embeddedEngine); ok {
			if idle, err := own.idle(ctx); err != nil {
				return nil, err
			} else if idle {
				return &Choice{Info: e.Info(), Release: func() {}}, nil
			}
		}
		return p.connect(ctx, e, nil)
	})
}

// resolve takes the first engine that can be reached, in the order of the design.
func (p *Pool) resolve(platforms []string, preferences []Preference, reach func(Engine) (*Choice, error)) (*Choice, error) {
	preferences = append(preferences,
		Preference{"$BUILDLS_ENGINE", os.Getenv("BUILDLS_ENGINE")},
		Preference{"$BUILDKIT_HOST", os.Getenv("BUILDKIT_HOST")})
	for _, w := range preferences {
		e, err := Parse(w.Address)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.Source, err)
		}
		if e == nil {
			continue
		}
		choice, err := reach(forPlatforms(e, platforms))
		if err != nil {
			return nil, err
		}
		choice.Why = w.Source + " names it" + choice.Info.ofNodes(platforms)
		return choice, nil
	}
	return find(platforms, reach)
}

// A candidate is an engine that may be chosen unasked.
type candidate struct {
	engine Engine
	why    string // if it is chosen
}

// candidates are those of this machine and user, in the order of the design. A mistake in
// what somebody chose is an error: to build elsewhere would be silent.
func candidates() ([]candidate, error) {
	at, err := docker.Current()
	if err != nil {
		return nil, brokenDocker(err).unavailable()
	}
	var list []candidate
	name, who, err := buildx.At(docker.ConfigDir()).Chosen(at.Key())
	if err != nil {
		return nil, fmt.Errorf("the current buildx builder: %w", err)
	}
	if name != "" && name != docker.DefaultContext {
		e := Builder(name)
		if b, ok := e.(broken); ok && b.info.Driver == "" { // there is no such builder
			return nil, fmt.Errorf("%s: %w", who, b.unavailable())
		}
		list = append(list, candidate{e, who + " chose it"})
	}
	why := "a Docker engine answers at " + at.Host
	if at.Context != "" {
		why = "the Docker context " + at.Context + " is in use"
	}
	list = append(list, candidate{Docker(at), why})
	if !at.Chosen() {
		for _, d := range docker.Desktops(at.Host) {
			list = append(list, candidate{dockerEngine{at: d.Endpoint, start: d.Start}, "no Docker engine answers at " + at.Host + "; that of " + d.Name + " does"})
		}
	}
	for _, address := range buildkitdSockets() {
		e, err := Buildkitd(address)
		if err != nil {
			e = broken{info: Info{Name: "buildkitd", Address: address}, err: err}
		}
		list = append(list, candidate{e, "no Docker engine answers; a buildkitd does at " + address})
	}
	if embedded.Supported {
		list = append(list, candidate{Embedded(), "neither a Docker engine nor a buildkitd answers"})
	}
	return list, nil
}

// ofNodes says which node was taken, of a builder with several.
func (i Info) ofNodes(platforms []string) string {
	switch {
	case i.Node == "":
		return ""
	case len(platforms) > 0:
		return "; of its nodes, " + i.Node + " builds for " + strings.Join(platforms, " and ")
	}
	return "; of its nodes, " + i.Node + " is the first that answers"
}

// find tries the candidates in their order.
func find(platforms []string, reach func(Engine) (*Choice, error)) (*Choice, error) {
	list, err := candidates()
	if err != nil {
		return nil, err
	}
	var tried []string
	for _, c := range list {
		choice, err := reach(forPlatforms(c.engine, platforms))
		if err == nil {
			choice.Why, choice.Tried = c.why+choice.Info.ofNodes(platforms), tried
			return choice, nil
		}
		var u *UnavailableError
		if !errors.As(err, &u) {
			return nil, err // the caller gave up
		}
		tried = append(tried, fmt.Sprintf("%s (%v)", u.Info, u.reason()))
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
func EmbeddedPossible() error { return embeddedEngine{}.check() }
