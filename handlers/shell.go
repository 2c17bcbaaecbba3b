package handlers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/dockerfile"
	"github.com/buildls/buildls/build/inspect"
	"github.com/buildls/buildls/lsp"
	"github.com/buildls/buildls/workspace"
)

// shells are the failed builds that are held for shells, and the sockets to which terminals
// attach. The zero value is ready.
type shells struct {
	mu     sync.Mutex
	dir    string // of the sockets; empty if there is none
	held   map[string]*heldBuild
	open   map[net.Listener]bool
	closed bool
}

// A heldBuild is let go when nobody has used it for shellIdle.
type heldBuild struct {
	*build.PausedFailure
	uri   workspace.URI
	idle  *time.Timer
	users int // terminals that are in it
}

// shellIdle is how long a failed build is held, and a socket waits for a terminal.
const shellIdle = 10 * time.Minute

// letGoWithin bounds the wait for an engine that is to let a build go.
const letGoWithin = 5 * time.Second

// hold keeps a failed build until it is let go; changed is called then.
func (s *shells) hold(b *sessionBuild, h *build.PausedFailure, changed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]*heldBuild{}
	}
	s.held[b.id] = &heldBuild{PausedFailure: h, uri: b.plan.Doc.URI, idle: time.AfterFunc(shellIdle, func() { h.Release(context.Background()) })}
	go func() { // ends with the build, which close lets go
		<-h.Ended()
		s.mu.Lock()
		s.held[b.id].idle.Stop()
		delete(s.held, b.id)
		s.mu.Unlock()
		changed()
	}()
}

// of is the build id as it is held, nil if it is not.
func (s *shells) of(id string) *heldBuild {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[id]
}

// use says that more terminals, or fewer, are in a build that is held.
func (s *shells) use(h *heldBuild, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.users += more; h.users == 0 {
		h.idle.Reset(shellIdle)
	} else {
		h.idle.Stop()
	}
}

// inUse says whether a terminal is in a failed build of a file.
func (s *shells) inUse(uri workspace.URI) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.held {
		if h.users > 0 && h.uri.Key() == uri.Key() {
			return true
		}
	}
	return false
}

// letGo lets go of the builds of a file; of all if it is empty. An engine would answer a newer
// one with the old failure.
func (s *shells) letGo(uri workspace.URI) {
	ctx, cancel := context.WithTimeout(context.Background(), letGoWithin)
	defer cancel()
	s.mu.Lock()
	var list []*heldBuild
	for _, h := range s.held {
		if uri == "" || h.uri.Key() == uri.Key() {
			list = append(list, h)
		}
	}
	s.mu.Unlock()
	for _, h := range list {
		h.Release(ctx)
	}
}

// close ends all shells, and removes the sockets.
func (s *shells) close() {
	s.letGo("")
	s.mu.Lock()
	s.closed = true
	for l := range s.open {
		l.Close()
	}
	dir := s.dir
	s.mu.Unlock()
	if dir != "" {
		os.RemoveAll(dir)
	}
}

// listen makes a socket for a shell, and says where to attach to it. It is closed when nobody has
// attached for a while, or with the server.
func (s *shells) listen() (l net.Listener, address string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, "", errShutdown
	}
	if _, gone := os.Stat(s.dir); gone != nil { // a cleaner of /tmp may have taken it
		if s.dir, err = attach.NewDir(); err != nil {
			return nil, "", err
		}
	}
	if l, address, err = attach.Listen(s.dir); err != nil {
		return nil, "", err
	}
	if s.open == nil {
		s.open = map[net.Listener]bool{}
	}
	s.open[l] = true
	return l, address, nil
}

func (s *shells) forget(l net.Listener) {
	l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, l)
}

// A shellFunc runs a shell in a terminal until it ends.
type shellFunc func(context.Context, attach.Terminal) (int, error)

func (s *Server) commandShell(raw []byte, _ *commandParams) (lsp.Work, error) {
	var arg struct {
		ID   string `json:"id"`
		Step *int   `json:"step"`
	}
	if err := decodeArgument("buildls.shell", raw, &arg); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		run, err := s.shellAt(ctx, stepArgument{ID: arg.ID, Step: arg.Step})
		if err != nil {
			return nil, err
		}
		command, err := s.offerTerminal(func(command []string) shellFunc { return offering(command, run) })
		return map[string][]string{"command": command}, err
	}, nil
}

