package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A list is what completion answers.
type list struct {
	IsIncomplete bool
	Items        []struct{ Label, SortText string }
}

func (l list) labels() (labels []string) {
	for _, item := range l.Items {
		labels = append(labels, item.Label)
	}
	return labels
}

// completeBehind asks what may be written at the end of a text of one line.
func completeBehind(t *testing.T, e *lsptest.Editor, text string) (answer list) {
	t.Helper()
	const uri = "file:///w/Dockerfile"
	e.Open(uri, "dockerfile", text)
	defer e.Close(uri)
	at := map[string]any{"line": 0, "character": len(text)}
	if err := e.Call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": at}, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// completeWhole asks until the list is whole, as an editor does while its author types.
func completeWhole(t *testing.T, e *lsptest.Editor, text string) list {
	t.Helper()
	for {
		if answer := completeBehind(t, e, text); !answer.IsIncomplete {
			return answer
		}
	}
}

// TestCompleteTags completes tags and the digest that a registry has.
func TestCompleteTags(t *testing.T) {
	host := enginetest.Registry(t)
	e := dial(t, nil, lsptest.Options{})
	for text, want := range map[string]string{
		"FROM " + host + "/multi:":        "latest",
		"FROM " + host + "/multi:x":       "",
		"FROM " + host + "/none:":         "",
		"FROM " + host + "/multi@":        "sha256:",
		"FROM " + host + "/multi:latest@": "sha256:",
		"# syntax=" + host + "/base:l":    "latest",
	} {
		got := completeWhole(t, e, text).labels()
		if len(got) > 1 || !strings.HasPrefix(strings.Join(got, " "), want) || want == "" && len(got) > 0 {
			t.Errorf("%s: %q, want %s", text, got, want)
		}
	}
	e.Shutdown()
}

// A heldRegistry answers about tags once it is let go.
type heldRegistry struct {
	host  string
	letGo chan struct{}
	mu    sync.Mutex
	asked []string // paths
}

func holdRegistry(t *testing.T) *heldRegistry {
	r := &heldRegistry{letGo: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, req.URL.Path)
		r.mu.Unlock()
		select {
		case <-r.letGo:
		case <-req.Context().Done():
		}
		fmt.Fprint(w, `{"tags": ["1"`)
		for i := range 1500 {
			fmt.Fprintf(w, `, "2.%d"`, i)
		}
		fmt.Fprint(w, `, "latest"]}`)
	}))
	t.Cleanup(s.Close)
	r.host = strings.TrimPrefix(s.URL, "http://")
	return r
}

// TestRegistrySetting asks a registry behind the colon alone, and not before the client has said
// that it may. Nobody waits for its answer, which is in a later list.
func TestRegistrySetting(t *testing.T) {
	r := holdRegistry(t)
	mute := dial(t, nil, lsptest.Options{Mute: true})
	if got := completeBehind(t, mute, "FROM "+r.host+"/early:"); !got.IsIncomplete || len(got.Items) > 0 {
		t.Errorf("%+v", got)
	}
	e := dial(t, nil, lsptest.Options{Settings: map[string]any{"registry": "nothing"}})
	for _, end := range []string{"/off:", "/off@"} {
		if got := completeWhole(t, e, "FROM "+r.host+end); len(got.Items) > 0 {
			t.Errorf("%s: %+v", end, got)
		}
	}
	e.Configure(nil)
	for _, end := range []string{"", "/", "/app"} {
		completeBehind(t, e, "FROM "+r.host+end)
	}
	for !completeBehind(t, e, "FROM "+r.host+"/app:").IsIncomplete { // until the setting is read
	}
	close(r.letGo)
	got := completeWhole(t, e, "FROM "+r.host+"/app:l")
	if fmt.Sprint(got.labels()) != "[latest]" {
		t.Errorf("%+v", got)
	}
	got = completeBehind(t, e, "FROM "+r.host+"/app:")
	order := func(a, b struct{ Label, SortText string }) int { return strings.Compare(a.SortText, b.SortText) }
	if labels := got.labels(); !got.IsIncomplete || len(labels) != 1000 || fmt.Sprint(labels[:2]) != "[latest 2.1499]" || !slices.IsSortedFunc(got.Items, order) {
		t.Errorf("%d: %.100q", len(labels), labels)
	}
	if got := completeWhole(t, e, "FROM "+r.host+"/app:2.149"); len(got.Items) != 11 {
		t.Errorf("%q", got.labels())
	}
	e.Shutdown()
	if want := "[/v2/app/tags/list]"; fmt.Sprint(r.asked) != want {
		t.Errorf("%v were asked, want %s", r.asked, want)
	}
}

// TestHintAge shows how old an image is, if the author wants to know: else nobody is asked.
func TestHintAge(t *testing.T) {
	config := fmt.Sprintf(`{"architecture": "amd64", "os": "linux", "created": %q}`, time.Now().AddDate(0, 0, -100).Format(time.RFC3339))
	manifest := fmt.Sprintf(`{"schemaVersion": 2, "mediaType": %q, "config": {"mediaType": %q, "digest": %q, "size": %d}, "layers": []}`,
		ocispecs.MediaTypeImageManifest, ocispecs.MediaTypeImageConfig, digest.FromString(config), len(config))
	var asked atomic.Int32
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		text := config
		if strings.Contains(req.URL.Path, "/manifests/") {
			text = manifest
			w.Header().Set("Content-Type", ocispecs.MediaTypeImageManifest)
		}
		w.Header().Set("Docker-Content-Digest", digest.FromString(text).String())
		fmt.Fprint(w, text)
	}))
	t.Cleanup(registry.Close)
	const uri = "file:///w/Dockerfile"
	text := "FROM " + strings.TrimPrefix(registry.URL, "http://") + "/app:1 AS x\nFROM x\n"
	quiet := dial(t, nil, lsptest.Options{})
	quiet.Open(uri, "dockerfile", text)
	if hints := quiet.Hints(uri, 0, 2); len(hints) > 0 || asked.Load() > 0 {
		t.Errorf("%+v, asked %d times", hints, asked.Load())
	}
	e := dial(t, nil, lsptest.Options{
		Init:         map[string]any{"hints": map[string]any{"age": "on"}},
		Capabilities: map[string]any{"workspace": map[string]any{"inlayHint": map[string]any{"refreshSupport": true}}},
	})
	e.Open(uri, "dockerfile", text)
	e.Await("the age", func() bool {
		hints := e.Hints(uri, 0, 2)
		return len(hints) == 1 && hints[0].Label == "3 months old" && hints[0].Position.Character == strings.Index(text, " AS")
	})
}
