package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/build/registry"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Main(m)) }

// TestRegistry asks a real one.
func TestRegistry(t *testing.T) {
	logins(t, "")
	host := enginetest.Registry(t)
	c := registry.New(t.Context())
	index, err := c.Digest(t.Context(), host+"/multi")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/multi:latest", "/multi@" + index} {
		if same, err := c.Digest(t.Context(), host+name); same != index {
			t.Errorf("%s: %s, %v; want %s", name, same, err, index)
		}
	}
	for _, name := range []string{"/multi", "/base:latest", "/multi@" + index} {
		if made, err := c.Created(t.Context(), host+name); !made.Equal(time.Unix(0, 0)) || err != nil {
			t.Errorf("%s: %v, %v", name, made, err)
		}
	}

	image, made := pushImage(t, host, "dated", time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC))
	for i := range 20 {
		put(t, host, fmt.Sprintf("dated/manifests/1.%d", i), ocispecs.MediaTypeImageManifest, image)
	}
	tags, err := c.Tags(t.Context(), host+"/dated:1")
	if err != nil || len(tags) != 20 || strings.Join(tags[:2], " ") != "1.19 1.18" {
		t.Errorf("%d tags: %.100q, %v", len(tags), tags, err)
	}
	if got, err := c.Created(t.Context(), host+"/dated:1.7"); !got.Equal(made) || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := c.Digest(t.Context(), host+"/dated:1.7"); got != digest.FromBytes(image).String() || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, name := range []string{"/none", "/dated:none"} {
		if _, err := c.Digest(t.Context(), host+name); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pushImage pushes the config and the manifest of an image without layers, which has no tag yet.
func pushImage(t *testing.T, host, name string, made time.Time) ([]byte, time.Time) {
	t.Helper()
	image := encode(t, ocispecs.Image{Created: &made, Config: ocispecs.ImageConfig{Env: []string{"A=b"}}})
	resp, err := http.Post("http://"+host+"/v2/"+name+"/blobs/uploads/", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	at, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	query.Set("digest", digest.FromBytes(image).String())
	put(t, host, strings.TrimPrefix(at.Path, "/v2/")+"?"+query.Encode(), "application/octet-stream", image)
	return encode(t, map[string]any{"schemaVersion": 2, "mediaType": ocispecs.MediaTypeImageManifest, "layers": []any{}, "config": ocispecs.Descriptor{
		MediaType: ocispecs.MediaTypeImageConfig, Digest: digest.FromBytes(image), Size: int64(len(image))}}), made
}

func put(t *testing.T, host, path, mediaType string, content []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+host+"/v2/"+path, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", mediaType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(path, resp.Status)
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// logins is what Docker's configuration holds, in JSON.
func logins(t *testing.T, said string) {
	t.Helper()
	dir := t.TempDir()
	before := config.Dir()
	config.SetDir(dir) // the variable is read once
	t.Cleanup(func() { config.SetDir(before) })
	if said != "" {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(said), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// serve is a registry that answers as a test wants; its host.
func serve(t *testing.T, handle http.HandlerFunc) string {
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// guarded is a registry that wants a login, or a token of its token service, which wants the login.
func guarded(t *testing.T, scheme string) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		given := user + ":" + password
		if r.Method == http.MethodPost { // OAuth
			given = r.FormValue("username") + ":" + r.FormValue("password") + r.FormValue("refresh_token")
		}
		switch {
		case r.URL.Path == "/token" && r.FormValue("scope") != "repository:team/app:pull":
			http.Error(w, "another scope: "+r.FormValue("scope"), http.StatusForbidden)
		case r.URL.Path == "/token":
			fmt.Fprintf(w, `{"access_token": "for %s", "token": "for %s"}`, given, given)
		case scheme == "Bearer" && r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="test",scope="repository:team/app:pull"`)
			w.WriteHeader(http.StatusUnauthorized)
		case scheme == "Bearer":
			fmt.Fprintf(w, `{"tags": [%q]}`, strings.NewReplacer(" ", "_", ":", ".").Replace(r.Header.Get("Authorization")))
		case user == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case given != "me:secret":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			fmt.Fprint(w, `{"tags": ["1"]}`)
		}
	})
}

// TestLogins asks registries that want to know who asks.
func TestLogins(t *testing.T) {
	for _, c := range []struct{ name, scheme, config, want string }{
		{"nobody", "Bearer", ``, "Bearer_for_."},
		{"a password", "Bearer", `{"auths": {"%s": {"auth": "bWU6c2VjcmV0"}}}`, "Bearer_for_me.secret"},
		{"an identity token", "Bearer", `{"auths": {"%s": {"identitytoken": "idt"}}}`, "Bearer_for_.idt"},
		{"another's password", "Bearer", `{"auths": {"example.com": {"auth": "bWU6c2VjcmV0"}}, "x": "%s"}`, "Bearer_for_."},
		{"a helper", "Bearer", `{"credHelpers": {"%s": "buildlstest"}}`, "Bearer_for_helped.by"},
		{"basic", "Basic", `{"auths": {"%s": {"auth": "bWU6c2VjcmV0"}}}`, "1"},
		{"basic, wrong", "Basic", `{"auths": {"%s": {"auth": "bWU6d3Jvbmc="}}}`, "! 401"},
		{"basic, nobody", "Basic", ``, "! no basic auth credentials"},
		{"no helper", "Basic", `{"credHelpers": {"%s": "buildlsnone"}}`, "! docker-credential-buildlsnone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(c.config, "Helpers") && runtime.GOOS == "windows" {
				t.Skip("not on Windows: the helper is a script")
			}
			host := guarded(t, c.scheme)
			logins(t, strings.Replace(c.config, "%s", host, 1))
			path := t.TempDir()
			helper := "#!/bin/sh\nread host\necho '{\"ServerURL\": \"'$host'\", \"Username\": \"helped\", \"Secret\": \"by\"}'\n"
			if err := os.WriteFile(filepath.Join(path, "docker-credential-buildlstest"), []byte(helper), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", path+string(os.PathListSeparator)+os.Getenv("PATH"))
			tags, err := registry.New(t.Context()).Tags(t.Context(), host+"/team/app")
			got := strings.Join(tags, " ")
			if err != nil {
				got = "! " + err.Error()
			}
			if got != c.want && !(strings.HasPrefix(c.want, "!") && err != nil && strings.Contains(got, c.want[2:])) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestPages reads lists of several pages. What a registry names beside its own list is not asked.
func TestPages(t *testing.T) {
	logins(t, "")
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		at, page := r.URL.Path, r.FormValue("last")
		link := func(to string) { w.Header().Set("Link", "<"+to+`>; rel="next"`) }
		switch {
		case strings.Contains(at, "three") && page != "b":
			link(at + "?n=1&last=" + map[string]string{"": "a", "a": "b"}[page])
		case strings.Contains(at, "endless"):
			link(at + "?last=" + page + "x")
		case strings.Contains(at, "other"):
			link("http://" + other + at + "?last=x")
		case strings.Contains(at, "beside"):
			link("/v2/x/tags/list?last=x")
		}
		fmt.Fprintf(w, `{"tags": [%q, "1", "not a tag", "\u0007"]}`, "p"+page)
	})
	c := registry.New(t.Context())
	for name, want := range map[string]int{"one": 2, "three": 4, "endless": 101, "other": 2, "beside": 2} {
		if tags, err := c.Tags(t.Context(), host+"/"+name); len(tags) != want || err != nil {
			t.Errorf("%s: %q, %v", name, tags, err)
		}
	}
	if elsewhere.Load() > 0 {
		t.Error("another host was asked")
	}
}

// TestFaults asks registries that answer wrongly: each question ends, with an error.
func TestFaults(t *testing.T) {
	logins(t, "")
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		endless := func(text string) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, text); err != nil {
					return
				}
			}
		}
		switch name := strings.Split(r.URL.Path, "/")[2]; name {
		case "unauthorized":
			w.WriteHeader(http.StatusUnauthorized)
		case "busy":
			w.WriteHeader(http.StatusTooManyRequests)
		case "garbage":
			fmt.Fprint(w, "<html>")
		case "odd":
			w.Header().Set("Docker-Content-Digest", "sha256:../..")
			fmt.Fprint(w, `{"tags": 1, "manifests": [{"digest": "../../x"}]}`)
		case "endless":
			fmt.Fprint(w, `{"tags": ["1"`)
			endless(`,"` + strings.Repeat("1", 1000) + `"`)
		case "endlesstoken":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/v2/token/"`)
			w.WriteHeader(http.StatusUnauthorized)
		case "token":
			fmt.Fprint(w, `{"token": "`)
			endless(strings.Repeat("1", 1000))
		case "nested":
			fmt.Fprintf(w, `{"manifests": [{"digest": %q}]}`, digest.FromString("x"))
		default:
			http.NotFound(w, r)
		}
	})
	c := registry.New(t.Context())
	for name, want := range map[string]string{
		"unauthorized": "not implemented", "none": "404", "busy": "429", "garbage": "invalid character", "odd": "cannot unmarshal",
		"endless": "more than 8388608 bytes", "endlesstoken": "more than 8388608 bytes", "Bad Name": "invalid reference",
	} {
		if tags, err := c.Tags(t.Context(), host+"/"+name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %.100q, %v; want %s", name, tags, err, want)
		}
	}
	for _, name := range []string{"none", "garbage", "odd", "nested", "endlesstoken"} {
		if made, err := c.Created(t.Context(), host+"/"+name); err == nil {
			t.Errorf("%s: %v", name, made)
		}
	}
	if _, err := c.Digest(t.Context(), host+"/busy"); err == nil {
		t.Error("a digest")
	}
	if got, err := c.Digest(t.Context(), host+"/garbage"); got != digest.FromString("<html>").String() {
		t.Errorf("without a header: %s, %v", got, err)
	}
}

// TestHanging leaves a registry that does not answer: at once who asked, and the request with the
// client's end.
func TestHanging(t *testing.T) {
	logins(t, "")
	asked, left := make(chan struct{}), make(chan struct{})
	host := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(left)
	})
	ctx, end := context.WithCancel(t.Context())
	c := registry.New(ctx)
	asking, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := c.Tags(asking, host+"/app")
		failed <- err
	}()
	<-asked
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	end()
	<-left
}
