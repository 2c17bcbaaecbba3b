package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

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
