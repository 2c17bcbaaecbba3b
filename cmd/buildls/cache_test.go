package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A cache that one engine wrote is used by every other. BuildKit misses one now and then, also for buildctl: of
// three, one is enough.
func TestCaches(t *testing.T) {
	registry := enginetest.Registry(t)
	dir := workspace(t, "Dockerfile", "")
	nonce := filepath.Base(filepath.Dir(dir)) // no engine has built this before
	uri := "file://" + dir + "/Dockerfile"
	writer := buildkitdSite(enginetest.Buildkitd(t))
	e := edit(t, writer.env, dir)
	text := func(kind string, nth int) string {
		return fmt.Sprint(base(t), "RUN echo ", nonce, dir, kind, nth, " >/made\n")
	}
	how := map[string][2]string{ // each with a number behind it
		"local":    {"type=local,dest=cache", "type=local,src=" + dir + "/cache"},
		"registry": {"type=registry,mode=max,ref=" + registry + "/cache:a", registry + "/cache:a"},
		"inline":   {"type=inline", "type=registry,ref=" + registry + "/inline:a"},
	}
	for kind, c := range how {
		for nth := range 3 {
			to := c[0]
			if kind != "inline" {
				to += strconv.Itoa(nth)
			}
			e.Open(uri+"."+kind, "dockerfile", text(kind, nth))
			mustBuild(t, e, map[string]any{"uri": uri + "." + kind, "cacheTo": []string{to}, "push": kind == "inline", "tags": []string{fmt.Sprint(registry, "/inline:a", nth)}})
			e.Close(uri + "." + kind)
		}
	}
	e.Shutdown()
	onEachEngine(t, func(t *testing.T, s site) {
		e := edit(t, s.env, dir)
		for kind, c := range how {
			var last stepOf
			for nth := 0; nth < 3 && last.Status != "cached" && !(s.old && nth > 0); nth++ {
				e.Open(uri+"."+kind, "dockerfile", text(kind, nth))
				r := mustBuild(t, e, map[string]any{"uri": uri + "." + kind, "cacheFrom": []string{c[1] + strconv.Itoa(nth)}})
				last = r.Steps[len(r.Steps)-1]
				e.Close(uri + "." + kind)
			}
			// The steps of Docker 20.10 have other cache keys: it uses its own caches.
			if last.Status != "cached" && !s.old {
				t.Errorf("%s: %+v", kind, last)
			}
		}
		e.Open(uri+".local", "dockerfile", text("local", 0))
		r := mustBuild(t, e, map[string]any{"uri": uri + ".local", "cacheFrom": []string{"type=local,src=gone"}})
		if !slices.ContainsFunc(r.Warnings, func(w struct{ Message, Code string }) bool { return w.Code == "cache" }) {
			t.Errorf("a cache that is not there: %+v", r.Warnings)
		}
		for _, to := range []string{"type=local,dest=" + t.TempDir(), "type=registry,ref=" + registry + "/cache:b"} {
			r := buildNow(t, e, map[string]any{"uri": uri + ".local", "cacheTo": []string{to}})
			if refused := r.Status == "failed" && strings.Contains(r.Error.Message, "cannot write a cache"); refused != s.store || !refused && r.Status != "succeeded" {
				t.Errorf("%s: %s %+v", to, r.Status, r.Error)
			}
		}
		e.Shutdown()
	})
}

// What the embedded engine writes into an image, another engine finds there.
func TestInlineCacheOfEmbedded(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t, "Dockerfile", "")
	uri, tag := "file://"+dir+"/Dockerfile", enginetest.Registry(t)+"/inline-embedded:a"
	e := edit(t, s.env, dir)
	e.Open(uri, "dockerfile", base(t)+"RUN echo "+dir+" >/made\n")
	mustBuild(t, e, map[string]any{"uri": uri, "tags": []string{tag}, "push": true, "cacheTo": []string{"type=inline"}})
	other := buildkitdSite(enginetest.Buildkitd(t))
	r := mustBuild(t, e, map[string]any{"uri": uri, "engine": other.engine, "cacheFrom": []string{tag}})
	if last := r.Steps[len(r.Steps)-1]; last.Status != "cached" || r.Engine != other.engine {
		t.Errorf("on %s: %+v", r.Engine, last)
	}
	e.Shutdown()
}

