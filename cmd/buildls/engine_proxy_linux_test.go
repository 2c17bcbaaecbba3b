//go:build !portable

package main

import (
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// Registries are reached by the proxy of Docker's configuration, which steps have, too; and by that
// of the environment, if it has one: then the engine starts anew.
func TestEngineProxy(t *testing.T) {
	t.Parallel()
	var asked [2]atomic.Int32
	var proxies [2]string
	for i := range proxies {
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			if r.In.Host == "registry.test:5000" {
				asked[i].Add(1)
				r.Out.URL.Host = enginetest.Registry(t)
			}
		}}
		server := httptest.NewServer(proxy)
		t.Cleanup(server.Close)
		proxies[i] = server.URL
	}
	s, dir := ownEmbedded(t)
	docker := newDockerConfig(t)
	docker.write("config.json", fmt.Sprintf(`{"proxies": {"default": {"httpProxy": %q}}}`, proxies[0]))
	file := filepath.Join(t.TempDir(), "buildkitd.toml")
	if err := os.WriteFile(file, []byte("[registry.\"registry.test:5000\"]\nhttp = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(s.env, "BUILDLS_ENGINE_CONFIG="+file, "DOCKER_CONFIG="+docker.dir, "HTTP_PROXY=", "http_proxy=", "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=", "no_proxy=")
	context := workspace(t, "Dockerfile", "FROM registry.test:5000/base\nRUN echo by $HTTP_PROXY.\n")
	out, code := terminalBuild(t, env, nil, context)
	if code != 0 || !contains(out, "by "+proxies[0]+".") || asked[0].Load() == 0 {
		t.Errorf("%d %s", code, out)
	}
	engine := embeddedPid(dir)
	out, code = terminalBuild(t, append(env, "HTTP_PROXY="+proxies[1]), nil, "--no-cache", "--pull", context)
	if code != 0 || asked[1].Load() == 0 || embeddedPid(dir) == engine || contains(out, "has changed") {
		t.Errorf("%d %s", code, out)
	}
}
