package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"syscall"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/engine/docker"
)

// answerWithin is how long Docker may take to say whether it has an image.
const answerWithin = 10 * time.Second

// findImage looks for the image in the Docker engine where the build has put it.
func (p *Program) findImage(ctx context.Context, b *Build) (err error) {
	at, ok := b.Conn.Docker()
	if !ok && b.Request.Loads() {
		at, err = docker.Current()
		ok = err == nil
	}
	if ok && b.Request.Discard {
		p.notes = append(p.notes, "its build, while you typed, left no image in Docker; a build by command does")
	}
	if !ok || !b.Outcome.Exported {
		return nil
	}
	p.at = at
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if p.image, err = docker.Holds(ctx, at, b.Outcome.ImageID, b.Outcome.Digest); err != nil {
		return fmt.Errorf("the Docker engine at %s does not say whether it has the image: %w", at.Host, err)
	}
	if p.image == "" {
		p.notes = append(p.notes, fmt.Sprintf("the Docker engine at %s no longer has the image", at.Host))
	}
	return nil
}

// maxPublished bounds how many ports are published: each costs a process on some engines.
const maxPublished = 64

// publish plans where Docker publishes the ports: at the same number, if that is free.
func (p *Program) publish(b *Build) {
	if b.Request.Network == "host" {
		p.notes = append(p.notes, "it has the network of the machine on which Docker runs (network: host)")
	}
	if b.Request.Network == "none" {
		p.notes = append(p.notes, noNetwork)
	}
	for i, port := range p.Ports {
		if b.Request.Network == "" && p.at.Local() && p.publishes(port) {
			p.Ports[i].Address = loopback(free(port))
		}
	}
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

const noNetwork = "it has no network, as the steps of its build had none (network: none)"

// publishes says whether Docker is to publish a port.
func (p *Program) publishes(port Port) bool {
	return len(p.Ports) <= maxPublished && (port.Protocol == "tcp" || port.Protocol == "udp")
}

// published are the ports that Docker publishes, with where that is planned.
func (p *Program) published() (list []docker.Port) {
	for _, port := range p.Ports {
		if p.publishes(port) {
			_, number, _ := net.SplitHostPort(port.Address)
			host, err := strconv.Atoi(number)
			if err != nil {
				host = port.Number
			}
			list = append(list, docker.Port{Number: port.Number, Protocol: port.Protocol, Host: host})
		}
	}
	return list
}

// free is the number of a port if nobody listens there, else another one.
func free(p Port) int {
	listen := func(number int) (int, error) {
		if p.Protocol == "udp" {
			c, err := net.ListenPacket("udp4", loopback(number))
			if err != nil {
				return 0, err
			}
			defer c.Close()
			return c.LocalAddr().(*net.UDPAddr).Port, nil
		}
		l, err := net.Listen("tcp4", loopback(number))
		if err != nil {
			return 0, err
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port, nil
	}
	_, err := listen(p.Number)
	if err == nil || errors.Is(err, fs.ErrPermission) { // one that only root may have, Docker may have
		return p.Number
	}
	number, err := listen(0)
	if err != nil {
		return p.Number
	}
	return number
}

// runInDocker runs a program in a container of Docker, which is removed when it ends.
func (b *Build) runInDocker(ctx context.Context, p *Program, t attach.Terminal) (int, error) {
	c := docker.Container{Image: p.image, Command: t.Args, Network: b.Request.Network, Tty: t.Stderr == nil}
	if p.result.Platform != b.platform() {
		c.Platform = p.result.Platform
	}
	if c.Tty {
		c.Env = []string{"TERM=" + cmp.Or(t.Term, "xterm")}
	}
	if c.Network == "" {
		c.Ports = p.published()
	}
	running, err := docker.Start(ctx, p.at, c)
	if err != nil {
		return 0, p.explainDocker(ctx, err)
	}
	defer running.Remove()
	say(t, p.notes...)
	say(t, p.where(running.Ports)...)
	defer tell(ctx, dockerProcess{running}, c.Tty, t)()
	stderr := io.Writer(t.Stdout)
	if t.Stderr != nil {
		stderr = t.Stderr
	}
	code, err := running.Run(ctx, t.Stdin, t.Stdout, stderr)
	switch {
	case err != nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	case err != nil:
		err = fmt.Errorf("the Docker engine at %s went away, and the program with it: %w", p.at.Host, err)
	}
	return code, err
}

// where says where Docker has published the ports.
func (p *Program) where(published []docker.Port) []string {
	now := Program{Ports: slices.Clone(p.Ports)}
	of := ""
	if !p.at.Local() {
		of = " of the machine of the Docker engine at " + p.at.Host
	}
	for i, port := range now.Ports {
		for _, q := range published {
			if q.Number == port.Number && q.Protocol == port.Protocol && q.Host != 0 {
				now.Ports[i].Address = loopback(q.Host) + of
			}
		}
	}
	return now.reached()
}

func (p *Program) explainDocker(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if program, missing := build.MissingProgram(err.Error()); missing {
		return &NoProgramError{program}
	}
	return fmt.Errorf("the Docker engine at %s cannot run the image: %w", p.at.Host, err)
}

type dockerProcess struct{ *docker.Running }

func (d dockerProcess) Resize(ctx context.Context, size gateway.WinSize) error {
	return d.Running.Resize(ctx, size.Rows, size.Cols)
}

func (d dockerProcess) Signal(ctx context.Context, signal syscall.Signal) error {
	return d.Running.Signal(ctx, int(signal))
}
