package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/identity"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

const hoverText = `# ü
FROM BASE AS one
ENV DIR=/x API_TOKEN=hidden
ARG VERSION=1
ARG OTHER=2
WORKDIR $DIR
USER 7
SHELL ["/bin/sh", "-ec"]
RUN echo "🐳 $VERSION" ${OTHER:-no} \$DIR $GONE SALT; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $i"; done
FROM one
RUN echo $PATH $VERSION; exit 7
RUN echo never
`

// withoutWords are settings with which a hover says what a build knows, and not what words are.
var withoutWords = map[string]any{"editing": "off"}

// After a build, hover tells of a step what became of it and what was in force, and of a
// variable its value and where that comes from.
func TestHoverStep(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		for _, c := range []map[string]any{markdown, nil} {
			dir := workspace(t)
			uri := "file://" + dir + "/Dockerfile"
			e := newEditor(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: c, Init: withoutWords})
			e.Open(uri, "dockerfile", strings.NewReplacer("BASE", enginetest.Registry(t)+"/base", "SALT", dir).Replace(hoverText))
			if h := e.Hover(uri, 8, 0); h != nil {
				t.Errorf("before a build: %+v", h)
			}
			says := func(line, character int, span string, parts ...string) {
				t.Helper()
				h := e.Hover(uri, line, character)
				if h == nil || !contains(h.Contents.Value, parts...) || span != "" && h.Range.String() != span {
					t.Errorf("%d:%d: wanted %q at %s, got %+v", line, character, parts, span, h)
				} else if strings.Contains(h.Contents.Value, "hidden") {
					t.Errorf("a secret is shown: %s", h.Contents.Value)
				}
			}
			buildNow(t, e, map[string]any{"buildArgs": map[string]string{"VERSION": "3"}})
			code := "%s"
			if c != nil {
				code = "`%s`"
			}
			says(1, 0, fmt.Sprintf("1:0-1:%d", len("FROM  AS one")+len(enginetest.Registry(t)+"/base")), "FROM "+enginetest.Registry(t)+"/base")
			says(1, 0, "", "digest: "+strings.TrimSuffix(fmt.Sprintf(code, "sha256:"), "`"), "platform: "+strings.TrimSuffix(fmt.Sprintf(code, "linux/"), "`"), "layers: 1")
			hoverSays(t, e, uri, 1, 0, "size: 2.")
			says(8, 0, "", "took ", "s", "Not cached: first build", "line 3\nline 4", "line 12", "directory: "+fmt.Sprintf(code, "/x"), "user: "+fmt.Sprintf(code, "7"),
				"shell: "+fmt.Sprintf(code, "/bin/sh -ec"), fmt.Sprintf(code, "VERSION=3"), fmt.Sprintf(code, "API_TOKEN=***"))
			if h := e.Hover(uri, 8, 0); h == nil || contains(h.Contents.Value, "line 2\n") {
				t.Errorf("more than the last lines: %+v", h)
			}
			says(8, 14, "8:13-8:21", fmt.Sprintf(code, "VERSION=3"), "from the build argument VERSION")
			says(8, 24, "8:23-8:35", fmt.Sprintf(code, "OTHER=2"), "from the default of ARG in line 5")
			says(6, 0, "6:0-6:6", "user: "+fmt.Sprintf(code, "root"), "shell: "+fmt.Sprintf(code, "/bin/sh -c"), fmt.Sprintf(code, "OTHER=2")) // which has no step
			if h := e.Hover(uri, 9, 0); h != nil {
				t.Errorf("a FROM of a stage: %+v", h)
			}
			says(8, 43, "8:42-8:47", fmt.Sprintf(code, "GONE")+" is not set here")
			says(8, 37, "", "took ") // no variable
			says(5, 9, "5:8-5:12", fmt.Sprintf(code, "DIR=/x"), "from ENV in line 3")
			says(10, 10, "10:9-10:14", "PATH=", "from the base image")
			says(10, 16, "10:15-10:23", fmt.Sprintf(code, "VERSION=3"), "from the build argument VERSION")
			says(10, 0, "", "failed with exit code 7")
			says(11, 0, "", "not reached")
			e.Insert(uri, 8, 9, "x")
			if h := e.Hover(uri, 8, 0); h != nil {
				t.Errorf("what was edited: %+v", h)
			}
			e.Delete(uri, 8, 9, 8, 10)
			e.Insert(uri, 0, 0, "# moved\n")
			says(11, 0, "", "failed with exit code 7")
			e.Insert(uri, 12, 0, "RUNN\n") // what is at fault takes nothing away
			says(11, 0, "", "failed with exit code 7")
			e.Shutdown()
		}
	})
}

// hoverSays asks until a hover says all that is wanted: an engine may take its time.
func hoverSays(t *testing.T, e *lsptest.Editor, uri string, line, character int, parts ...string) {
	t.Helper()
	said := ""
	for late := time.Now().Add(time.Minute); !contains(said, parts...); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d:%d: no hover with %q, but %s", line, character, parts, said)
		}
		if h := e.Hover(uri, line, character); h != nil {
			said = h.Contents.Value
		}
	}
}

