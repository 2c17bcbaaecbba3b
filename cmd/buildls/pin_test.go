package main

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// What a build of this session installed and used is what a quick fix pins to, also when the cache
// had the step since.
func TestPinToBuild(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		base := enginetest.Registry(t) + "/base"
		e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Init: map[string]any{"lint": map[string]any{"rules": "all"}}})
		e.Open(uri, "dockerfile", "# buildls global ignore=DL3009,DL3015,DL3057\nFROM "+base+"\nRUN : "+dir+"; echo 'echo \"Setting up $3 (7.88.1-10+deb12u8) ...\"' > /bin/apt-get && chmod +x /bin/apt-get && apt-get install -y curl\n")
		titles := func(line int) (list string) {
			for _, a := range actionsAt(t, e, uri, line) {
				list += a.Title + "\n"
			}
			return list
		}
		if found := titles(1) + titles(2); strings.Contains(found, "Pin to") {
			t.Errorf("before a build: %s", found)
		}
		for range 2 {
			buildNow(t, e, nil)
			if found := titles(2); !strings.Contains(found, "Pin to 7.88.1-10+deb12u8, which the last build installed\n") {
				t.Errorf("the package: %s", found)
			}
			if found := titles(1); !strings.Contains(found, "Pin to sha256:") && !s.old { // which does not say it
				t.Errorf("the image: %s", found)
			}
		}
		if s.old {
			e.Shutdown()
			return
		}
		apply(e, uri, actionsAt(t, e, uri, 1)[0])
		e.Await("an image that is pinned", func() bool { return !strings.Contains(e.Codes(uri), "1:DL3006") })
		if r := buildNow(t, e, nil); r.Status != "succeeded" {
			t.Errorf("with the pin: %+v", r)
		}
		if found := actionsAt(t, e, uri, 1, "refactor"); len(found) > 0 {
			t.Errorf("it is pinned: %+v", found)
		}
		if found := titles(2); !strings.Contains(found, "Pin to 7.88.1-10+deb12u8, ") {
			t.Errorf("on the image that is pinned: %s", found)
		}
		e.Delete(uri, 1, len("FROM "+base), 1, len("FROM "+base)+len("@sha256:")+64)
		e.Insert(uri, 1, len("FROM "+base), ":latest")
		e.Await("another problem", func() bool { return strings.Contains(e.Codes(uri), "1:DL3007") })
		if found := actionsAt(t, e, uri, 1, "refactor"); len(found) != 1 || found[0].Kind != "refactor.rewrite" || !strings.HasPrefix(found[0].Title, "Pin to sha256:") {
			t.Errorf("a refactoring: %+v", found)
		}
		e.Shutdown()
	})
}
