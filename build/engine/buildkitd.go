package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	"github.com/moby/buildkit/client/connhelper/kubepod"
	"github.com/moby/buildkit/client/connhelper/npipe"
	"github.com/moby/buildkit/client/connhelper/podmancontainer"
	"github.com/moby/buildkit/client/connhelper/ssh"

	"github.com/buildls/buildls/build/engine/dial"
	"github.com/buildls/buildls/build/engine/docker"
	"github.com/buildls/buildls/build/engine/helper"
)

// A buildkitd is BuildKit's daemon, wherever it runs.
type buildkitd struct {
	info Info
	dial func(context.Context, string) (net.Conn, error) // nil: by the address
	tls  certs
	mend string
}

func (e buildkitd) Info() Info { return e.info }

func (e buildkitd) Connect(ctx context.Context, _ func(string)) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	conn, err := e.connect(ctx)
	if err != nil {
		return nil, unavailable(ctx, e.info, err, e.mend)
	}
	return conn, nil
}

func (e buildkitd) connect(ctx context.Context) (*Conn, error) {
	if err := probe(ctx, e.info.Address); err != nil {
		return nil, err
	}
	opts, err := e.tls.options(e.info.Address)
	if err != nil {
		return nil, err
	}
	address := e.info.Address
	switch {
	case e.dial != nil: // an address would be dialled by the library's own helper
		address, opts = "", append(opts, client.WithContextDialer(e.dial))
	case strings.HasPrefix(address, "tcp://"):
		opts = append(opts, client.WithContextDialer(dial.TCP))
	}
	c, err := client.New(ctx, address, opts...)
	if err != nil {
		return nil, err
	}
	return greet(ctx, c, e.info)
}

// Buildkitd is the buildkitd at an address, with TLS as the environment says.
func Buildkitd(address string) (Engine, error) { return buildkitdAt(address, certsOfEnvironment()) }

// schemes are the addresses of a buildkitd, each with an example.
var schemes = []string{"unix:///run/buildkit/buildkitd.sock", "tcp://host:1234", "ssh://user@host", "docker-container://name",
	"podman-container://name", "kube-pod://name", "npipe:////./pipe/buildkitd"}

func buildkitdAt(address string, tls certs) (Engine, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	e := buildkitd{info: Info{Name: "buildkitd", Address: address}, mend: "Start buildkitd there, or choose another engine."}
	var through func(*url.URL) (*connhelper.ConnectionHelper, error)
	switch u.Scheme {
	case "unix":
		if u.Path == "" {
			return nil, errors.New("it lacks the socket's path: unix:///run/buildkit/buildkitd.sock")
		}
	case "tcp":
		if u.Port() == "" {
			return nil, errors.New("it lacks the port: tcp://host:1234")
		}
		e.tls = tls
		e.mend = mendTCP(tls)
	case "ssh":
		through, e.mend = ssh.Helper, "Try `ssh "+u.Host+" buildctl debug info`: it must work without a question."
	case "podman-container":
		through, e.mend = podmancontainer.Helper, "Start it: `podman start "+u.Hostname()+"`; buildkitd must run in it."
	case "kube-pod":
		through, e.mend = kubepod.Helper, "`kubectl get pods` says whether the pod runs; it must hold a buildkitd."
	case "docker-container":
		return dockerContainer(u)
	case "npipe":
		if runtime.GOOS != "windows" {
			return nil, errors.New("named pipes are on Windows only")
		}
		through = npipe.Helper
	default:
		return nil, fmt.Errorf("it is none of %s", strings.Join(schemes, ", "))
	}
	if through != nil {
		h, err := through(u)
		if err != nil {
			return nil, err
		}
		e.dial = func(ctx context.Context, addr string) (net.Conn, error) { return spoken(h.ContextDialer(ctx, addr)) }
	}
	return e, nil
}

// spoken has a helper's last words in the connection's errors.
func spoken(c net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return helper.Conn(c), nil
}

func mendTCP(tls certs) string {
	if tls == (certs{}) {
		return "Start buildkitd there. If it wants TLS, set $BUILDLS_TLS_CACERT, $BUILDLS_TLS_CERT and $BUILDLS_TLS_KEY to the files."
	}
	if tls.Cert == "" {
		return "Start buildkitd there with TLS. If it wants a client's certificate, set $BUILDLS_TLS_CERT and $BUILDLS_TLS_KEY to the files."
	}
	return "Start buildkitd there with TLS, and check the files: " + strings.Join(strings.Fields(tls.CACert+" "+tls.Cert+" "+tls.Key), ", ") + "."
}

// dockerContainer is the buildkitd in a container, as docker-container://NAME?context=CONTEXT.
func dockerContainer(u *url.URL) (Engine, error) {
	if u.Hostname() == "" {
		return nil, errors.New("it lacks the container's name: docker-container://name")
	}
	e := buildkitd{info: Info{Name: "buildkitd", Address: u.String()}}
	at, err := docker.Current()
	if name := u.Query().Get("context"); name != "" {
		at, err = docker.Context(name)
	}
	if err != nil {
		return broken{info: e.info, err: err}, nil
	}
	return inContainer(e.info, at, u.Hostname()), nil
}

// inContainer is the buildkitd in a container of a Docker engine. The engine's API is
// asked, so that no `docker` need be on PATH.
func inContainer(info Info, at docker.Endpoint, container string) Engine {
	return buildkitd{
		info: info,
		dial: func(ctx context.Context, _ string) (net.Conn, error) {
			return docker.Exec(ctx, at, container, "buildctl", "dial-stdio")
		},
		mend: "Start it: `docker start " + container + "`; buildkitd must run in it.",
	}
}

// certs are the files of a connection by TLS. Without any there is no TLS.
type certs struct{ CACert, Cert, Key, ServerName string }

func certsOfEnvironment() certs {
	return certs{os.Getenv("BUILDLS_TLS_CACERT"), os.Getenv("BUILDLS_TLS_CERT"), os.Getenv("BUILDLS_TLS_KEY"), os.Getenv("BUILDLS_TLS_SERVERNAME")}
}

// options are none without TLS.
func (c certs) options(address string) ([]client.ClientOpt, error) {
	if c == (certs{}) {
		return nil, nil
	}
	for _, file := range []string{c.CACert, c.Cert, c.Key} {
		if file == "" {
			continue
		}
		switch st, err := os.Stat(file); {
		case errors.Is(err, fs.ErrNotExist): // not the socket
			return nil, fmt.Errorf("there is no file %s for its TLS", file)
		case err != nil:
			return nil, err
		case !st.Mode().IsRegular(): // BuildKit's client would read it without an end
			return nil, fmt.Errorf("%s, for its TLS, is no file", file)
		}
	}
	if (c.Cert == "") != (c.Key == "") {
		return nil, errors.New("its TLS needs both a certificate and its key, or neither")
	}
	name := c.ServerName
	if u, err := url.Parse(address); err == nil && name == "" {
		name = u.Hostname()
	}
	opts := []client.ClientOpt{client.WithServerConfigSystem(name)}
	if c.CACert != "" {
		opts[0] = client.WithServerConfig(name, c.CACert)
	}
	if c.Cert != "" {
		opts = append(opts, client.WithCredentials(c.Cert, c.Key))
	}
	return opts, nil
}