// Hover tells what a step left; what the cache no longer has is not made again for it.
func TestHoverLayer(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t, "in/large", strings.Repeat("x", 2000), "in/small", "x")
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		e.Open(uri, "dockerfile", base(t)+"COPY in /in\nRUN head -c 3000000 /dev/zero >/made && ln /made /again && rm /in/small && echo >>/in/large && echo "+dir+"\nRUN true\nRUN true\n")
		mustBuild(t, e, nil)
		hoverSays(t, e, uri, 1, 0, "took ", "layer: 2.0 kB, 2 files added\n- the largest: /in/large 2.0 kB, /in/small 1 B")
		hoverSays(t, e, uri, 2, 0, "layer: 3.0 MB, 2 files added, 1 file changed, 1 file deleted\n- the largest: /", "3.0 MB, /in/large 2.0 kB\n")
		mustBuild(t, e, nil)
		for line := range 4 {
			hoverSays(t, e, uri, 1+line, 0, "cached; took ", " when it ran", "layer: ")
		}
		count := "RUN --mount=type=cache,id=" + identity.NewID() + ",target=/count "
		e.Replace(uri, base(t)+count+"echo "+dir+" >>/count/n\n"+count+"echo there were $(wc -l </count/n)\n")
		mustBuild(t, e, map[string]any{"outputs": []map[string]any{{"type": "tar", "dest": dir + "/out.tar"}}}) // which the engine does not keep
		s.pruneSteps(t)
		hoverSays(t, e, uri, 1, 0, "took ", "its files are no longer in the engine's cache")
		if log := logOf(t, e, mustBuild(t, e, nil)); !strings.Contains(log, "there were 2") {
			t.Errorf("it was run to be looked at: %s", log)
		}
		e.Shutdown()
	})
}

// Whoever looks at steps that the cache no longer has does not disturb a build of the same steps.
func TestHoverGoneWhileBuilding(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) {
		dir := workspace(t)
		uri := "file://" + dir + "/Dockerfile"
		e := edit(t, s.env, dir)
		for range 3 {
			id := identity.NewID()
			count := "RUN --mount=type=cache,id=" + id + ",target=/count "
			e.Open(uri, "dockerfile", base(t)+count+"echo \"a\\tb\" "+id+" >>/count/n\n"+count+"echo there were $(wc -l </count/n)\n")
			r := mustBuild(t, e, map[string]any{"outputs": []map[string]any{{"type": "tar", "dest": dir + "/out.tar"}}}) // which the engine does not keep
			s.pruneSteps(t)
			var looking sync.WaitGroup
			for line := range 2 {
				looking.Go(func() { e.Hover(uri, 1+line, 0) })
				looking.Go(func() {
					e.Execute("buildls.files", map[string]any{"id": r.ID, "step": stepNamed(t, r, "RUN") + line}, nil)
				})
			}
			if log := logOf(t, e, mustBuild(t, e, nil)); !strings.Contains(log, "there were 2") {
				t.Errorf("it was run to be looked at: %s", log)
			}
			looking.Wait()
			e.Close(uri)
		}
		e.Shutdown()
	})
}

