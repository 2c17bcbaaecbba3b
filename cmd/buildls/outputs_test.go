package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// Every exporter writes what it says, or is refused by name before the build starts.
func TestOutputs(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", base(t)+"RUN echo out >/made\nFROM scratch\nCOPY --from=0 /made /\n", "a.tar", "before")
		o := outputs{t, s, edit(t, s.env, dir), dir}
		r := o.try("", o.of(output("local", "out")))
		if data, err := os.ReadFile(filepath.Join(dir, "out", "made")); string(data) != "out\n" || r.Digest != nil || len(r.Tags) != 0 || len(r.Warnings) != 0 {
			t.Errorf("local: %q, %v, %+v", data, err, r)
		}
		o.try("", o.of(output("tar", "a.tar")))
		if names := namesIn(t, filepath.Join(dir, "a.tar")); !slices.Contains(names, "made") {
			t.Errorf("tar: %q", names)
		}
		lacks := ""
		if s.store {
			lacks = "has no exporter"
		}
		for _, kind := range []string{"oci", "docker"} {
			file := filepath.Join(dir, kind+".tar")
			fields := o.of(output(kind, file))
			fields["tags"] = []string{"app:" + kind}
			r = o.try(lacks, fields)
			if lacks != "" {
				continue
			}
			if names := namesIn(t, file); !slices.Contains(names, "index.json") && !slices.Contains(names, "manifest.json") {
				t.Errorf("%s: %q", kind, names)
			}
			if r.Digest == nil || r.ImageID == nil || !slices.Equal(r.Tags, []string{"docker.io/library/app:" + kind}) {
				t.Errorf("%s: %+v", kind, r)
			}
		}
		single := ""
		if s.old {
			single = "one output of a build"
		}
		o.try(single, o.of(output("local", "two"), output("tar", "two.tar")))
		o.checkPush()
		o.checkHalfWay()
		left, _ := filepath.Glob(filepath.Join(dir, "*.buildls-*"))
		if len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
		o.e.Shutdown()
	})
}

// A Docker engine with the containerd image store pushes, and writes every tar.
func TestContainerdStoreOutputs(t *testing.T) {
	d := enginetest.StartDocker(t, "28", enginetest.WithContainerdStore())
	dir := workspace(t, "Dockerfile", base(t)+"RUN echo out >/made\n")
	s := dockerSite(d, "28")
	s.name, s.store = "containerd", false // nothing is refused
	o := outputs{t, s, edit(t, s.env, dir), dir}
	o.checkPush()
	for _, kind := range []string{"oci", "docker"} {
		o.try("", o.of(output(kind, kind+".tar")))
	}
	o.try("", map[string]any{"load": true, "tags": []string{"app:loaded"}})
	if out := d.Docker(t, "images", "-q", "app:loaded"); strings.TrimSpace(out) == "" {
		t.Error("not loaded")
	}
	o.checkPlatforms(d)
	o.e.Shutdown()
}

// What is built elsewhere is loaded into the Docker engine of the context in use.
func TestLoadByContext(t *testing.T) {
	d := enginetest.Docker(t, "28")
	config := newDockerConfig(t)
	config.context("near", d.Address, "")
	config.write("config.json", `{"currentContext":"near"}`)
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
	env := append(embeddedSite(t).env, "DOCKER_CONFIG="+config.dir, "DOCKER_HOST=")
	if out, err := program(t, env, "build", "--load", "-t", "app:by-context", dir).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out := d.Docker(t, "images", "-q", "app:by-context"); strings.TrimSpace(out) == "" {
		t.Error("not loaded")
	}
	config.write("config.json", `{"currentContext":"gone"}`)
	out, err := program(t, env, "build", "--load", dir).CombinedOutput()
	if err == nil || !contains(string(out), "cannot be loaded", `no Docker context "gone"`, "type oci or docker") {
		t.Errorf("%v\n%s", err, out)
	}
}

// load puts the image into the Docker engine, wherever it is built.
func TestLoad(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", base(t)+"RUN echo loaded >/made\n")
		if !s.store {
			o := outputs{t, s, edit(t, s.env, dir), dir}
			o.try("no Docker engine answers", map[string]any{"load": true})
			o.e.Shutdown()
			s.docker = enginetest.Docker(t, "28")
			s.env = append(slices.Clone(s.env), "DOCKER_HOST="+s.docker.Address)
		}
		o := outputs{t, s, edit(t, s.env, dir), dir}
		r := o.try("", map[string]any{"load": true, "tags": []string{"app:load-" + s.name}})
		out := s.docker.Docker(t, "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
		if r.ImageID == nil || !strings.Contains(out, "app:load-"+s.name+" "+*r.ImageID) {
			t.Errorf("docker images: %s\n%+v", out, r)
		}
		o.e.Shutdown()
	})
}

