package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// completed are the labels that completion has at the "|" of a text, which becomes the document's.
// It asks until the answer is complete: nothing tells when one is.
func completed(t *testing.T, e *lsptest.Editor, uri, text string) (labels []string) {
	t.Helper()
	before, after, _ := strings.Cut(text, "|")
	e.Replace(uri, before+after)
	at := map[string]any{"line": strings.Count(before, "\n"), "character": len(before) - strings.LastIndex(before, "\n") - 1}
	if !eventually(func() bool {
		var list struct {
			IsIncomplete bool
			Items        []struct{ Label string }
		}
		if err := e.Call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": at}, &list); err != nil {
			t.Fatal(err)
		}
		labels = nil
		for _, item := range list.Items {
			labels = append(labels, item.Label)
		}
		return !list.IsIncomplete
	}) {
		t.Fatalf("%s: the answer is never complete: %q", text, labels)
	}
	return labels
}

// TestCompleteFromBuild asks for what only a build knows: the files, directories and users of a
// stage. The text has been edited since.
func TestCompleteFromBuild(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t, "app.txt", "x")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		first := strings.TrimSpace(base(t)) + " AS made\nWORKDIR /made/here\nRUN echo eve:x:7:7::/:/bin/sh >/etc/passwd && echo /bin/odd >/etc/shells && touch /made/file\n"
		e.Open(uri, "dockerfile", first+"FROM made AS same\nFROM scratch\nCOPY --from=made /made /\n")
		if got := completed(t, e, uri, first+"FROM scratch\nCOPY --from=made /made/|"); len(got) > 0 {
			t.Errorf("before a build: %q", got)
		}
		e.Replace(uri, first+"FROM made AS same\nFROM scratch\nCOPY --from=made /made /\n")
		mustBuild(t, e, nil)
		for text, want := range map[string][]string{
			first + "FROM scratch\nCOPY --from=made /made/|":                                {"here/", "file"},
			first + "FROM scratch\nCOPY --from=0 /ma|":                                      {"made/"},
			first + "FROM made AS same\nFROM scratch\nRUN --mount=from=same,source=/made/|": {"here/", "file"},
			first + "WORKDIR /made/|":                                                       {"/made/here", "here/"}, // a WORKDIR of the text, too
			first + "SHELL [\"/bin/o|":                                                      {`["/bin/odd", "-c"]`},
			first + "USER e|":                                                               {"eve"},
			first + "FROM scratch\nCOPY --from=made /none/|":                                nil,
			first + "FROM scratch\nCOPY --from=made /made/file/|":                           nil,
		} {
			if got := completed(t, e, uri, text); !slices.Equal(got, want) {
				t.Errorf("%s: %q, not %q", text[len(first):], got, want)
			}
		}
	})
}

// TestCompleteForEngine asks for flags once a build has connected to an engine: those are marked that
// are newer than the front end inside.
func TestCompleteForEngine(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		text := "FROM scratch\nLABEL a=" + t.Name() + "\n"
		e.Open(uri, "dockerfile", text)
		mustBuild(t, e, nil)
		want := map[string]bool{}
		switch s.name {
		case "docker-20.10": // 1.2
			want = map[string]bool{"--exclude=": true, "--link": true, "--parents": true}
		case "docker-28": // 1.19
			want = map[string]bool{"--parents": true}
		}
		e.Replace(uri, text+"COPY --")
		var list struct {
			Items []struct{ Label, Detail string }
		}
		if err := e.Call("textDocument/completion", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": 2, "character": 7}}, &list); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, item := range list.Items {
			if strings.HasPrefix(item.Detail, "needs ") {
				got[item.Label] = true
			}
		}
		if len(list.Items) < 5 || !maps.Equal(got, want) {
			t.Errorf("%v are marked of %+v", got, list.Items)
		}
	})
}

// TestCompleteImagesOfEngine asks for images that a Docker engine has, once a build has connected to
// it.
func TestCompleteImagesOfEngine(t *testing.T) {
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, dockerSite(enginetest.Docker(t, "28"), "28").env, dir)
	e.Open(uri, "dockerfile", "FROM scratch\nLABEL a="+t.Name()+"\n")
	mustBuild(t, e, map[string]any{"tags": []string{"example/mine:7"}})
	if got := completed(t, e, uri, "FROM example/m|"); !slices.Equal(got, []string{"example/mine:7"}) {
		t.Errorf("%q", got)
	}
}