// What a Docker engine writes into an image, it finds there again.
func TestInlineCache(t *testing.T) {
	for _, version := range []string{"20.10", "28"} {
		s := dockerSite(enginetest.Docker(t, version), version)
		dir := workspace(t, "Dockerfile", "")
		uri, tag := "file://"+dir+"/Dockerfile", enginetest.Registry(t)+"/inline-"+s.name+":a"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"RUN echo "+dir+" >/made\n")
		mustBuild(t, e, map[string]any{"uri": uri, "tags": []string{tag}, "cacheTo": []string{"type=inline"}})
		s.docker.Docker(t, "push", tag)
		s.docker.Docker(t, "rmi", tag)
		s.docker.Docker(t, "builder", "prune", "-af")
		r := mustBuild(t, e, map[string]any{"uri": uri, "cacheFrom": []string{tag}})
		if last := r.Steps[len(r.Steps)-1]; last.Status != "cached" {
			t.Errorf("%s: %+v", s.name, last)
		}
		e.Shutdown()
	}
}

func TestWrongCachesAndOutputFiles(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	for _, c := range [][3]string{
		{"--cache-from", "type=inline", "it can be registry, local, gha"},
		{"--cache-from", "type=local", "it needs src"},
		{"--cache-to", "type=registry", "it needs ref"},
		{"--cache-to", "type=ftp", "it can be registry, local, inline, gha"},
		{"--cache-to", "A b", "invalid reference"},
		{"--iidfile", dir, "is a directory"},
		{"--metadata-file", dir + "/gone/x", "does not exist"},
	} {
		out, err := program(t, nil, "build", c[0], c[1], dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c[2]) {
			t.Errorf("%q: %v\n%s", c, err, out)
		}
	}
}

// A bucket is as much of S3 as a cache needs.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	keys    map[string]bool // the access keys that requests were signed with
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	b.keys[key] = true
	switch r.Method {
	case http.MethodPut:
		b.objects[r.URL.Path], _ = io.ReadAll(r.Body)
		w.Header().Set("ETag", `"x"`)
	default:
		data, ok := b.objects[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code><Message>none</Message></Error>`)
			return
		}
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 10:00:00 GMT")
		w.Write(data)
	}
}

// A cache in S3 that one buildkitd wrote is read by another, with the keys of the
// environment, which are shown nowhere; engines that have no such caches refuse them.
func TestAccountCaches(t *testing.T) {
	b := &bucket{objects: map[string][]byte{}, keys: map[string]bool{}}
	server := httptest.NewServer(b)
	defer server.Close()
	dir := workspace(t, "Dockerfile", base(t)+"RUN echo "+t.TempDir()+" >/made\n")
	const key, secret, token = "AKIAPLANTEDKEY", "planted-secret-access-key", "planted-runtime-token"
	cache := "type=s3,bucket=b,region=r,name=c,mode=max,use_path_style=true,endpoint_url=" + server.URL
	run := func(address string, args ...string) string {
		t.Helper()
		env := []string{"BUILDLS_ENGINE=" + address, "AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret}
		out, _ := program(t, env, append(append([]string{"build", "--progress", "plain"}, args...), dir)...).CombinedOutput()
		if contains(string(out), secret) || contains(string(out), key) {
			t.Errorf("a key is shown:\n%s", out)
		}
		return string(out)
	}
	one, two := enginetest.Buildkitd(t), enginetest.StartBuildkitd(t)
	out := run(one.Address, "--cache-to", cache)
	b.mu.Lock()
	if !contains(out, "built in") || len(b.objects) == 0 || !b.keys[key] {
		t.Errorf("%d objects, keys %v\n%s", len(b.objects), b.keys, out)
	}
	b.mu.Unlock()
	if out := run(two.Address, "--cache-from", cache); !contains(out, "RUN echo", "CACHED", "built in") {
		t.Errorf("%s", out)
	}

	// GitHub's, outside a workflow and in one whose cache does not answer.
	if out := run(one.Address, "--cache-from", "type=gha", "--cache-to", "type=gha,mode=max"); !contains(out, "warning: the cache of type gha is left out", "built in") {
		t.Errorf("%s", out)
	}
	cmd := program(t, []string{"BUILDLS_ENGINE=" + one.Address, "ACTIONS_RUNTIME_TOKEN=" + token, "ACTIONS_CACHE_URL=" + server.URL + "/"}, "build", "--progress", "plain", "--cache-to", "type=gha", dir)
	if out, err := cmd.CombinedOutput(); err == nil || contains(string(out), token) || !contains(string(out), "cache") {
		t.Errorf("%v\n%s", err, out)
	}

	docker := enginetest.Docker(t, "28")
	for address, s := range map[string]site{"embedded": embeddedSite(t), "docker": dockerSite(docker, "28")} {
		for _, flag := range []string{"--cache-from", "--cache-to"} {
			out, err := program(t, append(s.env, "BUILDLS_ENGINE="+address), "build", flag, cache, dir).CombinedOutput()
			if err == nil || !contains(string(out), "a cache of type s3", "it can ") {
				t.Errorf("%s %s: %v\n%s", address, flag, err, out)
			}
		}
	}
}
