package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestVersionCheck asks a place of releases which is the newest, and says what that means.
func TestVersionCheck(t *testing.T) {
	var asked atomic.Int32
	place := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/releases/latest", "/late/latest":
			http.Redirect(w, r, "/releases/tag/v1.10.0", http.StatusFound)
		case "/empty/latest":
			http.Redirect(w, r, "/releases", http.StatusFound)
		case "/long/latest":
			http.Redirect(w, r, "/"+strings.Repeat("x", 5000)+"/v1.10.0", http.StatusFound)
		case "/mirror/latest":
			w.Write([]byte("<h1>v1.10.0</h1>"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer place.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	defer func(was string) { release = was }(release)
	at := place.URL + "/releases/tag/v1.10.0"
	for _, c := range []struct {
		running, place, out, err string
	}{
		{"v1.9.3", place.URL + "/releases", "buildls v1.9.3\nThere is a newer release, v1.10.0: " + at + "\n", ""},
		{"v1.9.3", place.URL + "/releases/", "There is a newer release, v1.10.0: " + at, ""},
		{"v1.10.0", place.URL + "/releases", "It is the newest release.", ""},
		{"v1.11.0", place.URL + "/releases", "It is newer than the newest release, v1.10.0: " + at, ""},
		{"v1.10.0-rc1", place.URL + "/releases", "There is a newer release, v1.10.0: " + at, ""},
		{"v1.11.0-rc1", place.URL + "/releases", "It is newer than the newest release, v1.10.0: " + at, ""},
		{"(devel)", place.URL + "/releases", "This is no release. The newest release is v1.10.0: " + at, ""},
		{"v1.9.4-0.20260102030405-0123456789ab", place.URL + "/releases", "This is no release. The newest", ""},
		{"v1.9.3+dirty", place.URL + "/releases", "This is no release. The newest", ""},
		{"v1.9.3", strings.Replace(place.URL, "://", "://me:hidden@", 1) + "/releases", "There is a newer release", ""},
		{"v1.9.3", place.URL + "/empty", "buildls v1.9.3\n", "/empty/latest leads to " + place.URL + "/releases, which is no release: there is none yet"},
		{"v1.9.3", place.URL + "/long", "buildls v1.9.3\n", "leads to an address of "},
		{"v1.9.3", place.URL + "/mirror", "buildls v1.9.3\n", "it answered 200 OK and not with a redirect"},
		{"v1.9.3", place.URL + "/none", "buildls v1.9.3\n", "cannot ask " + place.URL + "/none/latest: it answered 404 Not Found"},
		{"v1.9.3", gone.URL, "buildls v1.9.3\n", "connection refused. If you need a proxy, set HTTPS_PROXY"},
		{"v1.9.3", "nowhere", "buildls v1.9.3\n", "BUILDLS_RELEASES is not the http or https address of a place"},
		{"v1.9.3", "ftp://a.example/releases", "buildls v1.9.3\n", "is not the http or https address"},
		{"v1.9.3", "me:hidden@a.example/releases", "buildls v1.9.3\n", "is not the http or https address"},
		{"v1.9.3", "http://me:hidden@127.0.0.1:x", "buildls v1.9.3\n", "invalid port"},
	} {
		release = c.running
		t.Setenv("BUILDLS_RELEASES", c.place)
		asked.Store(0)
		var out, errs nopCloser
		code := run(t.Context(), []string{"version", "--check"}, stdio{out: &out, err: &errs})
		if (code == exitOK) != (c.err == "") || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.err) || (errs.Len() > 0) != (c.err != "") {
			t.Errorf("%s at %s: %d\n%s%s", c.running, c.place, code, &out, &errs)
		}
		if asked.Load() > 1 || strings.Contains(out.String()+errs.String(), "hidden") {
			t.Errorf("%s: asked %d times\n%s%s", c.place, asked.Load(), &out, &errs)
		}
	}
	asked.Store(0)
	var out, errs nopCloser
	if code := run(t.Context(), []string{"version"}, stdio{out: &out, err: &errs}); code != exitOK || out.String() != "buildls v1.9.3\n" || asked.Load() > 0 {
		t.Errorf("%d, asked %d times\n%s%s", code, asked.Load(), &out, &errs)
	}
}

// TestVersionCheckCanceled: a place that does not answer is left at once.
func TestVersionCheckCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	place := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer place.Close()
	t.Setenv("BUILDLS_RELEASES", place.URL)
	var out, errs nopCloser
	if code := run(ctx, []string{"version", "--check"}, stdio{out: &out, err: &errs}); code != exitFailed || errs.String() != "buildls version: canceled\n" {
		t.Errorf("%d\n%s%s", code, &out, &errs)
	}
}

// TestVersionCheckProxy: the proxy of the environment is asked for what is elsewhere.
func TestVersionCheckProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() == "http://releases.invalid/latest" {
			w.Header().Set("Location", "tag/v9.9.9")
			w.WriteHeader(http.StatusFound)
		}
	}))
	defer proxy.Close()
	cmd := program(t, []string{"BUILDLS_RELEASES=http://releases.invalid", "HTTP_PROXY=" + proxy.URL, "NO_PROXY="}, "version", "--check")
	cmd.Stderr = os.Stderr
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "v9.9.9: http://releases.invalid/tag/v9.9.9") {
		t.Errorf("%v\n%s", err, out)
	}
}