func namesIn(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
	}
	return namesOf(t, bytes.NewReader(data))
}

// checkPush checks that what is said to be pushed is in the registry.
func (o outputs) checkPush() {
	o.Helper()
	for name, fields := range map[string]map[string]any{
		"push": {"push": true}, "registry": o.of(output("registry", "")), "image": o.of(output("image", "", "push", "true")),
	} {
		tag := enginetest.Registry(o.T) + "/pushed-" + o.name + ":" + name
		fields["tags"] = []string{tag}
		r := o.try("", fields)
		if got := digestAt(o.T, tag); r.Digest == nil || got != *r.Digest || !slices.Equal(r.Tags, []string{tag}) {
			o.Errorf("%s: the registry has %q, the result is %+v", name, got, r)
		}
	}
	o.checkSlowPush()
	r := buildNow(o.T, o.e, map[string]any{"uri": "file://" + o.dir + "/Dockerfile", "push": true, "tags": []string{"127.0.0.1:1/nobody:there"}})
	if r.Status != "failed" || r.Error == nil || !contains(r.Error.Message, "127.0.0.1:1") || r.Error.Range != nil {
		o.Errorf("push to nobody: %s %+v", r.Status, r.Error)
	}
}

// checkSlowPush: while a registry takes its time, progress says that the image is pushed.
func (o outputs) checkSlowPush() {
	o.Helper()
	shown := make(chan struct{})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: enginetest.Registry(o.T)})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			select {
			case <-shown:
			case <-r.Context().Done():
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	release := sync.OnceFunc(func() { close(shown) })
	defer slow.Close()
	defer release()
	tag := strings.TrimPrefix(slow.URL, "http://") + "/slow-" + o.name + ":a"
	var started struct{ Token json.RawMessage }
	if err := o.e.Execute("buildls.build", map[string]any{"uri": "file://" + o.dir + "/Dockerfile", "push": true, "tags": []string{tag}}, &started); err != nil {
		o.Fatal(err)
	}
	o.e.Await("a push in progress", func() bool {
		return slices.ContainsFunc(o.e.Progress(string(started.Token)), func(p lsptest.Progress) bool { return strings.Contains(p.Message, "pushing") })
	})
	release()
	o.e.Await("the end of the push", func() bool { return o.e.Ended(string(started.Token)) })
	if digestAt(o.T, strings.Replace(tag, strings.TrimPrefix(slow.URL, "http://"), enginetest.Registry(o.T), 1)) == "" {
		o.Errorf("not pushed: %+v", o.e.Progress(string(started.Token)))
	}
}

// checkHalfWay: a build that fails leaves the file of the last one as it was.
func (o outputs) checkHalfWay() {
	o.Helper()
	file := filepath.Join(o.dir, "a.tar")
	before, _ := os.ReadFile(file)
	bad := "file://" + o.dir + "/bad.Dockerfile"
	o.e.Open(bad, "dockerfile", base(o.T)+"RUN exit 4\n")
	r := buildNow(o.T, o.e, map[string]any{"uri": bad, "outputs": []any{output("tar", file)}})
	if after, _ := os.ReadFile(file); r.Status != "failed" || !bytes.Equal(before, after) {
		o.Errorf("%s; the tar changed: %v", r.Status, !bytes.Equal(before, after))
	}
}

// checkPlatforms: one name holds an image for each platform, under the digest that the
// result says.
func (o outputs) checkPlatforms(d *enginetest.Daemon) {
	o.Helper()
	both := "file://" + o.dir + "/both.Dockerfile"
	o.e.Open(both, "dockerfile", "FROM "+enginetest.Registry(o.T)+"/multi\nRUN cat /etc/arch\n")
	r := buildNow(o.T, o.e, map[string]any{"uri": both, "platforms": []string{"linux/amd64", "linux/arm64"}, "tags": []string{"app:both"}})
	if r.Status != "succeeded" || r.Digest == nil {
		o.Errorf("%+v", r)
		return
	}
	if id := d.Docker(o.T, "image", "inspect", "--format", "{{.ID}}", "app:both"); strings.TrimSpace(id) != *r.Digest {
		o.Errorf("Docker holds %s, the result says %s", id, *r.Digest)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		if out := d.Docker(o.T, "image", "inspect", "--platform", "linux/"+arch, "--format", "{{.Architecture}}", "app:both"); strings.TrimSpace(out) != arch {
			o.Errorf("linux/%s: %s", arch, out)
		}
	}
}
