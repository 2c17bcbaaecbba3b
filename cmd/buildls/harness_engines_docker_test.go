package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
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

// buildx is Docker's own command with a configuration of its own, for the tests to
// write what buildls reads.
func (c dockerConfig) docker(host string, args ...string) {
	c.t.Helper()
	cli := filepath.Join(enginetest.Dir(c.t), "docker-28")
	plugins := filepath.Join(c.dir, "cli-plugins")
	if _, err := os.Lstat(plugins); err != nil {
		if err := os.Symlink(filepath.Join(cli, "cli-plugins"), plugins); err != nil {
			c.t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(cli, "cli", "docker"), args...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+c.dir, "DOCKER_HOST="+host, "DOCKER_CONTEXT=", "BUILDX_BUILDER=", "BUILDX_CONFIG=")
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
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

// tlsBuildkitd is a buildkitd that wants a client's certificate.
func tlsBuildkitd(t *testing.T) (address, certs string) {
	certs, address = certificates(t), freePort(t)
	enginetest.StartBuildkitd(t, enginetest.WithArgs("--addr", address, "--tlscacert", certs+"/ca.pem",
		"--tlscert", certs+"/server-cert.pem", "--tlskey", certs+"/server-key.pem"))
	return address, certs
}

// helper is a folder with a program that checks that its arguments hold some words, and
// runs `buildctl dial-stdio` for this buildkitd.
func helper(t testing.TB, d *enginetest.Daemon, name, check string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s\nexec %q --addr %q dial-stdio\n", check, filepath.Join(enginetest.Dir(t), "bin", "buildctl"), d.Address)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + dir + ":" + os.Getenv("PATH")
}
