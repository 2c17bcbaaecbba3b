package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// What the last build was given counts afterwards, also where a profile says otherwise.
func TestViewsAfterBuild(t *testing.T) {
	const text = "ARG IMG\nFROM ${IMG} AS a\nCOPY f /\nFROM a AS b\nARG TOOL\nENV T=${TOOL:?which}\n"
	for _, compose := range []string{"", "services: {app: {build: {context: ., args: {IMG: 'a:b:c'}}}}\n"} {
		dir := workspace(t, "Dockerfile", text, "f", "1", "compose.yaml", compose)
		e := edit(t, embeddedSite(t).env, dir)
		uri := "file://" + dir + "/Dockerfile"
		e.Open(uri, "dockerfile", text)
		says := func(when, want string) {
			t.Helper()
			e.Await(when+": "+want, func() bool {
				got := strings.Fields(e.Codes(uri))
				slices.Sort(got)
				return strings.Join(got, " ") == want
			})
		}
		if compose == "" {
			says("nothing is given", "1:InvalidDefaultArgInFrom 1:syntax")
		} else {
			says("what is given is wrong", "1:syntax")
		}
		mustBuild(t, e, map[string]any{"uri": uri, "buildArgs": map[string]string{"IMG": "scratch"}, "target": "a"})
		says("a build that leaves a stage out", "")
		e.Insert(uri, 6, 0, "LABEL a=b\n")
		e.Insert(uri, 7, 0, "LABEL ab\n")
		says("a mistake beside it", "7:syntax")
		if r := buildNow(t, e, map[string]any{"uri": uri, "buildArgs": map[string]string{"IMG": "scratch"}}); r.Status != "failed" {
			t.Errorf("%+v", r)
		}
		if compose == "" {
			says("a build of all", "5:syntax 7:syntax")
		} else {
			says("a build of all, where the profile has no such stage", "7:syntax")
		}
		e.Delete(uri, 7, 0, 8, 0)
		mustBuild(t, e, map[string]any{"uri": uri, "buildArgs": map[string]string{"IMG": "scratch", "TOOL": "t"}})
		says("a build with all that is asked for", "")
		e.Await("the lens", func() bool {
			return slices.ContainsFunc(e.Lenses(uri), func(l lsptest.Lens) bool { return strings.HasPrefix(l.Command.Title, "1 file") })
		})
		e.Shutdown()
	}
}
