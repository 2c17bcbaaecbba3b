package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// $DOCKER_HOST wins over $DOCKER_CONTEXT, that over what `docker context use` chose.
func TestDockerContext(t *testing.T) {
	one, other := enginetest.Docker(t, "28"), enginetest.Docker(t, "20.10")
	config := newDockerConfig(t)
	config.context("one", one.Address, "")
	config.context("other", other.Address, "")
	config.write("config.json", `{"currentContext": "one", "auths": {}}`)
	for _, c := range []struct {
		name, context, address string
		env                    []string
	}{
		{"in use", "one", one.Address, nil},
		{"DOCKER_CONTEXT", "other", other.Address, []string{"DOCKER_CONTEXT=other"}},
		{"DOCKER_HOST", "", one.Address, []string{"DOCKER_CONTEXT=other", "DOCKER_HOST=" + one.Address}},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := append([]string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST="}, c.env...)
			d, ok := diagnosed(t, env)
			if !ok || d.Engine != "docker" || d.Address != c.address || d.Context != c.context {
				t.Errorf("%+v", d)
			}
			built(t, env)
		})
	}
}

// A context that is not there is an error, not a reason to build elsewhere.
func TestDockerContextMissing(t *testing.T) {
	buildkitd := enginetest.Buildkitd(t)
	config := newDockerConfig(t)
	config.context("one", "unix:///nowhere.sock", "")
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=", "DOCKER_CONTEXT=nosuch"}
	for _, args := range [][]string{nil, {"--engine", "docker"}} {
		if d, ok := diagnosed(t, env, args...); ok || !contains(d.Error, `"nosuch"`, "$DOCKER_CONTEXT", "default, one", "docker context use") {
			t.Errorf("%+v", d)
		}
	}
	if d, ok := diagnosed(t, env, "--engine", buildkitd.Address); !ok {
		t.Errorf("an engine that was named needs no context: %+v", d)
	}
	config.write("config.json", `{"currentContext": "gone"}`)
	if d, ok := diagnosed(t, []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST="}); ok || !contains(d.Error, `"gone"`, "config.json") {
		t.Errorf("%+v", d)
	}
}

// An engine behind mutual TLS: by a context, and by the environment.
func TestDockerTLS(t *testing.T) {
	certs, address := certificates(t), freePort(t)
	enginetest.StartDocker(t, "28", enginetest.WithArgs("--host", address, "--tlsverify", "--tlscacert", certs+"/ca.pem",
		"--tlscert", certs+"/server-cert.pem", "--tlskey", certs+"/server-key.pem"))
	config := newDockerConfig(t)
	config.context("secure", address, certs)
	config.context("strange", address, certificates(t))
	config.context("plain", address, "")
	context := func(name string) []string {
		return []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=", "DOCKER_CONTEXT=" + name}
	}
	environment := []string{"DOCKER_HOST=" + address, "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH=" + certs}
	for name, env := range map[string][]string{"context": context("secure"), "environment": environment} {
		t.Run(name, func(t *testing.T) {
			if d, ok := diagnosed(t, env); !ok || d.Engine != "docker" || d.Address != address {
				t.Errorf("%+v", d)
			}
			built(t, env)
		})
	}
	for _, name := range []string{"strange", "plain"} {
		t.Run(name, func(t *testing.T) {
			d, ok := diagnosed(t, context(name), "--engine", "docker")
			if ok || !contains(d.Error, "context "+name) || (name == "strange") != strings.Contains(d.Error, "certificate") || strings.Contains(d.Error, "..") {
				t.Errorf("%+v", d)
			}
		})
	}
}

// fakeSSH is a folder with an ssh that runs the command on this machine, in an
// environment of its own.
func fakeSSH(t testing.TB, env ...string) string {
	t.Helper()
	script := "#!/bin/sh\nexport"
	for _, kv := range env {
		script += fmt.Sprintf(" '%s'", kv)
	}
	script += `
while [ "$1" != -- ]; do shift; done
[ "$2" = builder.test ] || { echo "ssh: Could not resolve hostname $2" >&2; exit 255; }
shift 2
eval "exec $*"
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + dir + ":" + os.Getenv("PATH")
}

// An engine behind ssh: all that is asked of the other machine is `docker system dial-stdio`.
func TestDockerSSH(t *testing.T) {
	docker := enginetest.Docker(t, "28")
	config := newDockerConfig(t)
	config.context("far", "ssh://me@builder.test", "")
	config.context("lost", "ssh://me@nowhere.test", "")
	path := fakeSSH(t, append(docker.Env(), "X=")...)
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=", "DOCKER_CONTEXT=far", path}
	if d, ok := diagnosed(t, env); !ok || d.Engine != "docker" || d.Address != "ssh://me@builder.test" || d.Context != "far" {
		t.Fatalf("%+v", d)
	}
	built(t, env)
	if d, ok := diagnosed(t, []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=", "DOCKER_CONTEXT=lost", path}, "--engine", "docker"); ok || !contains(d.Error, "Could not resolve hostname nowhere.test", "`ssh me@nowhere.test docker version`") {
		t.Errorf("%+v", d)
	}
	if d, ok := diagnosed(t, []string{"DOCKER_HOST=ssh://builder.test", "PATH=" + t.TempDir()}, "--engine", "docker"); ok || !contains(d.Error, "ssh, which is not on PATH") {
		t.Errorf("%+v", d)
	}
}
