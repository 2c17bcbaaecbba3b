package build

import (
	"strings"
	"testing"

	"github.com/buildls/buildls/build/dockerfile"
)

func TestUndeclaredArgs(t *testing.T) {
	for _, c := range []struct{ text, args, want string }{
		{"ARG VERSION\nFROM scratch\n", "VERSON", "the build argument VERSON has no effect: no ARG declares it (did you mean VERSION?)"},
		{"FROM scratch\nARG NODE_VERSION\n", "node_version", "the build argument node_version has no effect: no ARG declares it (did you mean NODE_VERSION?)"},
		{"FROM scratch\nARG A\n", "bb", "the build argument bb has no effect: no ARG declares it"},
		{"FROM scratch\n", "X Y", "the build argument X has no effect: no ARG declares it\nthe build argument Y has no effect: no ARG declares it"},
		{"FROM scratch\nARG A B=c\narg d\nONBUILD ARG E\n", "A B d E", ""},
		{"FROM scratch\nENV A=1\n", "A", "the build argument A has no effect: no ARG declares it"},
		{"FROM --platform=$BUILDPLATFORM scratch\n", "BUILDPLATFORM TARGETARCH HTTP_PROXY all_proxy BUILDKIT_INLINE_CACHE SOURCE_DATE_EPOCH", ""},
		{"# syntax=example.com/other\nFROM scratch\n", "X", ""},
		{"# syntax=docker/dockerfile:1\nFROM scratch\n", "X", "the build argument X has no effect: no ARG declares it"},
		{"FROM triggers\n", "X", ""},
		{"FROM given\n", "X", ""},
		{"FROM scratch\n", "BUILDKIT_SYNTAX X", ""},
		{"FROM scratch\n", "HTPP_PROXY", "the build argument HTPP_PROXY has no effect: no ARG declares it"},
		{"FROM scratch\n", "a\x1b[31mb", `the build argument "a\x1b[31mb" has no effect: no ARG declares it`},
		{"", "X", ""}, // of a Dockerfile that nobody has seen
	} {
		args := map[string]string{}
		for _, name := range strings.Fields(c.args) {
			args[name] = ""
		}
		req := Request{Spec: Spec{BuildArgs: args, Contexts: map[string]Context{"given": {}}}}
		images := dockerfile.Images{"docker.io/library/triggers:latest": []byte(`{"config":{"OnBuild":["ARG X"]}}`)}
		if !strings.Contains(c.text, "triggers") {
			images = nil
		}
		var said []string
		for _, p := range req.undeclaredArgs([]byte(c.text), images) {
			said = append(said, p.Message)
			if at := strings.Count(c.text[:strings.Index(c.text, "FROM")], "\n"); p.Lines != (dockerfile.Lines{First: at, Last: at}) {
				t.Errorf("%q: at %v", c.text, p.Lines)
			}
		}
		if got := strings.Join(said, "\n"); got != c.want {
			t.Errorf("%q, %s:\n%s\nwant:\n%s", c.text, c.args, got, c.want)
		}
	}
}
