package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// What `docker build` takes from the environment and the Docker configuration counts
// here too, and what is said goes before it.
func TestEnvironment(t *testing.T) {
	buildkitd := buildkitdSite(enginetest.Buildkitd(t))
	docker := dockerSite(enginetest.Docker(t, "28"), "28")
	config := newDockerConfig(t)
	config.write("config.json", `{"proxies": {"default": {"httpProxy": "http://me:hunter2@proxy.test:1", "noProxy": "*.test"}, "tcp://other:1": {"httpProxy": "http://wrong"}}}`)
	dir := workspace(t, "Dockerfile", "FROM "+enginetest.Registry(t)+"/multi\nARG SOURCE_DATE_EPOCH\nRUN echo at $SOURCE_DATE_EPOCH on $(cat /etc/arch) through $HTTP_PROXY but $no_proxy\n")
	for _, s := range []site{docker, buildkitd} {
		env := append(slices.Clone(s.env), "DOCKER_CONFIG="+config.dir, "SOURCE_DATE_EPOCH=1700000000", "DOCKER_DEFAULT_PLATFORM=linux/arm64")
		through := map[bool]string{true: "http://***@proxy.test:1 but *.test", false: "but"}[s.store]
		for _, c := range []struct {
			flags []string
			want  string
		}{
			{nil, "at 1700000000 on arm64 through " + through},
			{[]string{"--platform", "linux/amd64", "--build-arg", "SOURCE_DATE_EPOCH=1", "--build-arg", "HTTP_PROXY=http://mine", "--build-arg", "NO_PROXY=x"}, "at 1 on amd64 through http://mine but x"},
		} {
			out, err := program(t, env, append(append([]string{"build", "--progress", "plain", "--no-cache", "-t", "app:environment"}, c.flags...), dir)...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.want+"\n") {
				t.Errorf("%s %q: %v, want %q\n%s", s.name, c.flags, err, c.want, out)
			}
		}
	}
}
