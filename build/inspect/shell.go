package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"syscall"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/dockerfile"
)

// A Process is a container, and the process that is started in it.
type Process struct {
	gateway.NewContainerRequest
	gateway.StartRequest
}

// ShellIn is a shell in a terminal, with all that a command has except its mounts.
func ShellIn(exec *pb.ExecOp, platform *pb.Platform) Process {
	meta := exec.Meta
	return Process{
		gateway.NewContainerRequest{NetMode: exec.Network, Hostname: meta.Hostname, ExtraHosts: meta.ExtraHosts, Platform: platform},
		gateway.StartRequest{Args: []string{ShellOf(meta.Args)}, Env: slices.Clone(meta.Env), SecretEnv: exec.Secretenv,
			User: meta.User, Cwd: meta.Cwd, SecurityMode: exec.Security, Tty: true},
	}
}

// shells are the names of programs that can be used interactively.
var shells = []string{"sh", "ash", "bash", "dash", "ksh", "zsh", "fish"}

// ShellOf is the shell that runs a command: its first argument, or /bin/sh if that is no shell.
func ShellOf(args []string) string {
	if len(args) > 0 && slices.Contains(shells, path.Base(args[0])) {
		return args[0]
	}
	return "/bin/sh"
}

// MountOf is a mount of a command, without what it holds.
func MountOf(m *pb.Mount) gateway.Mount {
	return gateway.Mount{Selector: m.Selector, Dest: m.Dest, Readonly: m.Readonly, MountType: m.MountType,
		CacheOpt: m.CacheOpt, SecretOpt: m.SecretOpt, SSHOpt: m.SSHOpt}
}

// Run starts the process and returns its exit code. It ends the process with ctx. t.Args, if there are
// some, are run in place of Args. The error is a *[NoProgramError] if there is no such program.
func (s Process) Run(ctx context.Context, g gateway.Client, t attach.Terminal) (int, error) {
	if len(t.Args) > 0 {
		s.Args = t.Args
	}
	if t.Term != "" {
		s.Env = append(s.Env, "TERM="+t.Term)
	}
	output := &firstWords{WriteCloser: t.Stdout}
	s.Stdin, s.Stdout, s.Stderr = t.Stdin, output, output
	if t.Stderr != nil { // runc speaks there
		output.WriteCloser, s.Stdout = t.Stderr, t.Stdout
	}
	container, err := g.NewContainer(ctx, s.NewContainerRequest)
	if err != nil {
		return 0, fmt.Errorf("cannot make a container for %s: %w", s.Args[0], err)
	}
	defer container.Release(context.WithoutCancel(ctx))
	process, err := container.Start(ctx, s.StartRequest)
	if err != nil {
		return 0, s.explain(ctx, err)
	}
	defer tell(ctx, process, s.Tty, t)()
	return s.exit(ctx, process.Wait(), output)
}

// exit says how a process ended. If there is no such program, runc says so in the output.
func (s Process) exit(ctx context.Context, err error, output *firstWords) (int, error) {
	var exit *gwpb.ExitError
	switch {
	case err == nil:
		return 0, nil
	case ctx.Err() != nil || !errors.As(err, &exit) || exit.ExitCode == gwpb.UnknownExitStatus:
		return 0, s.explain(ctx, err)
	case strings.HasPrefix(string(output.words), "runc run failed: "):
		return 0, s.explain(ctx, errors.New(string(output.words)))
	}
	return int(exit.ExitCode), nil
}

// firstWords keeps the first 1024 bytes that are written.
type firstWords struct {
	io.WriteCloser
	words []byte
}

func (f *firstWords) Write(p []byte) (int, error) {
	f.words = append(f.words, p[:min(len(p), 1024-len(f.words))]...)
	return f.WriteCloser.Write(p)
}

// A NoProgramError says that the image does not have the program of a shell.
type NoProgramError struct{ Program string }

func (e *NoProgramError) Error() string { return "this image has no " + e.Program }

func (s Process) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if program, missing := build.MissingProgram(err.Error()); missing {
		return &NoProgramError{program}
	}
	return fmt.Errorf("%s could not start: %w", s.Args[0], err)
}

// A listener is a process that can be told what becomes of its terminal.
type listener interface {
	Resize(context.Context, gateway.WinSize) error
	Signal(context.Context, syscall.Signal) error
}

