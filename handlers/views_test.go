package handlers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/lsp/lsptest"
)

// What is said while typing, over a COPY, of the context and of the targets knows with what
// the build would be made: a profile's arguments, target and ignore file, or a setting's. Of
// profiles that differ, what is true in all of them is said.
func TestViews(t *testing.T) {
	const (
		required = "ARG BASE=\"${BASE:?say which base}\"\nFROM ${BASE}\n"
		compose  = "services:\n  app:\n    build:\n      context: .\n      args: {%s}\n"
		two      = "services:\n  one:\n    build: {context: ., args: {%s}}\n  two:\n    build: {context: ., args: {%s}}\n"
		bake     = "target \"app\" {\n  args = {%s}\n}\n"
		ignored  = "FROM scratch\nCOPY build /\n"
	)
	app := func(compose string) []string {
		return []string{"app/Dockerfile", ignored, "build/x", "1", "app/build/x", "1", "app/build/y", "1", "compose.yaml", compose}
	}
	cases := []struct {
		name       string
		files      []string // the first is the Dockerfile
		settings   map[string]any
		said       string
		lens, base string
		refused    bool // buildls.context is, because of the text
	}{
		{name: "nothing is given", files: []string{"Dockerfile", required}, said: "0:syntax", base: "${BASE}", refused: true},
		{name: "by compose", files: []string{"Dockerfile", required, "compose.yaml", fmt.Sprintf(compose, "BASE: scratch")}, base: "scratch"},
		{name: "by bake", files: []string{"Dockerfile", required, "docker-bake.hcl", fmt.Sprintf(bake, `BASE = "scratch"`)}, base: "scratch"},
		{name: "by the setting build", files: []string{"sub/Dockerfile", required}, base: "scratch",
			settings: map[string]any{"build": map[string]any{"sub/*": map[string]any{"buildArgs": map[string]any{"BASE": "scratch"}}}}},
		{name: "by a profile of the settings", files: []string{"Dockerfile", required}, base: "scratch",
			settings: map[string]any{"profiles": map[string]any{"dev": map[string]any{"uri": "Dockerfile", "buildArgs": map[string]any{"BASE": "scratch"}}}}},
		{name: "by a profile that a setting names", files: []string{"Dockerfile", required, "compose.yaml", fmt.Sprintf(two, "BASE: 'a:b:c'", "BASE: scratch")}, base: "scratch",
			settings: map[string]any{"build": map[string]any{"**": map[string]any{"profile": "two"}}}},
		{name: "without a default", files: []string{"Dockerfile", "ARG IMG\nFROM ${IMG}\n", "compose.yaml", fmt.Sprintf(compose, "IMG: scratch")}, base: "scratch"},
		{name: "over a wrong default", files: []string{"Dockerfile", "ARG IMG=a:b:c\nFROM ${IMG}\n", "compose.yaml", fmt.Sprintf(compose, "IMG: scratch")}, base: "scratch"},
		{name: "a wrong value", files: []string{"Dockerfile", "ARG IMG=scratch\nFROM ${IMG}\n", "compose.yaml", fmt.Sprintf(compose, "IMG: 'a:b:c'")}, said: "1:syntax", base: "a:b:c"},
		{name: "a source", files: []string{"Dockerfile", "FROM scratch\nARG SRC\nARG PORT\nEXPOSE ${PORT:?p}\nCOPY ${SRC:?which} /\n", "f", "1", "compose.yaml", fmt.Sprintf(compose, "SRC: f, PORT: 80")}, lens: "1 file, 1 B", base: "scratch"},
		{name: "a stage", files: []string{"Dockerfile", "ARG FROM\nFROM scratch AS one\nCOPY f /\nFROM $FROM\n", "f", "1", "compose.yaml", fmt.Sprintf(compose, "FROM: one")}, lens: "1 file, 1 B", base: "scratch"},
		{name: "a platform", files: []string{"Dockerfile", "ARG P\nFROM --platform=$P scratch\nARG TARGETARCH\nCOPY bin-$TARGETARCH /\n", "bin-arm64", "1", "compose.yaml", fmt.Sprintf(compose, "P: linux/arm64") + "      platforms: [linux/arm64]\n"}, lens: "1 file, 1 B", base: "scratch"},
		{name: "left out", files: []string{"Dockerfile", "FROM scratch AS app\nFROM app AS lint\nARG TOOL\nENV A=${TOOL:?which}\n", "compose.yaml", fmt.Sprintf(compose, "A: b") + "      target: app\n"}, base: "scratch"},

		{name: "not ignored there", files: append(app("services: {app: {build: ./app}}\n"), ".dockerignore", "build\n"), lens: "2 files, 2 B", base: "scratch"},
		{name: "ignored there", files: append(app("services: {app: {build: ./app}}\n"), "app/.dockerignore", "build\n"), said: "1:CopyIgnoredFile", lens: "no files · nothing matches build", base: "scratch"},
		{name: "ignored for bake", files: append(app(""), "docker-bake.hcl", "target \"app\" {\n  context = \"app\"\n}\n", "app/.dockerignore", "build\n"), said: "1:CopyIgnoredFile", lens: "no files · nothing matches build", base: "scratch"},
		{name: "ignored by a setting's context", files: append(app(""), "app/.dockerignore", "build\n"), said: "1:CopyIgnoredFile", lens: "no files · nothing matches build", base: "scratch",
			settings: map[string]any{"build": map[string]any{"**": map[string]any{"context": "app"}}}},
		{name: "ignored by its own file", files: append(app("services: {app: {build: ./app}}\n"), "app/Dockerfile.dockerignore", "build\n"), said: "1:CopyIgnoredFile", lens: "no files · nothing matches build", base: "scratch"},

		{name: "two give it", files: []string{"Dockerfile", required, "compose.yaml", fmt.Sprintf(two, "BASE: scratch", "BASE: alpine")}, base: "${BASE}", refused: true},
		{name: "two differ in what looking does not see", files: []string{"Dockerfile", required + "COPY f /\n", "f", "1", "compose.yaml", strings.Replace(fmt.Sprintf(two, "BASE: scratch", "BASE: scratch"), "two:", "two:\n    image: x:1", 1)}, lens: "1 file, 1 B", base: "scratch"},
		{name: "one of two gives it", files: []string{"Dockerfile", required, "compose.yaml", fmt.Sprintf(two, "BASE: scratch", "B: alpine")}, base: "${BASE}", refused: true},
		{name: "neither of two gives it", files: []string{"Dockerfile", required, "compose.yaml", fmt.Sprintf(two, "A: scratch", "B: alpine")}, said: "0:syntax", base: "${BASE}", refused: true},
		{name: "two give what is wrong", files: []string{"Dockerfile", "ARG IMG\nFROM ${IMG}\n", "compose.yaml", fmt.Sprintf(two, "IMG: 'a:b:c'", "IMG: 'A'")}, said: "1:syntax", base: "${IMG}", refused: true},
		{name: "one of two ignores it", files: append(app("services:\n  a: {build: {context: ., dockerfile: app/Dockerfile}}\n  b: {build: app}\n"), ".dockerignore", "build\n"),
			lens: "a: no files · nothing matches build | b: 2 files, 2 B", base: "scratch"},
		{name: "both ignore it", files: append(app("services:\n  a: {build: {context: ., dockerfile: app/Dockerfile}}\n  b: {build: app}\n"), ".dockerignore", "build\n", "app/.dockerignore", "*\n"),
			said: "1:CopyIgnoredFile", lens: "no files · nothing matches build", base: "scratch"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := c.files[1]
			dir := lsptest.Workspace(t, append(c.files, "mark", "")...)
			e := dial(t, nil, lsptest.Options{Folders: []string{dir}, Settings: c.settings})
			uri := "file://" + dir + "/" + c.files[0]
			e.Open(uri, "dockerfile", text+"RUNN a mistake\n")
			want := strings.TrimSpace(fmt.Sprintf("%s %d:syntax", c.said, strings.Count(text, "\n")))
			e.Await("what is wrong: "+want, func() bool { return e.Codes(uri) == want })
			e.Delete(uri, strings.Count(text, "\n"), 0, strings.Count(text, "\n")+1, 0)
			if c.lens != "" {
				e.Await(c.lens, func() bool {
					return slices.ContainsFunc(e.Lenses(uri), func(l lsptest.Lens) bool { return l.Command.Title == c.lens })
				})
			}
			var check struct{ Diagnostics []lsptest.Diagnostic }
			var targets []struct{ Base string }
			if err := e.Execute("buildls.check", map[string]any{"uri": uri}, &check); err != nil || len(check.Diagnostics) != len(strings.Fields(c.said)) {
				t.Errorf("check: %v, %+v", err, check)
			}
			if err := e.Execute("buildls.targets", map[string]any{"uri": uri}, &targets); err != nil || targets[0].Base != c.base {
				t.Errorf("targets: %v, %+v", err, targets)
			}
			var report struct{ ByInstruction []struct{ Files int } }
			err := e.Execute("buildls.context", map[string]any{"uri": uri}, &report)
			if (err != nil) != (c.refused || c.said != "" && c.lens == "") {
				t.Errorf("context: %v", err)
			}
			if err == nil && !strings.Contains(c.lens, "|") && c.lens != "" && (report.ByInstruction[0].Files == 0) != strings.HasPrefix(c.lens, "no files") {
				t.Errorf("context: %+v", report)
			}
			e.Shutdown()
		})
	}
}

