package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A cache that one engine wrote is used by every other.
func TestCaches(t *testing.T) {
	registry := enginetest.Registry(t)
	dir := workspace(t, "Dockerfile", "")
	nonce := filepath.Base(filepath.Dir(dir)) // no engine has built this before
	uri := "file://" + dir + "/Dockerfile"
	writer := buildkitdSite(enginetest.Buildkitd(t))
	e := edit(t, writer.env, dir)
	text := func(kind string) string { return base(t) + "RUN echo " + nonce + dir + kind + " >/made\n" }
	how := map[string][2]string{
		"local":    {"type=local,dest=cache", "type=local,src=" + dir + "/cache"},
		"registry": {"type=registry,mode=max,ref=" + registry + "/cache:a", registry + "/cache:a"},
		"inline":   {"type=inline", "type=registry,ref=" + registry + "/inline:a"},
	}
	for kind, c := range how {
		e.Open(uri+"."+kind, "dockerfile", text(kind))
		mustBuild(t, e, map[string]any{"uri": uri + "." + kind, "cacheTo": []string{c[0]}, "push": kind == "inline", "tags": []string{registry + "/inline:a"}})
	}
	e.Shutdown()
	onEachEngine(t, func(t *testing.T, s site) {
		e := edit(t, s.env, dir)
		for kind, c := range how {
			e.Open(uri+"."+kind, "dockerfile", text(kind))
			r := mustBuild(t, e, map[string]any{"uri": uri + "." + kind, "cacheFrom": []string{c[1]}})
			// The steps of Docker 20.10 have other cache keys: it uses its own caches.
			if last := r.Steps[len(r.Steps)-1]; last.Status != "cached" && !s.old {
				t.Errorf("%s: %+v", kind, last)
			}
		}
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

// What a script wants to know is written when the build has succeeded.
func TestFiles(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
		e := edit(t, s.env, dir)
		fields := map[string]any{"uri": "file://" + dir + "/Dockerfile", "iidFile": "iid", "metadataFile": dir + "/metadata.json"}
		if !s.store {
			if r := buildNow(t, e, fields); r.Error == nil || !strings.Contains(r.Error.Message, "leaves no image") {
				t.Errorf("no image: %+v", r)
			}
			fields["outputs"] = []any{output("oci", "image.tar")}
		}
		r := mustBuild(t, e, fields)
		iid, err := os.ReadFile(dir + "/iid")
		if err != nil || r.ImageID == nil || string(iid) != *r.ImageID {
			t.Errorf("iidFile %q, %v; %+v", iid, err, r)
		}
		data, _ := os.ReadFile(dir + "/metadata.json")
		var metadata map[string]any
		if err := json.Unmarshal(data, &metadata); err != nil || metadata["containerimage.digest"] != *r.Digest {
			t.Errorf("metadataFile %s, %v", data, err)
		}
		e.Shutdown()
	})
}

// What an earlier build wrote is gone when a build fails, so that no script takes it for this
// build's. It stays where the command line is wrong.
func TestOldFiles(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY nothere /\n")
	old := map[string]string{filepath.Join(dir, "iid"): "sha256:" + strings.Repeat("a", 64), filepath.Join(dir, "metadata"): `{"containerimage.digest": "old"}`}
	lay := func() {
		for name, text := range old {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	stayed := func() (n int) {
		for name, text := range old {
			if data, err := os.ReadFile(name); err == nil && string(data) == text {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		args  string // of a build in dir
		stays bool
		says  string
	}{
		{"--engine unix:///nowhere/at/all .", false, "cannot use buildkitd"},
		{"gone", false, "does not exist"},
		{"-f gone .", false, "no Dockerfile"},
		{"--target gone .", false, "unknown target"},
		{"--secret id=x,src=gone .", false, "gone"},
		{"--build-context x=gone .", false, "gone"},
		{"-o type=local,dest=out .", true, "has no image"},
		{"-o type=tar,dest=out .", true, "has no image"},
		{"--platform no/such/platform/at/all .", true, "platform"},
		{"--tag A:B:C .", true, "A:B:C"},
		{"--no-such-flag .", true, "no-such-flag"},
		{". .", true, "one CONTEXT"},
	} {
		lay()
		build := program(t, nil, append([]string{"build", "--iidfile", "iid", "--metadata-file", "metadata"}, strings.Fields(c.args)...)...)
		build.Dir = dir
		out, err := build.CombinedOutput()
		want := 0
		if c.stays {
			want = len(old)
		}
		if got := stayed(); err == nil || !strings.Contains(string(out), c.says) || got != want {
			t.Errorf("%s: %v, %d files stay, not %d\n%s", c.args, err, got, want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("something was written to out")
	}

	lay()
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, nil, dir)
	e.Configure(map[string]any{"build": map[string]any{"*": map[string]any{"iidFile": "iid", "metadataFile": "metadata", "engine": "unix:///nowhere/at/all"}}})
	e.Open(uri, "dockerfile", "FROM scratch\nCOPY nothere /\n")
	if err := e.Execute("buildls.context", map[string]any{"uri": uri}, nil); err != nil || stayed() != len(old) {
		t.Errorf("looking: %v, %d files stay", err, stayed())
	}
	if r := buildNow(t, e, map[string]any{"uri": uri}); r.Status != "failed" || stayed() != 0 {
		t.Errorf("in an editor: %s, %d files stay", r.Status, stayed())
	}
	e.Shutdown()
}

func TestWrongCachesAndFiles(t *testing.T) {
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
