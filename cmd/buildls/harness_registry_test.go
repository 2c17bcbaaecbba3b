package main

import (
	"archive/tar"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A fileServer serves files over HTTP on loopback.
type fileServer struct{ *httptest.Server }

// serveFiles serves contents by their paths; what is not there is a 404.
func serveFiles(t testing.TB, files map[string][]byte) fileServer {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(content)
	}))
	t.Cleanup(s.Close)
	return fileServer{s}
}

// A gitServer serves one repository, app.git, over HTTP on loopback.
type gitServer struct {
	*httptest.Server
	t   testing.TB
	dir string // the work tree
}

// serveGit serves a repository with these files on its branch main. With a password it
// wants it for any user.
func serveGit(t testing.TB, password string, files ...string) gitServer {
	t.Helper()
	_, err := exec.LookPath("git")
	enginetest.Need(t, "git", err == nil, "apt-get install git")
	core, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	g := gitServer{t: t, dir: workspace(t, files...)}
	g.git("init", "-q", "-b", "main")
	g.commit("first")
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(core)), "git-http-backend"), Root: "/app.git",
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Join(g.dir, ".git"), "GIT_HTTP_EXPORT_ALL=1"},
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch _, given, _ := r.BasicAuth(); {
		case password != "" && given != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/app.git/"):
			backend.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// address is the repository's, with what comes behind.
func (g gitServer) address(rest string) string { return g.URL + "/app.git" + rest }

func (g gitServer) git(args ...string) {
	g.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		"GIT_AUTHOR_DATE=2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2024-01-01T00:00:00Z")
	if out, err := cmd.CombinedOutput(); err != nil {
		g.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (g gitServer) commit(message string) {
	g.t.Helper()
	g.git("add", "-A")
	g.git("commit", "-q", "-m", message)
}

// An outputs is a build with outputs, tried on one engine.
type outputs struct {
	*testing.T
	site
	e   *lsptest.Editor
	dir string
}

// try builds with the fields; refused, if not empty, is what the refusal says.
func (o outputs) try(refused string, fields map[string]any) result {
	o.Helper()
	all := map[string]any{"uri": "file://" + o.dir + "/Dockerfile"}
	for k, v := range fields {
		all[k] = v
	}
	r := buildNow(o.T, o.e, all)
	switch {
	case refused == "" && r.Status != "succeeded":
		o.Errorf("%v: %+v", fields, r.Error)
	case refused != "" && (r.Error == nil || !strings.Contains(r.Error.Message, refused) || len(r.Steps) != 0):
		o.Errorf("%v: %s %+v, want a refusal with %q before any step", fields, r.Status, r.Error, refused)
	}
	return r
}

func (o outputs) of(list ...map[string]any) map[string]any { return map[string]any{"outputs": list} }

func output(kind, dest string, attrs ...string) map[string]any {
	m := map[string]string{}
	for i := 0; i < len(attrs); i += 2 {
		m[attrs[i]] = attrs[i+1]
	}
	return map[string]any{"type": kind, "dest": dest, "attrs": m}
}

// digestAt is the digest of a tag in the registry, empty if it is not there.
func digestAt(t *testing.T, ref string) string {
	t.Helper()
	host, rest, _ := strings.Cut(ref, "/")
	name, tag, _ := strings.Cut(rest, ":")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+host+"/v2/"+name+"/manifests/"+tag, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.v2+json"} {
		req.Header.Add("Accept", accept)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("Docker-Content-Digest")
}

// frontendImage is the name of a front end in the registry, of this machine's BuildKit.
func frontendImage(t *testing.T) string {
	t.Helper()
	program, err := os.ReadFile(enginetest.Frontend(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := workspace(t, "dockerfile-frontend", string(program), "Dockerfile", `FROM scratch
LABEL moby.buildkit.frontend.network.none="true" moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring"
COPY --chmod=755 dockerfile-frontend /bin/dockerfile-frontend
ENTRYPOINT ["/bin/dockerfile-frontend"]
`)
	image := enginetest.Registry(t) + "/newer-frontend"
	built := buildkitdSite(enginetest.Buildkitd(t))
	if out, code := terminalBuild(t, built.env, nil, "--push", "-t", image, dir); code != 0 {
		t.Fatal(out)
	}
	return image
}

// certificates is a folder with ca.pem, server-cert.pem and server-key.pem for 127.0.0.1
// and the name builder.test, and cert.pem and key.pem for a client.
func certificates(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	ca, caKey := certificate(t, dir, "ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	certificate(t, dir, "server", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"builder.test"}}, ca, caKey)
	certificate(t, dir, "", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, ca, caKey)
	return dir
}

func certificate(t testing.TB, dir, name string, template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: "buildls test " + name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certName, keyName := "cert.pem", "key.pem"
	switch name {
	case "ca":
		certName, keyName = "ca.pem", "ca-key.pem"
	case "server":
		certName, keyName = "server-cert.pem", "server-key.pem"
	}
	for file, block := range map[string]*pem.Block{certName: {Type: "CERTIFICATE", Bytes: der}, keyName: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// freePort is a tcp address on loopback that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "tcp://" + l.Addr().String()
}

// sshAgent is the socket of an agent with one key.
func sshAgent(t *testing.T, comment string) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: key, Comment: comment}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // until the listener is closed
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				agent.ServeAgent(keys, c)
				c.Close()
			}()
		}
	}()
	return socket
}

// namesOf are the files in a tar.
func namesOf(t *testing.T, r io.Reader) (names []string) {
	t.Helper()
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Error(err)
			return names
		}
		names = append(names, h.Name)
	}
}
