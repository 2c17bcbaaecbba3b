package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/worker/label"

	"github.com/buildls/buildls/build"
	"github.com/buildls/buildls/build/attach"
	"github.com/buildls/buildls/build/engine/docker"
)

// A Program is the image of a build that is to be run: by Docker, if it has the image, else in a
// container of the engine that built it.
type Program struct {
	Ports []Port // that the image exposes

	result  *build.Result
	command []string        // in place of the image's; nil: the image's own
	at      docker.Endpoint // that has the image
	image   string          // its ID there; empty if none has it
	notes   []string        // what is said before it runs
}

// A Port that an image exposes.
type Port struct {
	Number   int    // in the container
	Protocol string // as in EXPOSE, e.g. "tcp"
	Address  string // where it is reached on this machine, e.g. "127.0.0.1:8080"; empty if it is not
}

// Prepare says how the image of a build is run: the one for the engine's platform, if there are
// several. The command stands in place of the image's; it may be nil. The error says why there is
// nothing to run. Nothing runs yet.
func (b *Build) Prepare(ctx context.Context, command []string) (*Program, error) {
	if !b.Request.MakesImage() {
		return nil, errors.New("it made files, and no image that can be run; build without an output of type local or tar")
	}
	if len(b.Outcome.Results) == 0 {
		return nil, errors.New("its front end does not say how its image is run")
	}
	own := b.platform()
	p := &Program{command: command, result: b.Outcome.ResultFor(own)}
	if p.result == nil {
		return nil, fmt.Errorf("it made images for %s, and none for %s, on which %s runs; build for that platform", b.Outcome.MadePlatforms(), own, b.Conn.Info)
	}
	if len(p.result.Config.Entrypoint)+len(p.result.Config.Cmd)+len(command) == 0 {
		return nil, errors.New("its image has no ENTRYPOINT and no CMD; give a command")
	}
	p.Ports = exposed(p.result)
	if err := p.findImage(ctx, b); err != nil {
		return nil, err
	}
	switch {
	case p.image != "":
		p.publish(b)
	case p.result.Vertex == "":
		return nil, errors.New("its image has no files")
	default:
		return p, p.reach(ctx, b)
	}
	return p, nil
}

// platform is the engine's own.
func (b *Build) platform() string {
	if list := b.Conn.Info.Platforms; len(list) > 0 {
		return list[0]
	}
	return platforms.DefaultString()
}

// protocols are those that EXPOSE may name.
var protocols = []string{"tcp", "udp", "sctp"}

// exposed are the ports of EXPOSE, in their order.
func exposed(r *build.Result) (ports []Port) {
	for name := range r.Config.ExposedPorts {
		number, protocol, _ := strings.Cut(name, "/")
		protocol = cmp.Or(protocol, "tcp")
		if n, err := strconv.ParseUint(number, 10, 16); err == nil && slices.Contains(protocols, protocol) { // a front end may have written anything
			ports = append(ports, Port{Number: int(n), Protocol: protocol})
		}
	}
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Protocol, b.Protocol))
	})
	return ports
}

// reach says what network the container of an engine has, and how the ports are reached there.
func (p *Program) reach(ctx context.Context, b *Build) error {
	info := b.Conn.Info
	where := fmt.Sprintf("it runs in a container of %s", info)
	if b.Request.Network == "none" {
		p.notes = append(p.notes, where, noNetwork)
		return nil
	}
	host := b.Request.Network == "host"
	if !host {
		workers, err := b.Conn.ListWorkers(ctx)
		if err != nil {
			return err
		}
		host = len(workers) > 0 && workers[0].Labels[label.Network] == "host"
	}
	switch {
	case host && info.Name == "embedded":
		p.notes = append(p.notes, where+", with the network of this machine")
		for i, port := range p.Ports {
			p.Ports[i].Address = loopback(port.Number)
		}
	case host:
		p.notes = append(p.notes, where+", with the network of that engine")
	default:
		p.notes = append(p.notes, where+", which publishes no ports")
	}
	return nil
}

// reached says of each port where it is.
func (p *Program) reached() (said []string) {
	if len(p.Ports) > maxPublished {
		return []string{fmt.Sprintf("its %d ports are too many to be published", len(p.Ports))}
	}
	for _, port := range p.Ports {
		text := fmt.Sprintf("port %d/%s is not published", port.Number, port.Protocol)
		if port.Address != "" {
			text = fmt.Sprintf("port %d/%s is %s", port.Number, port.Protocol, port.Address)
		}
		said = append(said, text)
	}
	return said
}

// say tells the author what is not of the program.
func say(t attach.Terminal, notes ...string) {
	for _, note := range notes {
		if t.Stderr != nil {
			fmt.Fprintf(t.Stderr, "buildls: %s\n", note)
		} else {
			fmt.Fprintf(t.Stdout, "buildls: %s\r\n", note) // it may be raw
		}
	}
}

// Run runs a program that was prepared, and returns its exit code. t.Args, if there are some, stand in
// place of its command. The program has the entrypoint, environment, user and directory of the image,
// and a terminal, unless t has a Stderr. Run ends it with ctx, and when it does not answer to three
// Ctrl-C. The errors are those of [Build.Shell].
func (b *Build) Run(ctx context.Context, p *Program, t attach.Terminal) (int, error) {
	if len(t.Args) == 0 {
		t.Args = p.command
	}
	if t.Stderr == nil {
		var stop context.CancelFunc
		ctx, stop = withPatience(ctx, &t)
		defer stop()
	}
	run := b.runHere
	if p.image != "" {
		run = b.runInDocker
	}
	code, err := run(ctx, p, t)
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return codeInterrupted, nil
	}
	return code, err
}

// runHere runs a program in a container of the engine.
func (b *Build) runHere(ctx context.Context, p *Program, t attach.Terminal) (code int, ended error) {
	config := p.result.Config
	platform, err := platforms.Parse(p.result.Platform)
	if err != nil {
		return 0, err
	}
	args := t.Args
	if len(args) == 0 {
		args = config.Cmd
	}
	t.Args = slices.Concat(config.Entrypoint, args)
	c := Process{
		gateway.NewContainerRequest{NetMode: netModes[b.Request.Network], Platform: &pb.Platform{OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant}},
		gateway.StartRequest{Args: t.Args, Env: slices.Clone(config.Env), User: config.User, Cwd: cmp.Or(config.WorkingDir, "/"), Tty: t.Stderr == nil},
	}
	bare := *b
	bare.Request = &build.Request{Spec: b.Request.Spec}
	bare.Request.Secrets, bare.Request.SSH = nil, nil // they are the build's alone
	_, err = bare.ask(ctx, nil, nil, func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		if caps := g.BuildOpts().Caps; caps.Supports(gwpb.CapGatewayExec) != nil {
			ended = fmt.Errorf("%s is too old to run an image that Docker does not have; newer engines do", b.Conn.Info)
			return gateway.NewResult(), nil
		}
		root, err := bare.lookUp(ctx, g, stepState(p.result.State), &pb.Input{Digest: string(p.result.Vertex), Index: p.result.Output})
		if err != nil {
			return nil, err
		}
		c.Mounts = []gateway.Mount{{Dest: pb.RootMount, Ref: root}}
		say(t, p.notes...)
		say(t, p.reached()...)
		code, ended = c.Run(ctx, g, t)
		return gateway.NewResult(), nil
	})
	if ended != nil && !errors.As(err, new(*lostError)) {
		err = ended
	}
	return code, err
}

var netModes = map[string]pb.NetMode{"none": pb.NetMode_NONE, "host": pb.NetMode_HOST}
