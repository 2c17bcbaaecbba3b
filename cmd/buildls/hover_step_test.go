package main

import (
	"fmt"
	"strings"
	"testing"

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

// After a build, hover tells of a step what became of it and what was in force, and of a
// variable its value and where that comes from.
func TestHoverStep(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		for _, c := range []map[string]any{markdown, nil} {
			dir := workspace(t)
			uri := "file://" + dir + "/Dockerfile"
			e := lsptest.New(t, program(t, s.env), lsptest.Options{Folders: []string{dir}, Capabilities: c})
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
			if s.name == "embedded" {
				says(1, 0, "", "digest: "+strings.TrimSuffix(fmt.Sprintf(code, "sha256:"), "`"), "platform: "+strings.TrimSuffix(fmt.Sprintf(code, "linux/"), "`"), "layers: 1")
			}
			says(8, 0, "", "took ", "s", "Not cached: first build", "line 3\nline 4", "line 12", "directory: "+fmt.Sprintf(code, "/x"), "user: "+fmt.Sprintf(code, "7"),
				"shell: "+fmt.Sprintf(code, "/bin/sh -ec"), fmt.Sprintf(code, "VERSION=3"), fmt.Sprintf(code, "API_TOKEN=***"))
			if h := e.Hover(uri, 8, 0); h == nil || contains(h.Contents.Value, "line 2\n") {
				t.Errorf("more than the last lines: %+v", h)
			}
			says(8, 14, "8:13-8:21", fmt.Sprintf(code, "VERSION=3"), "from the build argument VERSION")
			says(8, 24, "8:23-8:35", fmt.Sprintf(code, "OTHER=2"), "from the default of ARG in line 5")
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
