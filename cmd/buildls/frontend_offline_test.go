package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// A registry that is not reached is said in words that tell which it is, and what helps.
func TestUnreachedRegistry(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{workspace(t, "Dockerfile", "FROM scratch\n")}})
		for text, words := range map[string][]string{
			"# syntax=127.0.0.1:1/frontend:1\nFROM scratch\n": {"the front end 127.0.0.1:1/frontend:1, which this Dockerfile asks for, could not be fetched: ", "the front end that is in the engine"},
			"FROM 127.0.0.1:1/base\nCOPY . /\n":               nil,
		} {
			uri := "file://" + workspace(t, "Dockerfile", text) + "/Dockerfile"
			e.Open(uri, "dockerfile", text)
			r := buildNow(t, e, map[string]any{"uri": uri})
			if r.Error == nil || !contains(r.Error.Message, append(words, "the registry 127.0.0.1:1 is not reached (", "connection refused", "Start it, or name another")...) || r.Error.Range.Start.Line != 0 {
				t.Errorf("%q: %+v", text, r.Error)
			}
		}
		e.Shutdown()
	})
}

// Without a network, the embedded engine's own front end stands in for Docker's, if the author has
// chosen that, and if it is what the Dockerfile asks for. The result says so.
func TestOfflineFrontend(t *testing.T) {
	s, _ := ownEmbedded(t)
	// A proxy that hangs up, and counts.
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	}))
	t.Cleanup(proxy.Close)
	offline := append(s.env, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=")
	text := "# syntax=docker/dockerfile:1\nFROM scratch\nCOPY <<EOF /a\nb\nEOF\n"
	dir := workspace(t, "Dockerfile", text)
	uri := "file://" + dir + "/Dockerfile"
	try := func(settings map[string]any, text string) result {
		t.Helper()
		e := newEditor(t, program(t, offline), lsptest.Options{Folders: []string{dir}, Init: settings})
		e.Open(uri, "dockerfile", text)
		r := buildNow(t, e, nil)
		before := asked.Load()
		if again := buildNow(t, e, nil); r.Status == "succeeded" && (again.Status != r.Status || len(again.Warnings) != len(r.Warnings) || asked.Load() != before) {
			t.Errorf("once more: %s %+v, and the registry was asked %d times more", again.Status, again.Warnings, asked.Load()-before)
		}
		e.Shutdown()
		return r
	}
	fails := func(settings map[string]any, text string, words ...string) {
		t.Helper()
		if r := try(settings, text); r.Error == nil || !contains(r.Error.Message, append(words, "the registry registry-1.docker.io is not reached (", "buildls help engines")...) || r.Error.Range.Start.Line != 0 {
			t.Errorf("%s %+v", r.Status, r.Error)
		}
	}
	builtin := map[string]any{"offlineFrontend": "builtin"}
	fails(nil, text, "which builds in its place if the setting buildls.offlineFrontend is \"builtin\"")
	fails(builtin, strings.Replace(text, ":1", ":1-labs", 1), "docker/dockerfile:1-labs")

	r := try(builtin, text)
	if r.Status != "succeeded" || len(r.Steps) != 1 {
		t.Fatalf("%s %+v %+v", r.Status, r.Error, r.Steps)
	}
	said := false
	for _, w := range r.Warnings {
		said = said || w.Code == "frontend" && contains(w.Message, "built with the engine's own front end 1.", "docker/dockerfile:1 could not be fetched")
	}
	if !said {
		t.Errorf("%+v", r.Warnings)
	}
	if out, code := terminalBuild(t, offline, nil, "--offline-frontend", "builtin", dir); code != 0 || !contains(out, "Dockerfile:1: warning: built with the engine's own front end") {
		t.Errorf("%d %s", code, out)
	}
	if out, code := terminalBuild(t, offline, nil, "--offline-frontend", "other", dir); code != 2 || !contains(out, `"other" is neither fail nor builtin`) {
		t.Errorf("%d %s", code, out)
	}
}
