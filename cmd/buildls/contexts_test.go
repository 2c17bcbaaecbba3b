package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A dockerConfig is a folder that Docker's own tools would have written.
type dockerConfig struct {
	t   testing.TB
	dir string
}

func newDockerConfig(t testing.TB) dockerConfig { return dockerConfig{t, t.TempDir()} }

func (c dockerConfig) write(path, content string) {
	c.t.Helper()
	path = filepath.Join(c.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// context adds a Docker context; tls is a folder with its files, or empty.
func (c dockerConfig) context(name, host, tls string) {
	c.t.Helper()
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	c.write("contexts/meta/"+id+"/meta.json", fmt.Sprintf(`{"Name":%q,"Metadata":{},"Endpoints":{"docker":{"Host":%q,"SkipTLSVerify":false}}}`, name, host))
	if tls == "" {
		return
	}
	for _, file := range []string{"ca.pem", "cert.pem", "key.pem"} {
		data, err := os.ReadFile(filepath.Join(tls, file))
		if err != nil {
			c.t.Fatal(err)
		}
		c.write("contexts/tls/"+id+"/docker/"+file, string(data))
	}
}

// diagnosed is what `buildls doctor --json` says, and whether it found an engine.
func diagnosed(t testing.TB, env []string, args ...string) (diagnosis, bool) {
	t.Helper()
	out, err := program(t, env, append([]string{"doctor", "--json"}, args...)...).Output()
	var d diagnosis
	if json.Unmarshal(out, &d) != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return d, err == nil
}

// built builds a Dockerfile that no other test builds, and fails the test if that fails.
func built(t testing.TB, env []string, args ...string) {
	t.Helper()
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY a /\n", "a", t.Name()+time.Now().String())
	if out, err := program(t, env, append(append([]string{"build"}, args...), dir)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

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
