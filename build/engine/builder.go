package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os/exec"
	"strings"

	"github.com/docker/cli/cli/connhelper/commandconn"

	"github.com/buildls/buildls/build/engine/buildx"
	"github.com/buildls/buildls/build/engine/docker"
)

// Builder is the builder that buildx knows by that name; as for buildx, the name of a
// Docker context is one too.
func Builder(name string) Engine {
	store := buildx.At(docker.ConfigDir())
	none := broken{info: Info{Name: "buildkitd", Builder: name}, mend: "`docker buildx ls` lists the builders, `docker buildx use NAME` chooses one."}
	b, err := store.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		if docker.IsContext(name) {
			return dockerNode(none, name)
		}
		err = fmt.Errorf("there is no builder of that name; there are: %s", strings.Join(append([]string{"default"}, store.Names()...), ", "))
	}
	if err == nil && len(b.Nodes) == 0 {
		err = errors.New("it has no nodes")
	}
	if err != nil {
		none.err = err
		return none
	}
	if len(b.Nodes) == 1 {
		return node(b, b.Nodes[0])
	}
	e := builder{}
	for _, n := range b.Nodes {
		e.nodes = append(e.nodes, builderNode{Engine: node(b, n), name: n.Name, declared: parsePlatforms(n.Platforms)})
	}
	return e
}

// BuilderNames are those that [Builder] knows. It reads files alone.
func BuilderNames() []string {
	return append(docker.ContextNames(), buildx.At(docker.ConfigDir()).Names()...)
}

func mendBuilder(name string) string {
	return "Start it: `docker buildx inspect --bootstrap " + name + "`, or choose another: `docker buildx use NAME`."
}

// node is one BuildKit of a builder.
func node(b *buildx.Builder, n buildx.Node) Engine {
	e := buildkitd{info: Info{Name: "buildkitd", Builder: b.Name, Driver: b.Driver, Address: n.Endpoint}, mend: mendBuilder(b.Name)}
	wrong := func(err error) Engine { return broken{info: e.info, err: err, mend: mendBuilder(b.Name)} }
	switch b.Driver {
	case "docker":
		return dockerNode(broken{info: e.info}, n.Endpoint)
	case "docker-container":
		container := "buildx_buildkit_" + n.Name
		e.info.Address = "docker-container://" + container
		at, err := docker.At(n.Endpoint)
		if err != nil {
			return wrong(err)
		}
		in := inContainer(e.info, at, container).(buildkitd)
		in.info.Context, in.mend = at.Context, e.mend
		return in
	case "remote":
		opts := n.DriverOpts
		found, err := buildkitdAt(n.Endpoint, certs{opts["cacert"], opts["cert"], opts["key"], opts["servername"]})
		if err != nil {
			return wrong(err)
		}
		if b, ok := found.(broken); ok {
			return wrong(b.err)
		}
		at := found.(buildkitd)
		e.dial, e.tls = at.dial, at.tls
		e.mend = "Start the buildkitd there, or choose another builder: `docker buildx use NAME`."
		return e
	case "kubernetes":
		e.info.Address = "kube-pod://" + deployment(n)
		e.dial = func(ctx context.Context, _ string) (net.Conn, error) { return dialKubernetes(ctx, n) }
		return e
	}
	return wrong(fmt.Errorf("buildls does not know its driver %q", b.Driver))
}

// dockerNode is a Docker engine by the name of a builder.
func dockerNode(as broken, contextOrHost string) Engine {
	at, err := docker.At(contextOrHost)
	if err != nil {
		as.err = err
		return as
	}
	return dockerEngine{at: at, builder: as.info.Builder}
}

// deployment is what buildx calls a node in Kubernetes.
func deployment(n buildx.Node) string {
	if u, err := url.Parse(n.Endpoint); err == nil && u.Query().Get("deployment") != "" {
		return u.Query().Get("deployment")
	}
	return strings.ReplaceAll(n.Name, "_", "-")
}

// dialKubernetes connects to the first pod of the node that runs, through kubectl.
func dialKubernetes(ctx context.Context, n buildx.Node) (net.Conn, error) {
	var flags []string
	if u, err := url.Parse(n.Endpoint); err == nil {
		if file := u.Query().Get("kubeconfig"); file != "" {
			flags = append(flags, "--kubeconfig="+file)
		}
	}
	if namespace := n.DriverOpts["namespace"]; namespace != "" {
		flags = append(flags, "--namespace="+namespace)
	}
	get := exec.CommandContext(ctx, "kubectl", append(flags, "get", "pods", "--selector=app="+deployment(n),
		"--field-selector=status.phase=Running", "--output=jsonpath={.items[*].metadata.name}")...)
	var stderr bytes.Buffer
	get.Stderr = &stderr
	out, err := get.Output()
	if err != nil {
		return nil, fmt.Errorf("kubectl: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	pods := strings.Fields(string(out))
	if len(pods) == 0 {
		return nil, fmt.Errorf("no pod of the deployment %s runs", deployment(n))
	}
	return spoken(commandconn.New(ctx, "kubectl", append(flags, "exec", "--container=buildkitd", "-i", pods[0], "--", "buildctl", "dial-stdio")...))
}