// tell tells a process the size of its terminal, if it has one, and what t tells, until it is stopped.
func tell(ctx context.Context, p listener, tty bool, t attach.Terminal) (stop context.CancelFunc) {
	ctx, stop = context.WithCancel(ctx)
	if tty {
		p.Resize(ctx, gateway.WinSize(t.Size))
	}
	go func() {
		resize := t.Resize
		for {
			select {
			case size, more := <-resize:
				if !more {
					resize = nil
					continue
				}
				p.Resize(ctx, gateway.WinSize(size))
			case signal := <-t.Signals:
				p.Signal(ctx, signal)
			case <-ctx.Done():
				return
			}
		}
	}()
	return stop
}

// Shell runs a program in the files that a step left, and returns its exit code. The engine finds the
// files in its cache; the step is not run again. If the step is a command, the program has its mounts
// and its environment. If not, the program has the environment after, which is in force behind the
// step; if that is nil, it has the environment of the nearest command before the step.
//
// The program has a terminal, unless t has a Stderr. Shell returns when it has ended. If ctx ends first, Shell ends the program, and the error
// is ctx's cause. It is a *[NoProgramError] if there is no such program.
func (b *Build) Shell(ctx context.Context, step int, after *dockerfile.Environment, t attach.Terminal) (int, error) {
	code, ended := 0, error(nil)
	_, err := b.ask(ctx, nil, nil, func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil {
			ended = fmt.Errorf("%s is too old to run shells in steps; newer engines do", b.Conn.Info)
			return gateway.NewResult(), nil
		}
		s, err := b.shell(ctx, g, b.state(step), after)
		if err != nil {
			return nil, err
		}
		s.Tty = t.Stderr == nil
		code, ended = s.Run(ctx, g, t)
		return gateway.NewResult(), nil
	})
	if ended != nil && !errors.As(err, new(*lostError)) {
		err = ended
	}
	return code, err
}

// Shell runs a program in a build that is paused: in the files of the command that failed, as far as
// it wrote them, and with its mounts and environment. It returns the program's exit code. It ends the
// program when the build is released, and with ctx. The error is a *[NoProgramError] if there is no
// such program.
func Shell(ctx context.Context, paused *build.PausedFailure, t attach.Terminal) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-paused.Released():
			cancel(errors.New("a newer build has started, or this one was not used for some minutes: the shell has ended"))
		case <-ctx.Done():
		}
	}()
	op, ids := paused.Command()
	exec := op.GetExec()
	c := ShellIn(exec, op.Platform)
	for i, m := range exec.Mounts {
		at := MountOf(m)
		if i < len(ids) {
			at.ResultID = ids[i]
		}
		c.Mounts = append(c.Mounts, at)
	}
	return c.Run(ctx, paused.Gateway(), t)
}

// shell is a shell in the files that the step left; in is the environment of a step that is no
// command.
func (b *Build) shell(ctx context.Context, g gateway.Client, s stepState, in *dockerfile.Environment) (Process, error) {
	op, err := s.op()
	if err != nil {
		return Process{}, err
	}
	_, after, err := s.around()
	if err != nil {
		return Process{}, err
	}
	root, err := b.lookUp(ctx, g, s, after)
	if err != nil {
		return Process{}, err
	}
	exec := op.GetExec()
	if exec == nil {
		c := ShellIn(s.commandBefore(op), op.Platform)
		if in != nil {
			c.Env, c.Cwd, c.User, c.Args = in.Env, in.Dir, in.User, []string{ShellOf(in.Shell)}
		}
		c.Mounts = []gateway.Mount{{Dest: pb.RootMount, Ref: root}}
		return c, nil
	}
	c := ShellIn(exec, op.Platform)
	for _, m := range exec.Mounts {
		at := MountOf(m)
		switch {
		case m.Dest == pb.RootMount:
			at.Ref = root
		case m.Input >= 0:
			if at.Ref, err = b.lookUp(ctx, g, s, op.Inputs[m.Input]); err != nil {
				return Process{}, err
			}
		}
		c.Mounts = append(c.Mounts, at)
	}
	return c, nil
}

// commandBefore is the nearest command on which an op stands. If there is none, it is a command
// without an environment.
func (s stepState) commandBefore(op *pb.Op) *pb.ExecOp {
	for range s.Ops {
		in, _, err := Through(op)
		if err != nil || in < 0 || in >= int64(len(op.Inputs)) {
			break
		}
		if op, err = (stepState{s.Ops, digest.Digest(op.Inputs[in].Digest)}).op(); err != nil {
			break
		}
		if exec := op.GetExec(); exec != nil {
			return &pb.ExecOp{Meta: exec.Meta}
		}
	}
	return &pb.ExecOp{Meta: &pb.Meta{Cwd: "/"}}
}
