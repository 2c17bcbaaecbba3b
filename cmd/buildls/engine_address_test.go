package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/buildls/buildls/build/engine/enginetest"
)

func tlsEnv(certs string) []string {
	return []string{"BUILDLS_TLS_CACERT=" + certs + "/ca.pem", "BUILDLS_TLS_CERT=" + certs + "/cert.pem", "BUILDLS_TLS_KEY=" + certs + "/key.pem"}
}

// A buildkitd at tcp:// with mutual TLS, and what is said of each file that is wrong.
func TestBuildkitdTLS(t *testing.T) {
	address, certs := tlsBuildkitd(t)
	strange := certificates(t)
	for _, c := range []struct {
		name  string
		env   []string
		error []string // empty: it works
	}{
		{"files", tlsEnv(certs), nil},
		{"server name", append(tlsEnv(certs), "BUILDLS_TLS_SERVERNAME=builder.test"), nil},
		{"no files", nil, []string{"$BUILDLS_TLS_CACERT"}},
		{"no client certificate", tlsEnv(certs)[:1], []string{"$BUILDLS_TLS_CERT"}},
		{"strange CA", append(tlsEnv(certs), "BUILDLS_TLS_CACERT="+strange+"/ca.pem"), []string{"unknown authority", strange + "/ca.pem"}},
		{"strange name", append(tlsEnv(certs), "BUILDLS_TLS_SERVERNAME=nobody.test"), []string{"nobody.test"}},
		{"no key", tlsEnv(certs)[:2], []string{"both a certificate and its key"}},
		{"no such file", append(tlsEnv(certs), "BUILDLS_TLS_KEY=/nowhere.pem"), []string{"no file /nowhere.pem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, ok := diagnosed(t, append(c.env, "BUILDKIT_HOST="+address))
			if ok != (len(c.error) == 0) || !contains(d.Error, c.error...) || contains(d.Error, "desc =") {
				t.Errorf("%+v", d)
			}
		})
	}
	built(t, append(tlsEnv(certs), "BUILDKIT_HOST="+address))
}

// A buildkitd that another program connects to. The programs are stand-ins.
func TestBuildkitdThroughHelper(t *testing.T) {
	d := enginetest.Buildkitd(t)
	for _, c := range []struct{ name, program, address, arguments string }{
		{"ssh", "ssh", "ssh://me@builder.test:22", "-l me -p 22 -- builder.test buildctl dial-stdio"},
		{"podman", "podman", "podman-container://box", "exec -i box buildctl dial-stdio"},
		{"kubernetes", "kubectl", "kube-pod://pod?namespace=ns&context=c", "--context=c --namespace=ns exec --container= -i pod -- buildctl dial-stdio"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := helper(t, d, c.program, fmt.Sprintf(`[ "$*" = %q ] || { echo "called with $*" >&2; exit 3; }`, c.arguments))
			env := []string{path, "BUILDLS_ENGINE=" + c.address}
			if got, ok := diagnosed(t, env); !ok || got.Address != c.address || got.EngineVersion == "" {
				t.Fatalf("%+v", got)
			}
			built(t, env)
			failing := helper(t, d, c.program, "echo 'no such host' >&2; exit 255")
			if got, ok := diagnosed(t, []string{failing, "BUILDLS_ENGINE=" + c.address}); ok || !contains(got.Error, "no such host") || contains(got.Error, "desc =") {
				t.Errorf("%+v", got)
			}
			if got, ok := diagnosed(t, []string{"PATH=" + t.TempDir(), "BUILDLS_ENGINE=" + c.address}); ok || !contains(got.Error, c.program+", which is not on PATH") {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A helper that never answers is given up at once when the build is, and is ended.
func TestHelperThatHangs(t *testing.T) {
	sleep := newSleep()
	path := helper(t, enginetest.Buildkitd(t), "ssh", "exec "+sleep)
	cmd := program(t, []string{path, "BUILDLS_ENGINE=ssh://builder.test"}, "doctor")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitSleep(t, sleep)
	start := time.Now()
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("it ended after %v: %v", time.Since(start), err)
	}
	awaitNoSleep(t, sleep)
}

// Addresses that cannot be one are refused with what they lack.
func TestAddressRefused(t *testing.T) {
	for address, want := range map[string]string{
		"tcp://host":               "lacks the port",
		"unix://":                  "lacks the socket's path",
		"docker-container://":      "lacks the container's name",
		"ssh://me:secret@host":     "password is not supported",
		"kube-pod://Not_A_Pod":     "unsupported pod name",
		"ftp://host":               "none of unix://",
		"dokcer":                   "builder:NAME",
		"npipe:////./pipe/builder": "Windows only",
	} {
		if d, ok := diagnosed(t, nil, "--engine", address); ok || !contains(d.Error, want, "--engine") {
			t.Errorf("%s: %+v", address, d)
		}
	}
}

// Without any engine the author reads, once, what was tried and what to do.
func TestNoEngine(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	e := edit(t, []string{"PATH=" + dir, "BUILDKIT_HOST=unix://" + dir + "/none.sock"}, dir)
	var result struct {
		Status string
		Error  struct{ Message string }
	}
	if err := e.Execute("buildls.build", map[string]any{"uri": "file://" + dir + "/Dockerfile", "wait": true}, &result); err != nil {
		t.Fatal(err)
	}
	if result.Status != "failed" || !strings.Contains(result.Error.Message, "none.sock") || !strings.Contains(result.Error.Message, "its socket does not exist") {
		t.Errorf("%+v", result)
	}
	e.Await("one message", func() bool { return len(e.All("window/showMessage")) == 1 })
	for _, token := range e.Tokens() {
		if p := e.Progress(token); p[0].Kind != "begin" || p[len(p)-1].Kind != "end" {
			t.Errorf("progress %+v", p)
		}
	}
	e.Shutdown()
}
