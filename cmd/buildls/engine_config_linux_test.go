//go:build !portable

package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/buildls/buildls/build/engine/embedded"
	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A configured engine is an embedded engine with a configuration of the test's own, and an author
// who builds on it.
type configured struct {
	author
	file string // the configuration
	dir  string // of the engine
}

func newConfigured(t *testing.T, text string) configured {
	t.Helper()
	s, dir := ownEmbedded(t)
	file := filepath.Join(t.TempDir(), "buildkitd.toml")
	c := configured{file: file, dir: dir}
	c.author.T = t
	c.write(text)
	c.author = newAuthor(t, append(s.env, "BUILDLS_ENGINE_CONFIG="+file), workspace(t, "Dockerfile", "FROM scratch\n"))
	return c
}

func (c configured) write(text string) {
	c.Helper()
	if err := os.WriteFile(c.file, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
}

// fails builds a text, which must fail with these words.
func (c configured) fails(text string, words ...string) {
	c.Helper()
	c.Replace(c.uri, text)
	if r := buildNow(c.T, c.Editor, nil); r.Error == nil || !contains(r.Error.Message, words...) {
		c.Errorf("%s %+v, want a failure with %q", r.Status, r.Error, words)
	}
}

// told waits until the author was told something for the nth time, and checks that it is this.
func (c configured) told(n int, words ...string) {
	c.Helper()
	c.Await("a message", func() bool { return len(c.messages()) >= n })
	if said := c.messages(); len(said) != n || !contains(said[n-1], words...) {
		c.Errorf("said %q, want %d messages, and in the last %q", said, n, words)
	}
}

// A mirror that alone has the image is asked from the build on that follows the change of the
// file, and the engine goes on. Name servers count from then on, too, for which the engine starts
// anew. A mistake in the file is said with its line, and mends as it came.
func TestEngineConfig(t *testing.T) {
	t.Parallel()
	mirror := fmt.Sprintf("[registry.\"registry.test\"]\nmirrors = [%q]\n", enginetest.Registry(t))
	text := "FROM registry.test/base\nRUN cat /etc/resolv.conf; echo >/"
	c := newConfigured(t, "")
	c.build(base(t)+"RUN true\n", nil)
	c.fails(text+"0\n", "registry.test")
	engine := embeddedPid(c.dir)
	c.write(mirror)
	c.build(text+"1\n", nil)
	c.told(1, "has read its registries anew", c.file)
	if embeddedPid(c.dir) != engine {
		t.Error("for its registries the engine has started anew")
	}

	c.write(mirror + "[dns]\nnameservers = [\"192.0.2.53\"]\n")
	if log := c.build(text+"2\n", nil); !strings.Contains(log, "nameserver 192.0.2.53") {
		t.Errorf("the step's name servers are %s", log)
	}
	c.told(2, "starts anew, because its configuration has changed", c.file)
	if now := embeddedPid(c.dir); now == engine || now == 0 {
		t.Errorf("engine %d, before %d", now, engine)
	}
	c.build(text+"3\n", nil)

	c.write(mirror + "[dns]\nnameservers = \"192.0.2.53\"\n")
	c.fails(text+"4\n", "the engine's configuration "+c.file+", line 4: ", "string")
	c.write(mirror + "[dns]\nnameservers = [\"192.0.2.53\"]\n")
	c.build(text+"5\n", nil)
	if said := c.messages(); len(said) != 3 { // the third is the mistake
		t.Errorf("said %q", said)
	}
	c.leave()
}

// While somebody builds, the engine does not start anew: the build of another goes on with what was,
// which is said, and the first one that finds it alone has the change.
func TestEngineConfigWhileOthersBuild(t *testing.T) {
	t.Parallel()
	c := newConfigured(t, "")
	text := base(t) + "RUN cat /etc/resolv.conf; echo >/"
	c.build(text+"0\n", nil)
	engine := embeddedPid(c.dir)
	other := c.uri + ".other"
	c.Open(other, "dockerfile", base(t)+"RUN sleep 100000\n")
	token := c.begin(text+"0\n", map[string]any{"uri": other})
	c.Await("the step", func() bool { return c.shows(token, "RUN sleep") })

	c.write("[dns]\nnameservers = [\"192.0.2.53\"]\n")
	if log := c.build(text+"1\n", nil); strings.Contains(log, "192.0.2.53") || embeddedPid(c.dir) != engine {
		t.Errorf("while another builds: %s", log)
	}
	c.told(1, "still builds for others", c.file)
	c.build(text+"2\n", nil)
	if said := c.messages(); len(said) != 1 || c.Ended(token) {
		t.Errorf("said %q; the other has ended: %v", said, c.Ended(token))
	}
	c.Notify("window/workDoneProgress/cancel", map[string]any{"token": token[1 : len(token)-1]})
	c.Await("the other's end", func() bool { return c.Ended(token) })
	if log := c.build(text+"3\n", nil); !strings.Contains(log, "nameserver 192.0.2.53") || embeddedPid(c.dir) == engine {
		t.Errorf("when the other has ended: %s", log)
	}
	c.told(2, "starts anew")
	c.leave()
}

// A failed step that is kept for shells is no build of another: name servers that are mended after it
// has failed count in the next build.
func TestEngineConfigAfterFailure(t *testing.T) {
	t.Parallel()
	s, engine := ownEmbedded(t)
	file := filepath.Join(t.TempDir(), "buildkitd.toml")
	s.env = append(s.env, "BUILDLS_ENGINE_CONFIG="+file)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := workspace(t)
	e, _ := shellEditor(t, s, dir)
	e.Open("file://"+dir+"/Dockerfile", "dockerfile", base(t)+"RUN grep 192.0.2.53 /etc/resolv.conf\n")
	if r := buildNow(t, e, nil); r.Status != "failed" || r.Error.ExitCode == nil {
		t.Fatalf("%s %+v", r.Status, r.Error)
	}
	before := embeddedPid(engine)
	if err := os.WriteFile(file, []byte("[dns]\nnameservers = [\"192.0.2.53\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustBuild(t, e, nil)
	if embeddedPid(engine) == before {
		t.Error("the engine has not started anew")
	}
	e.Shutdown()
}

// Builds that want the engine to have different configurations, at the same time, break none of each
// other.
func TestEngineConfigsTogether(t *testing.T) {
	t.Parallel()
	s, dir := ownEmbedded(t)
	var building sync.WaitGroup
	for i := range 3 {
		file := filepath.Join(t.TempDir(), "buildkitd.toml")
		if err := os.WriteFile(file, fmt.Appendf(nil, "[dns]\nnameservers = [\"192.0.2.%d\"]\n", i%2), 0o600); err != nil {
			t.Fatal(err)
		}
		building.Go(func() {
			for n := range 3 {
				context := workspace(t, "Dockerfile", base(t)+fmt.Sprintf("RUN echo %d %d\n", i, n))
				if out, code := terminalBuild(t, append(s.env[:len(s.env):len(s.env)], "BUILDLS_ENGINE_CONFIG="+file), nil, context); code != 0 {
					t.Errorf("build %d of %d: %s", n, i, out)
				}
			}
		})
	}
	building.Wait()
	log, err := os.ReadFile(filepath.Join(dir, "buildls", "engine", "engine.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "serving on"); n < 2 {
		t.Errorf("%d engines have had two configurations", n)
	}
}

// The setting names the file. Docker's own images come by way of a mirror, too.
func TestEngineConfigSetting(t *testing.T) {
	t.Parallel()
	s, _ := ownEmbedded(t)
	registry := enginetest.Registry(t)
	if out, code := terminalBuild(t, s.env, nil, "--push", "-t", registry+"/library/only-in-the-mirror", workspace(t, "Dockerfile", base(t)+"RUN touch /mirrored\n")); code != 0 {
		t.Fatal(out)
	}
	text := "FROM only-in-the-mirror\nRUN ls /mirrored\n"
	dir := workspace(t, "Dockerfile", text, "mirrors.toml", fmt.Sprintf("[registry.\"docker.io\"]\nmirrors = [%q]\n", registry))
	e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Init: map[string]any{"engineConfig": filepath.Join(dir, "mirrors.toml")}})
	e.Open("file://"+dir+"/Dockerfile", "dockerfile", text)
	mustBuild(t, e, nil)
	e.Shutdown()
}

// A registry with a certificate of an authority of its own is reached with its certificate alone,
// also where it asks for a login by a token, and if it wants the client's certificate.
func TestEngineCertificates(t *testing.T) {
	t.Parallel()
	certs := certificates(t)
	to, err := url.Parse("http://" + enginetest.Registry(t))
	if err != nil {
		t.Fatal(err)
	}
	var tokens atomic.Int32
	registry := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			tokens.Add(1)
			json.NewEncoder(w).Encode(map[string]string{"token": "let-me-in"})
		case r.Header.Get("Authorization") != "Bearer let-me-in":
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, server.URL))
			w.WriteHeader(http.StatusUnauthorized)
		default:
			registry.ServeHTTP(w, r)
		}
	})
	own, err := tls.LoadX509KeyPair(certs+"/server-cert.pem", certs+"/server-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(certs + "/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(ca)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "https://")

	plain := fmt.Sprintf("[registry.%q]\nhttp = false\n", host)
	withCA := plain + fmt.Sprintf("ca = [%q]\n", certs+"/ca.pem")
	withBoth := withCA + fmt.Sprintf("[[registry.%q.keypair]]\ncert = %q\nkey = %q\n", host, certs+"/cert.pem", certs+"/key.pem")
	text := "FROM " + host + "/base\nRUN true\n"
	c := newConfigured(t, plain)
	c.fails(text, "x509")
	c.write(withCA)
	c.fails(text, "certificate required")
	if tokens.Load() != 0 {
		t.Error("a token was given out")
	}
	c.write(withBoth)
	c.build(text, nil)
	if tokens.Load() == 0 {
		t.Error("no token was asked for")
	}
	c.leave()
}