// offerTerminal is the command line with which a terminal has something run in it. What, is made of
// that command line.
func (s *Server) offerTerminal(what func(command []string) shellFunc) (command []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l, address, err := s.shells.listen()
	if err != nil {
		return nil, err
	}
	command = []string{self, "attach", address}
	s.rpc.Go(func() { s.shells.serve(s.rpc.Context(), s.log, l, what(command)) })
	return command, nil
}

// offering says how another program is named, where there is no such one.
func offering(command []string, run shellFunc) shellFunc {
	return func(ctx context.Context, t attach.Terminal) (int, error) {
		code, err := run(ctx, t)
		if none := (*inspect.NoProgramError)(nil); errors.As(err, &none) {
			err = fmt.Errorf("%w; name a program that it has: %s --command PROGRAM", none, strings.Join(command, " "))
		}
		return code, err
	}
}

// environmentAfter is what is in force after a step; nil if that is not known.
func (s *Server) environmentAfter(ctx context.Context, b *sessionBuild, out *build.Outcome, step int) *dockerfile.Environment {
	if b.plan.Inline() != nil || len(b.plan.Platforms) > 1 { // whose lines are others, and of which it would be that of the first
		return nil
	}
	in, err := s.marks.baseline(b).EnvironmentAt(ctx, out.Steps[step].Lines.Last+1)
	if err != nil {
		return nil
	}
	return in
}

// shellAt finds how a shell in a step is run; without a step, in the one that failed.
func (s *Server) shellAt(ctx context.Context, arg stepArgument) (shellFunc, error) {
	b := s.builds.find(arg.ID)
	if b == nil {
		return nil, lsp.InvalidParams("buildls.shell: no build %q of this session is remembered", arg.ID)
	}
	failed := b.failedStep()
	if arg.Step == nil && failed >= 0 {
		arg.Step = &failed
	}
	if arg.Step == nil || *arg.Step != failed {
		arg.ID = b.id
		if _, err := b.step("buildls.shell", arg.Step); err != nil {
			return nil, err
		}
		return func(ctx context.Context, t attach.Terminal) (code int, err error) {
			wrong := s.withFinishedBuild(ctx, "buildls.shell", arg, func(p *inspect.Build) error {
				code, err = p.Shell(ctx, *arg.Step, s.environmentAfter(ctx, b, p.Outcome, *arg.Step), t)
				return err
			})
			return code, wrong
		}, nil
	}
	if h := s.shells.of(b.id); h != nil {
		return func(ctx context.Context, t attach.Terminal) (int, error) {
			s.shells.use(h, 1)
			defer s.following.look() // what was typed meanwhile
			defer s.shells.use(h, -1)
			return inspect.Shell(ctx, h.PausedFailure, t)
		}, nil
	}
	return nil, s.notHeld(ctx, b)
}

// notHeld says why there is no shell in a step that failed.
func (s *Server) notHeld(ctx context.Context, b *sessionBuild) error {
	if !s.features.shell {
		return lsp.InvalidParams("buildls.shell: what a failed step left is kept only for clients that say experimental.buildls.shell")
	}
	if choice, err := s.engines.Resolve(ctx, func(string) {}, b.plan.Platforms, b.plan.Preferences...); err == nil {
		defer choice.Release()
		if err := inspect.CanPause(ctx, choice.Conn); err != nil {
			return lsp.InvalidParams("buildls.shell: %v", err)
		}
	}
	return lsp.InvalidParams("buildls.shell: what the failed step left is no longer kept (or it is no RUN); build again")
}

// serve runs a shell for each terminal that attaches, until ctx ends or nobody has attached for a while.
func (s *shells) serve(ctx context.Context, log *zap.Logger, l net.Listener, run shellFunc) {
	defer s.forget(l)
	var wg sync.WaitGroup
	defer wg.Wait()
	idle := time.AfterFunc(shellIdle, func() { l.Close() })
	defer idle.Stop()
	lost := context.AfterFunc(ctx, func() { l.Close() }) // an editor may go without a shutdown
	defer lost()
	for {
		c, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				log.Warn("shell", zap.Error(err))
			}
			return
		}
		if !attach.Trusted(c) {
			c.Close()
			continue
		}
		idle.Reset(shellIdle)
		wg.Go(func() { attach.Serve(ctx, c, run) })
	}
}

// failedStep is the index of the step that failed, -1 if none did.
func (r *sessionBuild) failedStep() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outcome != nil {
		for i, st := range r.outcome.Steps {
			if st.Status == build.Failed {
				return i
			}
		}
	}
	return -1
}
