package docker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/connhelper"
	dockercontext "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/store"
	docker "github.com/docker/docker/client"

	"github.com/buildls/buildls/build/engine/dial"
	"github.com/buildls/buildls/build/engine/helper"
)

// DefaultContext is the name of the context that no store holds: $DOCKER_HOST, else the
// system's default socket.
const DefaultContext = "default"

// An Endpoint is where a Docker engine listens, and how to get there.
type Endpoint struct {
	Context string      // the Docker context that says so; empty for the default one
	Host    string      // unix://…, tcp://…, npipe://…, ssh://…
	tls     *tls.Config // nil without TLS
}

// Key is what buildx remembers an engine by: the context, else the host.
func (e Endpoint) Key() string {
	if e.Context != "" {
		return e.Context
	}
	return e.Host
}

// Current is the engine that a `docker` command would talk to: $DOCKER_HOST, else the
// context that $DOCKER_CONTEXT names, else the one of `docker context use`, else the
// default socket.
func Current() (Endpoint, error) {
	if os.Getenv(docker.EnvOverrideHost) != "" {
		return defaultEndpoint()
	}
	if name := os.Getenv("DOCKER_CONTEXT"); name != "" {
		e, err := Context(name)
		return e, because(err, "$DOCKER_CONTEXT")
	}
	path := filepath.Join(ConfigDir(), "config.json")
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Endpoint{}, err
	}
	var config struct{ CurrentContext string }
	if err := json.Unmarshal(data, &config); err != nil && len(data) > 0 {
		return Endpoint{}, fmt.Errorf("%s is not as Docker writes it: %w", path, err)
	}
	e, err := Context(config.CurrentContext)
	return e, because(err, "currentContext in "+path)
}

func because(err error, who string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", who, err)
}

// Chosen says whether somebody chose the engine: by a context, or by $DOCKER_HOST.
func (e Endpoint) Chosen() bool { return e.Context != "" || os.Getenv(docker.EnvOverrideHost) != "" }

// At is the engine of a context or, if there is none of that name, at a host: what
// buildx keeps as the endpoint of a node is either.
func At(contextOrHost string) (Endpoint, error) {
	if strings.Contains(contextOrHost, "://") {
		return Endpoint{Host: contextOrHost}, nil
	}
	return Context(contextOrHost)
}

// Context is the engine of the Docker context of that name. The error for a name that
// is not there lists those that are.
func Context(name string) (Endpoint, error) {
	if name == "" || name == DefaultContext {
		return defaultEndpoint()
	}
	contexts := contextStore()
	meta, err := contexts.GetMetadata(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Endpoint{}, fmt.Errorf("there is no Docker context %q; there are: %s", name, strings.Join(contextNames(contexts), ", "))
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("the Docker context %q: %w", name, err)
	}
	endpoint, ok := meta.Endpoints["docker"].(dockercontext.EndpointMetaBase)
	if !ok || endpoint.Host == "" {
		return Endpoint{}, fmt.Errorf("the Docker context %q names no Docker engine", name)
	}
	e := Endpoint{Context: name, Host: endpoint.Host}
	files, err := dockercontext.LoadTLSData(contexts, name, "docker")
	if err == nil {
		e.tls, err = tlsOf(files, endpoint.SkipTLSVerify)
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("the TLS files of the Docker context %q: %w", name, err)
	}
	return e, nil
}

// IsContext says whether there is a context of that name.
func IsContext(name string) bool {
	_, err := contextStore().GetMetadata(name)
	return err == nil || name == DefaultContext
}

// contextStore reads the contexts of this user. It writes nothing unless it is told to.
func contextStore() *store.ContextStore {
	return store.New(filepath.Join(ConfigDir(), "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter("docker", func() any { return &dockercontext.EndpointMetaBase{} })))
}

// ContextNames are the contexts that there are.
func ContextNames() []string { return contextNames(contextStore()) }

func contextNames(contexts *store.ContextStore) []string {
	names := []string{DefaultContext}
	list, _ := contexts.List() // one that cannot be read is not worth naming
	for _, meta := range list {
		names = append(names, meta.Name)
	}
	return names
}

// ConfigDir is where the `docker` command keeps what it knows.
func ConfigDir() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".docker")
}

// defaultEndpoint is that of the environment.
func defaultEndpoint() (Endpoint, error) {
	e := Endpoint{Host: os.Getenv(docker.EnvOverrideHost)}
	if e.Host == "" {
		e.Host = docker.DefaultDockerHost
	}
	if !strings.Contains(e.Host, "://") {
		e.Host = "tcp://" + e.Host // as `docker` reads it
	}
	dir, verify := os.Getenv(docker.EnvOverrideCertPath), os.Getenv(docker.EnvTLSVerify) != ""
	if !strings.HasPrefix(e.Host, "tcp://") || dir == "" && !verify {
		return e, nil
	}
	if dir == "" {
		dir = ConfigDir()
	}
	var err error
	if e.tls, err = tlsIn(dir, !verify); err != nil {
		return Endpoint{}, fmt.Errorf("the TLS files of $DOCKER_HOST: %w", err)
	}
	return e, nil
}

// tlsIn reads the TLS files of a folder, as `docker` names them.
func tlsIn(dir string, skipVerify bool) (*tls.Config, error) {
	var data dockercontext.TLSData
	for name, into := range map[string]*[]byte{"ca.pem": &data.CA, "cert.pem": &data.Cert, "key.pem": &data.Key} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		*into = content
	}
	if data.CA == nil && !skipVerify {
		return nil, fmt.Errorf("there is no ca.pem in %s", dir)
	}
	return tlsOf(&data, skipVerify)
}

// tlsOf is nil without TLS files.
func tlsOf(files *dockercontext.TLSData, skipVerify bool) (*tls.Config, error) {
	if files == nil && !skipVerify {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: skipVerify} // its owner says so
	if files == nil {
		return config, nil
	}
	if len(files.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(files.CA) {
			return nil, errors.New("ca.pem holds no certificate")
		}
	}
	if len(files.Cert) > 0 || len(files.Key) > 0 {
		pair, err := tls.X509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// A dialer opens a stream to an engine.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// dialer is how the engine is reached, and the host that the client library is told;
// nil leaves it to the library.
func (e Endpoint) dialer() (dialer, string, error) {
	scheme, address, _ := strings.Cut(e.Host, "://")
	switch scheme {
	case "unix":
		return func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", address)
		}, e.Host, nil
	case "ssh":
		through, err := connhelper.GetConnectionHelper(e.Host)
		if err != nil {
			return nil, "", err
		}
		return func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := through.Dialer(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return helper.Conn(conn), nil
		}, through.Host, nil
	case "tcp":
		address, _, _ = strings.Cut(address, "/")
		if e.tls != nil {
			d := &tls.Dialer{NetDialer: dial.Dialer(), Config: e.tls}
			return func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }, e.Host, nil
		}
		return func(ctx context.Context, _, _ string) (net.Conn, error) { return dial.TCP(ctx, address) }, e.Host, nil
	case "npipe":
		return nil, e.Host, nil
	}
	return nil, "", fmt.Errorf("%q is not the address of a Docker engine: it is unix://, tcp://, ssh:// or npipe://", e.Host)
}
