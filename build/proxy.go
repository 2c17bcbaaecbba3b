package build

import (
	"io"

	"github.com/docker/cli/cli/config"

	"github.com/buildls/buildls/build/engine"
	"github.com/buildls/buildls/build/engine/docker"
)

// proxyArgs are the build args that `docker build` makes of the proxies in the Docker configuration,
// for Docker engines and builders of buildx (docker/buildx, store/storeutil). `buildctl` makes none.
// Those of the embedded engine are the default ones, by which it reaches registries, too.
func proxyArgs(info engine.Info) map[string]string {
	host := info.Address
	switch {
	case info.Builder != "": // whatever its address
		if at, err := docker.Current(); err == nil {
			host = at.Host
		}
	case info.Name != "docker" && info.Name != "embedded":
		return nil
	}
	proxies := config.LoadDefaultConfigFile(io.Discard).Proxies
	proxy, ok := proxies[host]
	if !ok {
		proxy = proxies["default"]
	}
	args := map[string]string{}
	for name, value := range map[string]string{"HTTP_PROXY": proxy.HTTPProxy, "HTTPS_PROXY": proxy.HTTPSProxy, "NO_PROXY": proxy.NoProxy, "FTP_PROXY": proxy.FTPProxy} {
		if value != "" {
			args[name] = value
		}
	}
	return args
}