// Hover tells of variables where they are used and where they are set, in stages and outside.
func TestHoverVariable(t *testing.T) {
	s := embeddedSite(t)
	dir := workspace(t)
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	registry, name, _ := strings.Cut(enginetest.Registry(t)+"/base", "/")
	e.Open(uri, "dockerfile", strings.NewReplacer("REGISTRY", registry, "NAME", name).Replace(`ARG HOST=nowhere
ARG IMAGE=$HOST/NAME
ARG UNSET
FROM --platform=$BUILDPLATFORM $IMAGE AS one
ARG VERSION=1 HOST
ENV A=$VERSION \
  B=${UNSET:-no}
FROM one AS $GONE
ENV A="$A$A"
RUN echo $A $HOST
FROM ${UNSET:-one}
RUN echo $A
`))
	args := map[string]string{"HOST": registry}
	r := buildNow(t, e, map[string]any{"buildArgs": args})
	if r.Status != "failed" { // a stage's name is not expanded
		t.Fatalf("%+v", r)
	}
	e.Change(uri, 7, 12, 7, 17, "two")
	mustBuild(t, e, map[string]any{"buildArgs": args})
	for _, c := range []struct {
		line, character int
		want, span      string
	}{
		{0, 5, "HOST=" + registry + "\n\nfrom the build argument HOST", "0:4-0:8"},
		{0, 10, "", ""}, // its default
		{1, 5, "IMAGE=" + registry + "/base\n\nfrom the default of ARG in line 2", "1:4-1:9"},
		{1, 12, "HOST=" + registry + "\n\nfrom the build argument HOST", "1:10-1:15"},
		{2, 4, "UNSET is not set here", "2:4-2:9"},
		{3, 17, "BUILDPLATFORM=linux/", "3:16-3:30"},
		{3, 33, "IMAGE=" + registry + "/base\n\nfrom the default of ARG in line 2", "3:31-3:37"},
		{4, 6, "VERSION=1\n\nfrom the default of ARG in line 5", "4:4-4:11"},
		{4, 14, "HOST=" + registry + "\n\nfrom the build argument HOST", "4:14-4:18"},
		{5, 4, "A=1\n\nfrom ENV in line 6", "5:4-5:5"},
		{5, 8, "VERSION=1\n\nfrom the default of ARG in line 5", "5:6-5:14"},
		{6, 2, "B=no\n\nfrom ENV in line 6", "6:2-6:3"},
		{6, 6, "UNSET is not set here", "6:4-6:16"},
		{8, 4, "A=11\n\nfrom ENV in line 9", "8:4-8:5"},
		{8, 7, "A=1\n\nfrom ENV in line 6", "8:7-8:9"},
		{9, 9, "A=11\n\nfrom ENV in line 9", "9:9-9:11"}, // though its stage is not needed
		{10, 8, "UNSET is not set here", "10:5-10:18"},
		{11, 10, "A=1\n\nfrom ENV in line 6", "11:9-11:11"},
	} {
		h := e.Hover(uri, c.line, c.character)
		switch {
		case c.want == "" && h != nil && strings.Contains(h.Contents.Value, "from "):
			t.Errorf("%d:%d: %+v", c.line, c.character, h)
		case c.want != "" && (h == nil || !strings.HasPrefix(h.Contents.Value, c.want) || h.Range.String() != c.span):
			t.Errorf("%d:%d: wanted %q at %s, got %+v", c.line, c.character, c.want, c.span, h)
		}
	}
	e.Shutdown()
}

// The image of a FROM is told of the platform that was built for.
func TestHoverImageOfPlatform(t *testing.T) {
	s := buildkitdSite(enginetest.Buildkitd(t))
	dir := workspace(t, "a", "1")
	uri := "file://" + dir + "/Dockerfile"
	e := edit(t, s.env, dir)
	e.Open(uri, "dockerfile", "FROM "+enginetest.Registry(t)+"/multi\nCOPY a /\n")
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		mustBuild(t, e, map[string]any{"platforms": []string{platform}})
		hoverSays(t, e, uri, 0, 0, "digest: sha256:", "platform: "+platform)
	}
	e.Shutdown()
}

// Of an image that has moved, what is told is that of the new one.
func TestHoverImageMoved(t *testing.T) {
	test := func(t *testing.T, s site) {
		tag := enginetest.Registry(t) + "/hovered-" + s.name + ":1"
		dir := workspace(t)
		e := edit(t, s.env, dir)
		uri, moving := "file://"+dir+"/Dockerfile", "file://"+dir+"/moving.Dockerfile"
		e.Open(moving, "dockerfile", base(t)+"ENV MOVED=1\n")
		e.Open(uri, "dockerfile", "FROM "+tag+"\nRUN echo $MOVED\n")
		for _, want := range []string{"1", "2"} {
			e.Replace(moving, base(t)+"ENV MOVED="+want+"\n")
			mustBuild(t, e, map[string]any{"uri": moving, "tags": []string{tag}, "push": !s.store})
			mustBuild(t, e, map[string]any{"uri": uri})
			if h := e.Hover(uri, 1, 10); h == nil || h.Contents.Value != "MOVED="+want+"\n\nfrom the base image "+tag {
				t.Errorf("%s: %+v", want, h)
			}
		}
		e.Shutdown()
	}
	t.Run("embedded", func(t *testing.T) { test(t, embeddedSite(t)) }) // from a registry, and from Docker's own store
	t.Run("docker-20.10", func(t *testing.T) { test(t, dockerSite(enginetest.Docker(t, "20.10"), "20.10")) })
}

// A Dockerfile of which no step is left to run is built, too: hovers tell its variables, and
// where nothing expands a variable they tell none.
func TestHoverWithoutSteps(t *testing.T) {
	const text = "FROM scratch\nARG v=1\nLABEL d=$v e='$v'\nCMD [\"$v\"]\n"
	dir := workspace(t, "Dockerfile", text)
	e := edit(t, embeddedSite(t).env, dir)
	uri := "file://" + dir + "/Dockerfile"
	e.Open(uri, "dockerfile", text)
	mustBuild(t, e, nil)
	if h := e.Hover(uri, 2, 9); h == nil || !contains(h.Contents.Value, "v=1", "ARG in line 2") {
		t.Errorf("hover: %+v", h)
	}
	for _, at := range [][2]int{{2, 14}, {3, 7}} {
		if h := e.Hover(uri, at[0], at[1]); h != nil && h.Range.Start.Character > 0 {
			t.Errorf("hover where nothing is expanded: %+v", h)
		}
	}
	e.Shutdown()
}
