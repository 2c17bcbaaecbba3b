package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// whys are the reasons of the steps that ran, each with its line and status.
func whys(r result) string {
	var b strings.Builder
	for _, s := range r.Steps {
		if s.Why != "" || s.Status == "done" || s.Status == "failed" {
			fmt.Fprintf(&b, "%d %s\n", s.Range.Start.Line, s.Why)
		}
	}
	return b.String()
}

// A desk is an editor with a workspace, in which a test makes steps run.
type desk struct {
	*testing.T
	site
	e        *lsptest.Editor
	dir, uri string
}

func newDesk(t *testing.T, s site, text string, files ...string) *desk {
	dir := workspace(t, files...)
	d := &desk{t, s, edit(t, s.env, dir), dir, "file://" + dir + "/Dockerfile"}
	d.e.Open(d.uri, "dockerfile", strings.NewReplacer("BASE", enginetest.Registry(t)+"/base", "SALT", dir).Replace(text))
	return d
}

// write writes a file of the workspace.
func (d *desk) write(name, content string) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o644); err != nil {
		d.Fatal(err)
	}
}

// expect builds and compares the reasons: a line for each step that ran, its number and
// how its reason begins. Of FROM nothing is expected.
func (d *desk) expect(argument map[string]any, want ...string) result {
	d.Helper()
	r := buildNow(d.T, d.e, argument)
	d.compare(r, fmt.Sprintf("argument %v", argument), want)
	return r
}

// compare compares the reasons of a build, as expect has them. what says which build it is.
func (d *desk) compare(r result, what string, want []string) {
	d.Helper()
	got := whys(r)
	lines := strings.Split(strings.TrimSpace(got), "\n")
	lines = slicesWithout(lines, "an image is looked up in every build; this is the one of the last")
	ok := len(lines) == len(want)
	for i := range min(len(lines), len(want)) {
		ok = ok && strings.HasPrefix(lines[i], strings.ReplaceAll(want[i], "SALT", d.dir))
	}
	if !ok {
		d.Errorf("%s: wanted\n%s\ngot\n%s\n%+v", what, strings.Join(want, "\n"), got, r)
	}
}

func slicesWithout(lines []string, end string) (left []string) {
	for _, l := range lines {
		if l != "" && !strings.HasSuffix(l, end) {
			left = append(left, l)
		}
	}
	return left
}

const whyText = `FROM BASE AS one
ARG VERSION=1
ARG API_TOKEN
WORKDIR /x
COPY src src
RUN cat /proc/sys/kernel/random/uuid $VERSION > u; echo SALT
FROM BASE
COPY --from=one /x/u /
RUN echo SALT end
COPY b.txt /
`

