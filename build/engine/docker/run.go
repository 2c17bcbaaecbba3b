package docker

import (
	"context"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	docker "github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/docker/go-connections/nat"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// A Container is what is made of an image.
type Container struct {
	Image    string   // its ID
	Platform string   // as in "linux/arm64"; empty for the engine's own
	Command  []string // in place of the image's; nil: the image's own
	Env      []string // beside the image's
	Network  string   // "none", "host", or empty for the engine's own
	Tty      bool     // it has a terminal
	Ports    []Port   // that are published on the loopback interface of the engine's machine
}

// A Port of a container.
type Port struct {
	Number   int    // in the container
	Protocol string // "tcp" or "udp"
	Host     int    // on the engine's machine; 0 is one that is free there
}

// Local says whether the loopback interface of the engine's machine is taken for this machine's: of
// engines in a virtual machine here, what runs them passes it on.
func (e Endpoint) Local() bool {
	u, err := url.Parse(e.Host)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "unix" || u.Scheme == "npipe" || u.Scheme == "tcp" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// Holds returns the first of some IDs of which the engine has the image; empty if it has none.
func Holds(ctx context.Context, e Endpoint, ids ...string) (string, error) {
	c, err := e.client(nil)
	if err != nil {
		return "", err
	}
	defer c.Close()
	for _, id := range ids {
		if id == "" {
			continue
		}
		if _, err := c.ImageInspect(ctx, id); err == nil {
			return id, nil
		} else if !errdefs.IsNotFound(err) {
			return "", err
		}
	}
	return "", nil
}

// A Running is a container whose process was started. Its owner calls Remove.
type Running struct {
	Ports    []Port // as they are published
	client   *docker.Client
	id       string
	tty      bool
	attached types.HijackedResponse
	ended    <-chan container.WaitResponse
	lost     <-chan error
	unwait   context.CancelFunc
}

// Start makes a container and starts its process. A port of Ports that is taken on the engine's
// machine is replaced by one that is free.
func Start(ctx context.Context, e Endpoint, c Container) (*Running, error) {
	client, err := e.client(nil)
	if err != nil {
		return nil, err
	}
	r, err := start(ctx, e, client, c)
	if err != nil && portTaken(err) {
		c.Ports = anywhere(c.Ports)
		r, err = start(ctx, e, client, c)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return r, nil
}

func anywhere(ports []Port) (free []Port) {
	for _, p := range ports {
		free = append(free, Port{p.Number, p.Protocol, 0})
	}
	return free
}

// portTaken says whether a container was not started because a port is not to be had. No code of the
// API says so.
func portTaken(err error) bool {
	for _, text := range []string{"port is already allocated", "address already in use", "Ports are not available"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// unlikelyKeys stand in place of those with which Docker leaves a container alone: a program gets all
// that is typed, and Ctrl-P at once.
const unlikelyKeys = "ctrl-@,ctrl-^,ctrl-@,ctrl-^"

func start(ctx context.Context, e Endpoint, client *docker.Client, c Container) (*Running, error) {
	config, host := c.configs()
	platform, err := c.platform()
	if err != nil {
		return nil, err
	}
	created, err := client.ContainerCreate(ctx, config, host, nil, platform, "")
	if err != nil {
		return nil, err
	}
	waiting, unwait := context.WithCancel(context.WithoutCancel(ctx))
	r := &Running{Ports: c.Ports, client: client, id: created.ID, tty: c.Tty, unwait: unwait}
	_, err = e.hijack(ctx, func(client *docker.Client) (net.Conn, error) {
		r.attached, err = client.ContainerAttach(ctx, r.id, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true, DetachKeys: unlikelyKeys})
		return r.attached.Conn, err
	})
	if err == nil {
		r.ended, r.lost = client.ContainerWait(waiting, r.id, container.WaitConditionNextExit)
		err = client.ContainerStart(ctx, r.id, container.StartOptions{})
	}
	if err != nil {
		r.remove()
		return nil, err
	}
	if len(c.Ports) > 0 {
		r.readPorts(ctx)
	}
	return r, nil
}

func (c Container) platform() (*ocispecs.Platform, error) {
	if c.Platform == "" {
		return nil, nil
	}
	p, err := platforms.Parse(c.Platform)
	return &p, err
}

func (c Container) configs() (*container.Config, *container.HostConfig) {
	config := &container.Config{Image: c.Image, Cmd: c.Command, Env: c.Env, Tty: c.Tty, OpenStdin: true, StdinOnce: true,
		AttachStdin: true, AttachStdout: true, AttachStderr: true, ExposedPorts: nat.PortSet{}}
	host := &container.HostConfig{NetworkMode: container.NetworkMode(c.Network), PortBindings: nat.PortMap{}}
	for _, p := range c.Ports {
		name, on := p.name(), nat.PortBinding{HostIP: "127.0.0.1"}
		if p.Host != 0 {
			on.HostPort = strconv.Itoa(p.Host)
		}
		config.ExposedPorts[name], host.PortBindings[name] = struct{}{}, []nat.PortBinding{on}
	}
	return config, host
}

func (p Port) name() nat.Port { return nat.Port(strconv.Itoa(p.Number) + "/" + p.Protocol) }

// readPorts asks where the ports are published. Those of a process that has ended are not any more.
func (r *Running) readPorts(ctx context.Context) {
	is, err := r.client.ContainerInspect(ctx, r.id)
	if err != nil || is.NetworkSettings == nil {
		return
	}
	var ports []Port
	for _, p := range r.Ports {
		for _, on := range is.NetworkSettings.Ports[p.name()] {
			p.Host, _ = strconv.Atoi(on.HostPort)
		}
		ports = append(ports, p)
	}
	r.Ports = ports
}

// Run connects the process with streams until it ends, and returns its exit code. If it has a terminal,
// stdout gets all that it prints. If ctx ends first, the process goes on. stdin is read until it ends
// or the process has.
func (r *Running) Run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	stop := context.AfterFunc(ctx, func() { r.attached.Close() })
	defer stop()
	go func() { // ends when the owner of stdin ends that, or with the connection
		io.Copy(r.attached.Conn, stdin)
		r.attached.CloseWrite()
	}()
	printed := make(chan int64, 1)
	go func() { // ends when the process has, or with the connection
		printed <- copyOutput(r.attached.Reader, stdout, stderr, r.tty)
	}()
	select {
	case end := <-r.ended:
		if <-printed == 0 {
			r.copyLogs(ctx, stdout, stderr)
		}
		return int(end.StatusCode), nil
	case err := <-r.lost:
		return 0, err
	case <-ctx.Done():
		<-printed
		return 0, context.Cause(ctx)
	}
}

// copyLogs copies what the engine has kept of the output. An engine says that it has attached before it
// has, so that a process that ends at once may have printed before.
func (r *Running) copyLogs(ctx context.Context, stdout, stderr io.Writer) {
	logs, err := r.client.ContainerLogs(ctx, r.id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil { // it keeps none
		return
	}
	defer logs.Close()
	copyOutput(logs, stdout, stderr, r.tty)
}

// copyOutput returns how many bytes there were.
func copyOutput(from io.Reader, stdout, stderr io.Writer, tty bool) (n int64) {
	if tty {
		n, _ = io.Copy(stdout, from)
	} else {
		n, _ = stdcopy.StdCopy(stdout, stderr, from)
	}
	return n
}

// Resize tells the process how large its terminal is.
func (r *Running) Resize(ctx context.Context, rows, cols uint32) error {
	return r.client.ContainerResize(ctx, r.id, container.ResizeOptions{Height: uint(rows), Width: uint(cols)})
}

// Signal sends the process a signal by its number.
func (r *Running) Signal(ctx context.Context, number int) error {
	return r.client.ContainerKill(ctx, r.id, strconv.Itoa(number))
}

// Remove ends the process if it runs, and removes the container.
func (r *Running) Remove() {
	r.remove()
	r.client.Close()
}

// removeWithin bounds the wait for an engine that is to remove a container.
const removeWithin = 10 * time.Second

func (r *Running) remove() {
	r.unwait()
	if r.attached.Conn != nil {
		r.attached.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
	defer cancel()
	r.client.ContainerRemove(ctx, r.id, container.RemoveOptions{Force: true, RemoveVolumes: true})
}
