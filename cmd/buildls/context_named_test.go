package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// Named contexts of every kind are built from, or refused by name before any step.
func TestNamedContexts(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		other := workspace(t, "b.txt", "of another folder\n", ".dockerignore", "c.txt\n", "c.txt", "ignored")
		dir := workspace(t)
		rel, err := filepath.Rel(dir, other)
		if err != nil {
			t.Fatal(err)
		}
		repo := serveGit(t, "", "b.txt", "of a repository\n", "sub/b.txt", "of below\n")
		web := serveFiles(t, map[string][]byte{"/b": []byte("of the web\n")})
		layout := "oci-layout://" + ociLayout(t)
		e := edit(t, s.env, dir)
		e.Open("file://"+dir+"/Dockerfile", "dockerfile", "FROM stands\nCOPY --from=other / /o\nRUN cat /o/[bc]*; ls /o\n")
		for _, c := range []struct{ value, want, docker string }{
			{other, "of another folder\nb.txt\n", ""},
			{rel, "of another folder\nb.txt\n", ""},
			{repo.address("#main"), "of a repository\nb.txt\nsub\n", ""},
			{repo.address("#main:sub"), "of below\nb.txt\n", ""},
			{repo.address("?branch=main&subdir=sub"), "of below\nb.txt\n", ""},
			{web.URL + "/b", "of the web\ncontext\n", "http(s) URL"}, // a defect of its BuildKit 0.25
			{layout + ":v1", "of a layout\nb.txt\n", "OCI layout"},
			{layout, "of a layout\nb.txt\n", "OCI layout"},
		} {
			contexts := map[string]string{"other": c.value, "stands:latest": "docker-image://" + enginetest.Registry(t) + "/base"}
			r := buildNow(t, e, map[string]any{"contexts": contexts, "noCache": true})
			refused := ""
			if s.store {
				refused = c.docker
			}
			if s.old && refused != "OCI layout" {
				refused = "too old"
			}
			switch {
			case refused != "" && (r.Status != "failed" || !contains(r.Error.Message, refused) || len(r.Steps) > 0):
				t.Errorf("%s: %s, want a refusal with %q: %+v", c.value, r.Status, refused, r.Error)
			case refused == "" && r.Status != "succeeded":
				t.Errorf("%s: %+v", c.value, r.Error)
			case refused == "" && !strings.Contains(logOf(t, e, r), c.want):
				t.Errorf("%s: log %q", c.value, logOf(t, e, r))
			}
		}
		if !s.old {
			checkNamedOverlay(t, e, other)
		}
		e.Shutdown()
	})
}

// checkNamedOverlay checks that a buffer stands in for a file of a named context.
func checkNamedOverlay(t *testing.T, e *lsptest.Editor, other string) {
	t.Helper()
	uri := "file://" + other + "/b.txt"
	e.Open(uri, "plaintext", "of a buffer\n")
	contexts := map[string]string{"other": other, "stands": "docker-image://" + enginetest.Registry(t) + "/base", "context": other, "dockerfile": other}
	r := mustBuild(t, e, map[string]any{"contexts": contexts})
	if !strings.Contains(logOf(t, e, r), "of a buffer") || !slices.Contains(r.Overlaid, uri) {
		t.Errorf("%v; log %q", r.Overlaid, logOf(t, e, r))
	}
	contexts["other"] = other + "/gone"
	if err := e.Execute("buildls.build", map[string]any{"contexts": contexts, "wait": true}, nil); err == nil || !contains(err.Error(), "other", "gone does not exist") {
		t.Error(err)
	}
}

// ociLayout is a folder with one image, called v1, that holds b.txt.
func ociLayout(t *testing.T) string {
	t.Helper()
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY b.txt /\n", "b.txt", "of a layout\n")
	layout := filepath.Join(t.TempDir(), "layout")
	env := buildkitdSite(enginetest.Buildkitd(t)).env
	if out, err := program(t, env, "build", "-t", "app:v1", "-o", "type=oci,tar=false,dest="+layout, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return layout
}

// A newer front end brings named contexts to engines whose own lacks them.
func TestNamedContextsByNewerFrontend(t *testing.T) {
	frontend := frontendImage(t)
	for _, version := range []string{"20.10", "28"} {
		t.Run("docker-"+version, func(t *testing.T) {
			other := workspace(t, "b.txt", "of another folder\n")
			web := serveFiles(t, map[string][]byte{"/b": []byte("of the web\n")})
			e := edit(t, dockerSite(enginetest.Docker(t, version), version).env, workspace(t))
			e.Open("untitled:1", "dockerfile", "# syntax="+frontend+"\nFROM stands\nCOPY --from=other / /o\nCOPY --from=web / /o\nRUN cat /o/b.txt /o/context\n")
			r := mustBuild(t, e, map[string]any{"noCache": true, "contexts": map[string]string{
				"other": other, "web": web.URL + "/b", "stands": "docker-image://" + enginetest.Registry(t) + "/base"}})
			if out := logOf(t, e, r); !strings.Contains(out, "of another folder\nof the web\n") || len(r.Steps) != 3 { // FROM names no image of its own
				t.Errorf("%+v\n%s", r.Steps, out)
			}
			e.Shutdown()
		})
	}
}
