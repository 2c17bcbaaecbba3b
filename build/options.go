package build

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/moby/buildkit/util/entitlements"

	"github.com/buildls/buildls/build/engine"
)

// Options say how the steps run. They mean what the flags of `docker build` of the
// same names do.
type Options struct {
	Labels        map[string]string
	NoCacheFilter []string // stages that are built anew
	Pull          bool     // ask the registry even for images that the engine has
	Network       string   // "none", "host", or empty for the engine's own
	Hosts         []Host
	Allow         []string // entitlements
	ShmSize       int64    // bytes; 0 is the engine's default
	Ulimits       []string // as CheckUlimit returns them
	CgroupParent  string
}

// A Host is a name that steps can look up.
type Host struct {
	Name string
	IPs  []string // empty: the IP of the machine on which the engine runs
}

// hostGateway stands for the IP of the engine's machine.
const hostGateway = "host-gateway"

// CheckHost reads NAME:IP or NAME=IP. There may be several IPs, in brackets or not.
func CheckHost(s string) (Host, error) {
	name, ips, ok := strings.Cut(s, "=")
	if !ok {
		name, ips, ok = strings.Cut(s, ":")
	}
	if !ok || name == "" || ips == "" {
		return Host{}, fmt.Errorf("host %q: write it as NAME:IP", s)
	}
	h := Host{Name: name}
	if ips == hostGateway {
		return h, nil
	}
	for ip := range strings.SplitSeq(ips, ",") {
		if bare, ok := strings.CutPrefix(ip, "["); ok && strings.HasSuffix(bare, "]") {
			ip = strings.TrimSuffix(bare, "]")
		}
		if net.ParseIP(ip) == nil {
			return Host{}, fmt.Errorf("host %q: %q is not an IP address", s, ip)
		}
		h.IPs = append(h.IPs, ip)
	}
	return h, nil
}

// CheckNetwork returns the network mode that BuildKit is asked for.
func CheckNetwork(mode string) (string, error) {
	switch mode {
	case "", "default":
		return "", nil
	case "none", "host":
		return mode, nil
	}
	return "", fmt.Errorf("network %q: it can be default, none or host", mode)
}

// CheckEntitlement refuses an entitlement that BuildKit does not know.
func CheckEntitlement(s string) error {
	if _, _, err := entitlements.Parse(s); err != nil {
		return fmt.Errorf("allow %q: it can be network.host, security.insecure or device", s)
	}
	return nil
}

// CheckSize reads a number of bytes, e.g. "64m".
func CheckSize(s string) (int64, error) {
	n, err := units.RAMInBytes(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("size %q: write it as in 64m", s)
	}
	return n, nil
}

// CheckUlimit returns the normal form of a ulimit, e.g. "nofile=1024:2048".
func CheckUlimit(s string) (string, error) {
	u, err := units.ParseUlimit(s)
	if err != nil {
		return "", fmt.Errorf("ulimit %q: %w", s, err)
	}
	return u.String(), nil
}

// frontendAttrs are the options as the Dockerfile front end spells them.
func (o *Options) frontendAttrs() map[string]string {
	attrs := map[string]string{}
	for k, v := range o.Labels {
		attrs["label:"+k] = v
	}
	if len(o.NoCacheFilter) > 0 {
		attrs["no-cache"] = strings.Join(o.NoCacheFilter, ",")
	}
	if o.Pull {
		attrs["image-resolve-mode"] = pb.AttrImageResolveModeForcePull
	}
	if o.Network != "" {
		attrs["force-network-mode"] = o.Network
	}
	if o.ShmSize > 0 {
		attrs["shm-size"] = strconv.FormatInt(o.ShmSize, 10)
	}
	if len(o.Ulimits) > 0 {
		attrs["ulimit"] = strings.Join(o.Ulimits, ",")
	}
	if o.CgroupParent != "" {
		attrs["cgroup-parent"] = o.CgroupParent
	}
	return attrs
}

// Entitlements are what the engine is asked to grant: Allow, and the host's network if Network names
// it, as in `docker build`.
func (o *Options) Entitlements() []string {
	if o.Network == "host" && !slices.Contains(o.Allow, string(entitlements.EntitlementNetworkHost)) {
		return append(slices.Clone(o.Allow), string(entitlements.EntitlementNetworkHost))
	}
	return o.Allow
}

// supported refuses options for which the engine's BuildKit is too old: it would pass over them in
// silence.
func (o *Options) supported(info engine.Info, caps apicaps.CapSet) error {
	for _, c := range []struct {
		name  string
		asked bool
		needs apicaps.CapID
	}{
		{"a ulimit", len(o.Ulimits) > 0, pb.CapExecMetaUlimit},
		{"the size of /dev/shm", o.ShmSize > 0, pb.CapExecMountTmpfsSize},
		{"the cgroup parent", o.CgroupParent != "", pb.CapExecMetaCgroupParent},
	} {
		if c.asked && !caps.Contains(c.needs) {
			return &RefusedError{fmt.Sprintf("%s cannot set %s: its BuildKit is too old; update it or choose another engine", info, c.name)}
		}
	}
	return nil
}

// gatewayLabel is where a Docker engine's BuildKit says the IP of its machine.
const gatewayLabel = "org.mobyproject.buildkit.worker.moby.host-gateway-ip"

// withHosts adds the hosts, and asks the engine for its machine's IP if one needs it.
func (o *Options) withHosts(ctx context.Context, conn *engine.Conn, attrs map[string]string) (map[string]string, error) {
	if len(o.Hosts) == 0 {
		return attrs, nil
	}
	var list []string
	for _, h := range o.Hosts {
		ips := h.IPs
		if len(ips) == 0 {
			gateway, err := gatewayIP(ctx, conn)
			if err != nil {
				return nil, err
			}
			ips = []string{gateway}
		}
		for _, ip := range ips {
			list = append(list, h.Name+"="+ip)
		}
	}
	attrs = maps.Clone(attrs)
	attrs["add-hosts"] = strings.Join(list, ",")
	return attrs, nil
}

func gatewayIP(ctx context.Context, conn *engine.Conn) (string, error) {
	workers, err := conn.ListWorkers(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(workers, func(w *client.WorkerInfo) bool { return w.Labels[gatewayLabel] != "" })
	if i < 0 {
		return "", &RefusedError{fmt.Sprintf("%s does not say what %s is; give the IP address itself", conn.Info, hostGateway)}
	}
	return workers[i].Labels[gatewayLabel], nil
}
