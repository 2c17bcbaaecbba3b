//go:build linux && !portable

package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/moby/buildkit/util/resolver"
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/embedded/config"
)

// solveMethod is the call that is a build.
const solveMethod = "/moby.buildkit.v1.Control/Solve"

// quiet is how long a build may take from its first question to its start, and how long a client
// waits for others' ends before it builds with the configuration that was.
const quiet = time.Second

// wishes have the engine run with its configuration as it is now. The client of a build says what
// it has read there. Registries are read anew while others build. For the rest the engine ends,
// and the client starts another one, but only when nobody builds: what runs is not broken.
type wishes struct {
	root  string
	calls *activity // set before the first call

	mu       sync.Mutex
	runs     config.Wish
	hosts    docker.RegistryHosts
	building int         // calls that are builds
	asked    []time.Time // when builds asked that have not started yet
	putOff   config.Wish // the last that was not granted, of which the author was told
	endsFor  string      // the Rest for which it ends, of which the author was told
}

func newWishes(root string, c *config.Config) *wishes {
	return &wishes{root: root, runs: c.Runs(), hosts: resolver.NewRegistryConfig(c.Registries)}
}

// registryHosts are BuildKit's, of the registries as they were read last.
func (w *wishes) registryHosts(host string) ([]docker.RegistryHost, error) {
	w.mu.Lock()
	hosts := w.hosts
	w.mu.Unlock()
	return hosts(host)
}

// label tells what the engine runs with.
func (w *wishes) label() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, _ := json.Marshal(w.runs) // of strings
	return string(text)
}

// unary grants the wish that comes with a call, and counts the builds. It stands before what
// counts the calls in progress: one that waits here is none.
func (w *wishes) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if wish, ok := embedded.WishOf(ctx); ok {
		if err := w.grant(ctx, wish); err != nil {
			return nil, err
		}
	}
	if info.FullMethod == solveMethod {
		w.begin()
		defer w.end()
	}
	return handler(ctx, req)
}

func (w *wishes) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.building++
	if len(w.asked) > 0 {
		w.asked = w.asked[1:]
	}
}

func (w *wishes) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.building--
}

// grant returns when the engine runs with what is wished, or will not for now. An error says that
// it is ending.
func (w *wishes) grant(ctx context.Context, wish config.Wish) error {
	late := time.NewTimer(quiet)
	defer late.Stop()
	for {
		if granted, err := w.try(wish); granted {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late.C:
			w.refuse(wish)
			return nil
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (w *wishes) try(wish config.Wish) (granted bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = slices.DeleteFunc(w.asked, func(at time.Time) bool { return time.Since(at) > quiet })
	alone := w.building == 0 && len(w.asked) == 0
	switch {
	case wish.Rest != w.runs.Rest || wish.Proxies != w.runs.Proxies:
		if !alone || !w.calls.endNow() {
			return false, nil
		}
		// Proxies differ from one terminal to the next: that is no news.
		if wish.Rest != w.runs.Rest && wish.Rest != w.endsFor {
			w.endsFor = wish.Rest
			w.tell("the embedded engine starts anew, because its configuration has changed" + of(wish))
		}
		return true, status.Error(codes.Unavailable, "the embedded engine is ending because its configuration has changed")
	case wish.Registries != w.runs.Registries:
		if !alone && wish.File != w.runs.File { // others build with theirs
			return false, nil
		}
		if err := w.readRegistries(wish.File); err != nil {
			return true, status.Error(codes.FailedPrecondition, err.Error())
		}
	}
	w.runs.File = wish.File
	w.asked = append(w.asked, time.Now())
	return true, nil
}

func (w *wishes) readRegistries(file string) error {
	c := &config.Config{}
	if file != "" {
		var err error
		if c, err = config.Load(file); err != nil {
			return err
		}
	}
	w.hosts, w.runs.Registries = resolver.NewRegistryConfig(c.Registries), c.Runs().Registries
	resolver.DefaultPool.Clear() // logins, made with the certificates that were
	w.tell("the embedded engine has read its registries anew" + of(config.Wish{File: file}))
	return nil
}

// refuse lets a build go on with what the engine runs with.
func (w *wishes) refuse(wish config.Wish) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, time.Now())
	if w.putOff != wish {
		w.putOff = wish
		w.tell("the embedded engine still builds for others, and with the configuration that was: the change counts when they have ended" + of(wish))
	}
}

// tell has the author of the next build told. The lock is held, so that of two builds one tells.
func (w *wishes) tell(note string) {
	logrus.Info(note)
	if err := (embedded.Paths{Root: w.root}).LeaveNote(note); err != nil {
		logrus.WithError(err).Warn("no note is left")
	}
}

// of names the file that was read.
func of(wish config.Wish) string {
	if wish.File == "" {
		return " (no file)"
	}
	return fmt.Sprintf(" (%s)", wish.File)
}