// Each reason, by making it happen.
func TestWhy(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		d := newDesk(t, s, strings.Replace(whyText, "$VERSION", "", 1), "src/main.go", "1", "src/old", "1", "src/same", "1", "b.txt", "b "+t.TempDir(), ".dockerignore", "ignored\n", "ignored", "1")
		r := buildNow(t, d.e, nil)
		for _, st := range r.Steps {
			if (st.Status == "cached") != (st.Why == "") || st.Why != "" && !strings.HasPrefix(st.Why, "first build") {
				t.Errorf("the first build: %+v", st)
			}
		}
		d.expect(nil)

		// Files, by content.
		after := []string{"5 the step it stands on was not cached either: [one 3/4] COPY src src", "7 the step it takes files from was not cached either: [one 4/4] RUN", "8 the step it stands on was not cached either: [stage-1 2/4] COPY", "9 the step it stands on was not cached either: [stage-1 3/4] RUN"}
		d.write("src/main.go", "2")
		d.write("src/new", "1")
		d.write("src/same", "1") // touched
		d.write("ignored", "2")
		os.Remove(filepath.Join(d.dir, "src/old"))
		d.expect(nil, append([]string{"4 src/main.go changed; src/new is new; src/old is gone"}, after...)...)
		d.expect(nil)
		d.write("b.txt", "b2 "+d.dir)
		d.expect(nil, "9 b.txt changed")
		d.e.Open("file://"+d.dir+"/b.txt", "plaintext", "typed "+d.dir)
		d.expect(nil, "9 b.txt changed")

		// The text, and what stands in its place.
		d.e.Change(d.uri, 8, 9, 8, 9, "SALT2 ")
		d.expect(nil, "8 the text of the instruction was changed", "9 the step it stands on was not cached either: [stage-1 3/4] RUN")
		d.e.Insert(d.uri, 8, 0, "RUN echo new # "+d.dir+"\n")
		d.expect(nil, "8 it is new", "9 the step it stands on was not cached either: [stage-1 3/5] RUN echo new", "10 the step it stands on was not")
		d.e.Insert(d.uri, 8, 0, "ENV E=1\n")
		d.expect(nil, `9 E was not given before, and is now "1"`, "10 E was", "11 the step it stands on")
		d.e.Change(d.uri, 8, 4, 8, 7, "E=2")
		d.expect(nil, `9 E changed from "1" to "2"`, "10 E changed", "11 the step it stands on")
		d.e.Replace(d.uri, strings.NewReplacer("BASE", enginetest.Registry(t)+"/base", "SALT", d.dir).Replace(whyText))
		buildNow(t, d.e, nil)

		// Build arguments.
		late := []string{"7 the step it takes files from", "8 the step it stands on", "9 the step it stands on"}
		d.expect(map[string]any{"buildArgs": map[string]string{"VERSION": "b"}}, append([]string{`5 build arg VERSION was not given before, and is now "b"`}, late...)...)
		d.expect(map[string]any{"buildArgs": map[string]string{"VERSION": "c"}}, append([]string{`5 build arg VERSION changed from "b" to "c"`}, late...)...)
		d.expect(map[string]any{"buildArgs": map[string]string{"VERSION": "c", "API_TOKEN": "s3cret" + d.dir}}, append([]string{"5 build arg API_TOKEN changed"}, late...)...)
		r = d.expect(map[string]any{"buildArgs": map[string]string{"VERSION": "c", "API_TOKEN": "s4cret" + d.dir}}, append([]string{"5 build arg API_TOKEN changed"}, late...)...)
		if text := whys(r); strings.Contains(text, "cret") {
			t.Errorf("a secret is shown: %s", text)
		}

		// No cache.
		r = buildNow(t, d.e, map[string]any{"buildArgs": map[string]string{"VERSION": "c"}})
		if text := whys(buildNow(t, d.e, map[string]any{"buildArgs": map[string]string{"VERSION": "c"}, "noCache": true})); strings.Count(text, "(noCache)") != 5 {
			t.Errorf("noCache: %s", text)
		}
		r = buildNow(t, d.e, map[string]any{"buildArgs": map[string]string{"VERSION": "c"}, "noCacheFilter": []string{"one"}})
		if text := whys(r); strings.Count(text, "(noCacheFilter)") != 2 || !contains(text, "7 the step it takes files from") {
			t.Errorf("noCacheFilter: %s", text)
		}

		// The cache is gone.
		d.expect(map[string]any{"buildArgs": map[string]string{"VERSION": "c"}})
		s.prune(t)
		const gone = " nothing has changed since the last build, but the engine no longer has it"
		if text := whys(buildNow(t, d.e, map[string]any{"buildArgs": map[string]string{"VERSION": "c"}})); !contains(text, "3"+gone, "4 the step it stands on", "5 the step it stands on") {
			t.Errorf("pruned: %s", text)
		}
		d.e.Shutdown()
	})
}

// A step that failed, and those that were not reached, have no place in the cache.
func TestWhyFailed(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		d := newDesk(t, s, "FROM BASE\nRUN echo SALT\nRUN exit 7\nRUN echo end\n")
		buildNow(t, d.e, nil)
		d.expect(nil, "2 it failed in the last build")
		d.e.Change(d.uri, 2, 4, 2, 10, "true")
		d.expect(nil, "2 the text of the instruction was changed", "3 the step it stands on was not cached either: [3/4] RUN true")
		d.expect(nil)
		d.e.Shutdown()
	})
}

// What was built on one engine is not in the cache of another.
func TestWhyOtherEngine(t *testing.T) {
	s := embeddedSite(t)
	other := enginetest.Buildkitd(t)
	d := newDesk(t, s, "FROM BASE\nRUN echo SALT\n")
	buildNow(t, d.e, nil)
	r := buildNow(t, d.e, map[string]any{"engine": other.Address})
	if text := whys(r); !contains(text, "1 another engine: the last build ran on the embedded engine, this one on buildkitd at "+other.Address) {
		t.Error(text)
	}
	d.expect(nil)
	d.e.Change(d.uri, 1, 4, 1, 4, "  echo ")
	d.expect(nil, "1 the text of the instruction was changed")
	d.e.Shutdown()
}

// A base image that moved is named with both digests.
func TestWhyBaseMoved(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		tag := enginetest.Registry(t) + "/moving-" + s.name + ":latest"
		d := newDesk(t, s, "FROM "+tag+"\nRUN echo SALT\nRUN echo 2\n", "base.Dockerfile", "")
		base := "file://" + d.dir + "/base.Dockerfile"
		d.e.Open(base, "dockerfile", strings.ReplaceAll("FROM BASE\nRUN echo 1 SALT > /base\n", "BASE", enginetest.Registry(t)+"/base"))
		push := func() {
			arg := map[string]any{"uri": base, "tags": []string{tag}}
			if !s.store {
				arg["push"] = true
			}
			mustBuild(t, d.e, arg)
		}
		push()
		buildNow(t, d.e, map[string]any{"uri": d.uri})
		d.expect(map[string]any{"uri": d.uri})
		d.e.Change(base, 1, 9, 1, 10, "2")
		push()
		moved := " the image " + tag + " moved from sha256:"
		d.expect(map[string]any{"uri": d.uri}, "0"+moved, "1"+moved, "2 the step it stands on")
		d.e.Shutdown()
	})
}