// The cache keeps to its limit.
func TestEngineCacheLimit(t *testing.T) {
	t.Parallel()
	c := newConfigured(t, "[worker.oci]\ngc = false\n")
	text := base(t)
	for i := range 6 {
		text += fmt.Sprintf("RUN dd if=/dev/urandom of=/%d bs=1M count=8\n", i)
	}
	c.build(text, nil)
	size := func() int64 {
		d, ok := diagnosed(t, append(ownEnv(c.dir), "BUILDLS_ENGINE_CONFIG="+c.file))
		if !ok || d.CacheBytes == nil {
			t.Fatalf("%+v", d)
		}
		return *d.CacheBytes
	}
	if n := size(); n < 48<<20 {
		t.Fatalf("the cache has %d bytes without a limit", n)
	}
	c.write("[worker.oci]\nreservedSpace = \"10MB\"\nmaxUsedSpace = \"20MB\"\n")
	c.build(base(t)+"RUN true\n", nil)
	if !eventually(func() bool { return size() <= 20<<20 }) {
		t.Errorf("the cache has %d bytes, and 20 MB are its limit", size())
	}
	c.leave()
}

// What is in force, and where from, is shown, and whether the engine that runs has it. To look
// changes no engine.
func TestDoctorConfig(t *testing.T) {
	t.Parallel()
	c := newConfigured(t, "[registry.\"docker.io\"]\nmirrors = [\"mirror.test:5000\"]\n")
	env := append(ownEnv(c.dir), "BUILDLS_ENGINE_CONFIG="+c.file, "HTTPS_PROXY=http://me:hunter2@proxy.test:3128")
	look := func() (*embedded.Report, string) {
		t.Helper()
		d, ok := diagnosed(t, env)
		out, err := program(t, env, "doctor").CombinedOutput()
		if !ok || err != nil || d.Config == nil || contains(string(out), "hunter2") || contains(fmt.Sprint(*d.Config), "hunter2") {
			t.Fatalf("%v %+v\n%s", err, d, out)
		}
		return d.Config, string(out)
	}
	r, text := look()
	if r.Pending != nil || r.File != c.file || len(r.Registries) != 1 || !contains(text, c.file+" ($BUILDLS_ENGINE_CONFIG)", "docker.io: by way of mirror.test:5000", "HTTPS_PROXY=http://***@proxy.test:3128 (the environment)") {
		t.Errorf("%+v\n%s", r, text)
	}
	env = env[:len(env)-1] // as the engine's
	c.build(base(t)+"RUN true\n", nil)
	engine := embeddedPid(c.dir)
	if r, text = look(); r.Pending == nil || *r.Pending {
		t.Errorf("%+v\n%s", r, text)
	}
	c.write("root = \"/x\"\n[worker.oci]\nmax-parallelism = 3\nmax-paralelism = 2\n")
	if r, text = look(); r.Pending == nil || !*r.Pending || !contains(text, "the engine that runs has another", "3 at once", ", line 4: BuildKit knows no key worker.oci.max-paralelism", "unused     root") {
		t.Errorf("%+v\n%s", r, text)
	}
	c.write("[worker.oci]\nmax-parallelism = \"many\"\n")
	if d, ok := diagnosed(t, env); ok || !contains(d.Error, c.file+", line 2: ") || d.Config == nil || d.Config.Error != d.Error || d.Embedded != d.Error {
		t.Errorf("%+v", d)
	}
	if embeddedPid(c.dir) != engine {
		t.Error("to look has changed the engine")
	}
	c.write("[worker.oci]\nmax-parallelism = 3\nmax-paralelism = 2\n")
	for range 2 {
		c.build(base(t)+"RUN true\n", nil)
	}
	c.told(2, ", line 3: BuildKit knows no key worker.oci.max-paralelism")
	c.leave()
}

// ownEnv has programs build on the embedded engine below a folder.
func ownEnv(dir string) []string {
	return shippedIn(dir)
}