// A Dockerfile is checked again when the files change that it is built with, in a buffer or
// on the disk, told or not.
func TestViewsFollowFiles(t *testing.T) {
	const text, gives = "ARG BASE\nFROM ${BASE:?which}\n", "services: {app: {build: {context: ., args: {BASE: scratch}}}}\n"
	for _, watches := range []bool{true, false} {
		t.Run(fmt.Sprint(watches), func(t *testing.T) {
			dir := lsptest.Workspace(t, "Dockerfile", text)
			o := lsptest.Options{Folders: []string{dir}}
			if watches {
				o.Capabilities = map[string]any{"workspace": map[string]any{"didChangeWatchedFiles": map[string]any{"dynamicRegistration": true}}}
			}
			e := dial(t, nil, o)
			uri, compose := "file://"+dir+"/Dockerfile", filepath.Join(dir, "compose.yaml")
			e.Open(uri, "dockerfile", text)
			says := func(when string, want int) {
				t.Helper()
				e.Await(fmt.Sprintf("%s: %d problems", when, want), func() bool { return len(e.Diagnostics(uri)) == want })
			}
			says("nothing is given", 1)
			changed := func(path, text string) {
				t.Helper()
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if watches {
					e.Notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": "file://" + path, "type": 2}}})
				}
			}
			changed(compose, gives)
			says("compose.yaml on the disk", 0)
			e.Open("file://"+compose, "yaml", strings.Replace(gives, "BASE:", "BISE:", 1))
			says("an unsaved compose.yaml", 1)
			e.Change("file://"+compose, 0, strings.Index(gives, "BASE"), 0, strings.Index(gives, "BASE")+4, "BASE")
			says("typed in it", 0)
			e.Close("file://" + compose)
			changed(compose, strings.Replace(gives, "scratch", "$WHICH", 1))
			says("a variable that is not there", 1)
			changed(filepath.Join(dir, ".env"), "WHICH=scratch\n")
			says(".env", 0)
			e.Shutdown()
		})
	}
}
