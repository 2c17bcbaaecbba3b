package config

import (
	"cmp"
	"io"
	"os"
	"strings"

	"github.com/docker/cli/cli/config"
)

// proxyNames are the variables by which Go's programs find their proxies. Those in lower case
// count, too.
var proxyNames = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}

// A Proxy is one of the variables by which an engine finds its proxies.
type Proxy struct {
	Name   string // in upper case
	Value  string
	Docker bool // it is of Docker's configuration, not of the environment
}

// Proxies are those of the environment and, of those that it does not name, those of Docker's
// configuration.
func Proxies() []Proxy {
	docker := config.LoadDefaultConfigFile(io.Discard).Proxies["default"]
	more := map[string]string{"HTTP_PROXY": docker.HTTPProxy, "HTTPS_PROXY": docker.HTTPSProxy, "NO_PROXY": docker.NoProxy}
	list := ownProxies()
	for i, p := range list {
		if p.Value == "" && more[p.Name] != "" {
			list[i].Value, list[i].Docker = more[p.Name], true
		}
	}
	return list
}

// ownProxies are those of this process alone.
func ownProxies() (list []Proxy) {
	for _, name := range proxyNames {
		list = append(list, Proxy{Name: name, Value: cmp.Or(os.Getenv(name), os.Getenv(strings.ToLower(name)))})
	}
	return list
}

// AsEnvironment are the variables for an engine that this process starts: those of Docker's
// configuration, which it does not inherit.
func AsEnvironment(proxies []Proxy) (env []string) {
	for _, p := range proxies {
		if p.Docker {
			env = append(env, p.Name+"="+p.Value, strings.ToLower(p.Name)+"="+p.Value)
		}
	}
	return env
}
